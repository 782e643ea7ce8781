"""Measure how well the spread of heat maps predicts a network's errors.

    python tools/measure_spread.py runs/heatmap --data PATH_TO_300W

Prints Spearman's rank correlation of spread and error on the faces held out of the
training set, over all landmarks and over faces (means of both), and the mean error of
the landmarks in each quartile of the spread.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main(arguments: list[str] | None = None) -> int:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", metavar="MODEL", help="of the zoo, or a folder")
    parser.add_argument("--data", type=Path, required=True, help="folder of 300-W")
    options = parser.parse_args(arguments)

    from heatmaps.held_out import split_300w
    from wingkeras import zoo

    _, validation = split_300w(options.data)
    found = measure(zoo.load(options.model), validation)
    print(json.dumps(found, indent=1, allow_nan=False))
    return 0


def measure(localizer, faces) -> dict:
    """The correlations of a localizer whose last network has heat maps.

    Args:
        localizer: of one network.
        faces: labelled with its scheme.
    """
    import numpy as np

    from wingkeras import geometry
    from wingkeras.data import regions as face_regions
    from wingkeras.models.spread import with_spread

    network = localizer.keras_stages[-1].network
    size = network.input_shape[1]
    regions = face_regions.load_regions(faces, size, localizer.box_scale)
    truth = face_regions.crop_landmarks(regions)
    batches = face_regions.evaluation_batches(regions)
    model = with_spread(network)
    parts = [model.predict_on_batch(crops) for crops, _ in batches]
    found = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    landmarks = geometry.from_shape_vectors(found["landmarks"])
    errors, spreads = np.linalg.norm(landmarks - truth, axis=2), found["spread"]
    edges = np.quantile(spreads, [0.25, 0.5, 0.75])
    quarters = np.digitize(spreads, edges)
    return {
        "faces": len(faces),
        "spearman_of_landmarks": _spearman(errors.ravel(), spreads.ravel()),
        "spearman_of_faces": _spearman(errors.mean(axis=1), spreads.mean(axis=1)),
        "spread_edges_px": edges.round(2).tolist(),
        "error_px_of_quarters": [
            round(float(errors[quarters == i].mean()), 3) for i in range(4)
        ],
    }


def _spearman(first, second) -> float:
    import numpy as np

    ranks = [np.argsort(np.argsort(values)) for values in (first, second)]
    return round(float(np.corrcoef(*ranks)[0, 1]), 3)


if __name__ == "__main__":
    sys.exit(main())
