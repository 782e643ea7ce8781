"""Errors on profiles and frontal faces of CFP, of which one half is labelled."""

import argparse
from pathlib import Path

HELP = "errors on profiles and frontal faces of CFP, beside others"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("models", nargs="+", metavar="NAME", help="of the zoo")
    parser.add_argument("--peers", type=Path, help="folder, see benchmarks/peers.py")
    parser.add_argument("--data", type=Path, required=True, help="CSV file of CFP")


def run(options: argparse.Namespace, results: Path) -> dict:
    """Mean errors over the faces kept for validation, by view."""
    import keras

    from benchmarks import profiles
    from benchmarks.peers import find_localizers
    from heatmaps import cfp
    from wingkeras.data.datasets import load_faces

    localizers = find_localizers(options.models, options.peers)
    faces = cfp.for_validation(load_faces(options.data, scheme="ibug68"))
    progress = keras.utils.Progbar(len(faces), unit_name="face").update
    errors = profiles.profile_errors(localizers, faces, progress)
    views = cfp.views(faces)
    rows = [
        {
            "model": name,
            "view": view,
            "faces": int((views == view).sum()),
            "box_percent": round(100 * float(values[views == view].mean()), 2),
        }
        for name, values in errors.items()
        for view in cfp.VIEWS
    ]
    return {"benchmark": "profiles", "rows": rows}
