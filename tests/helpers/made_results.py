"""Results as the paper's tables have them, of errors made up."""

import numpy as np

from reproduction.results import Result


def made_result(error, **changes):
    """A CNN-6 of table 1 with wing loss; `error` in percent, inter-ocular."""
    values = {
        "dataset": "300w",
        "method": "CNN-6",
        "loss": "wing",
        "hsm": False,
        "w": np.nan,
        "epsilon": np.nan,
        "seed": 0,
        "learning_rate": 1e-3,
        "passes": 1,
        "images": ("helen/testset/1.jpg", "ibug/2.jpg"),
        "errors": {
            "inter_ocular": np.array([error / 100, 0.5]),
            "inter_pupil": np.array([error / 50, 0.5]),
        },
        "poses": {},
    }
    return Result(**values | changes)
