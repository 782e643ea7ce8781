"""Errors of the zoo's models on 300-W, by the source of the boxes."""

import argparse
import hashlib
import sys
from pathlib import Path

HELP = "errors on both test sets of 300-W, by the source of the boxes"

SPLITS = ("common", "challenge")
BOXES = ("landmarks", "yunet", "haar")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "models",
        nargs="+",
        metavar="NAME",
        help="of the zoo, or several with + in between, for their mean",
    )
    parser.add_argument(
        "--peers",
        type=Path,
        help="folder, see benchmarks/peers.py; landmark boxes only",
    )
    parser.add_argument("--data", type=Path, required=True, help="300-W folder")
    parser.add_argument(
        "--splits", nargs="+", choices=SPLITS, default=SPLITS, help="both by default"
    )
    parser.add_argument(
        "--boxes", nargs="+", choices=BOXES, default=BOXES, help="all by default"
    )


def run(options: argparse.Namespace, results: Path) -> dict:
    """The summaries of `wingkeras.evaluate`, one per model, test set and box source."""
    from benchmarks.means import Mean, load_models
    from benchmarks.peers import find_localizers
    from wingkeras.data.datasets import load_faces
    from wingkeras.evaluation import LANDMARK_BOXES, evaluate
    from wingkeras.inference.detectors import load_detector

    rows: list[dict] = []

    def measure(name, localizer, source):
        detector = detectors.get(source)
        for split, faces in sets.items():
            summary = evaluate(localizer, faces, detector, source).summary()
            rows.append({"model": name, "split": split, **summary})
            print(rows[-1], file=sys.stderr, flush=True)

    # The models share a scheme, and so the boxes: a picture is searched once.
    detectors = {name: _Remembering(load_detector(name)) for name in BOXES[1:]}
    sets = {
        split: load_faces(options.data, split, on_error="skip")
        for split in options.splits
    }
    for name in options.models:
        localizer, *others = load_models(name)
        shown = Mean([localizer, *others]) if others else localizer
        for source in options.boxes:
            measure(name, shown, source)
        if others:
            continue
        other = localizer.replace(flip_tta=not localizer.flip_tta)
        measure(name, other, LANDMARK_BOXES)
        # Later networks of a cascade crop every face again already.
        if len(localizer.stages) == 1 and "yunet" in options.boxes:
            measure(name, localizer.replace(recrop=True), "yunet")
            measure(name, other.replace(recrop=True), "yunet")
    for name, localizer in find_localizers([], options.peers).items():
        measure(name, localizer, LANDMARK_BOXES)
    return {"benchmark": "errors", "rows": rows}


class _Remembering:
    """A detector that searches no picture twice."""

    def __init__(self, detector):
        self._detector = detector
        self._found: dict[bytes, object] = {}

    def __call__(self, image):
        key = hashlib.sha256(image).digest()
        if key not in self._found:
            self._found[key] = self._detector(image)
        return self._found[key]
