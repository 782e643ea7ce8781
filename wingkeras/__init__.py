"""Facial landmark localisation with the Wing loss: a Keras model zoo.

Importing the package loads none of the libraries it depends on. Each is loaded with the
first name that needs it.

Example:

```python
localizer = wingkeras.zoo.load("cnn67_300w")
faces = localizer.detect(image)
model.compile(optimizer="adam", loss=wingkeras.WingLoss(w=10, epsilon=2))
```
"""

from typing import TYPE_CHECKING

from wingkeras.lazy import lazy_names

if TYPE_CHECKING:
    from wingkeras import (
        data,
        export,
        inference,
        losses,
        metrics,
        models,
        schemes,
        training,
        zoo,
    )
    from wingkeras.data.faces import FaceDataset
    from wingkeras.evaluation import Evaluation, evaluate
    from wingkeras.inference.faces import Faces
    from wingkeras.inference.localizer import Localizer
    from wingkeras.losses import (
        L1Loss,
        L2Loss,
        RectifiedWingLoss,
        SmoothL1Loss,
        WingLoss,
    )
    from wingkeras.metrics import NME
    from wingkeras.schemes import LandmarkScheme
    from wingkeras.training.recipe import Recipe
    from wingkeras.training.run import train

__version__ = "0.1.0"

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "wingkeras.data.faces": ["FaceDataset"],
        "wingkeras.evaluation": ["Evaluation", "evaluate"],
        "wingkeras.inference.faces": ["Faces"],
        "wingkeras.inference.localizer": ["Localizer"],
        "wingkeras.losses": [
            "L1Loss",
            "L2Loss",
            "RectifiedWingLoss",
            "SmoothL1Loss",
            "WingLoss",
        ],
        "wingkeras.metrics": ["NME"],
        "wingkeras.schemes": ["LandmarkScheme"],
        "wingkeras.training.recipe": ["Recipe"],
        "wingkeras.training.run": ["train"],
    },
)

__all__ = [
    "NME",
    "Evaluation",
    "FaceDataset",
    "Faces",
    "L1Loss",
    "L2Loss",
    "LandmarkScheme",
    "Localizer",
    "Recipe",
    "RectifiedWingLoss",
    "SmoothL1Loss",
    "WingLoss",
    "__version__",
    "data",
    "evaluate",
    "export",
    "inference",
    "losses",
    "metrics",
    "models",
    "schemes",
    "train",
    "training",
    "zoo",
]
