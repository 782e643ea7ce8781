"""Errors on degraded pictures: dark, noisy, blurred, small, partly covered."""

import argparse
from pathlib import Path

HELP = "errors on degraded pictures, beside others"

_EVERY = 3


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("models", nargs="+", metavar="NAME", help="of the zoo")
    parser.add_argument("--peers", type=Path, help="folder, see benchmarks/peers.py")
    parser.add_argument("--data", type=Path, required=True, help="300-W folder")


def run(options: argparse.Namespace, results: Path) -> dict:
    """Every third common face, with the same damage for every model."""
    import keras
    import numpy as np

    from benchmarks.degraded_pictures import degradation
    from benchmarks.peers import find_localizers
    from wingkeras.data.datasets import load_faces

    localizers = find_localizers(options.models, options.peers)
    faces = load_faces(options.data, "common")
    faces = faces.select(np.arange(0, len(faces), _EVERY))
    progress = keras.utils.Progbar(len(faces), unit_name="face").update
    errors = degradation(localizers, faces, progress=progress)
    rows = [
        {
            "model": name,
            "condition": condition,
            "faces": len(values),
            "nme_percent": round(100 * float(values.mean()), 2),
        }
        for name, of_model in errors.items()
        for condition, values in of_model.items()
    ]
    return {"benchmark": "degradation", "rows": rows}
