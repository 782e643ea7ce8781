"""Errors on the faces of 300-W that no model of the zoo was trained on or tested on."""

import argparse
import dataclasses
import sys
from pathlib import Path

HELP = "errors on the held-out training faces of 300-W, by switches and boxes"

BOX_SCALES = {
    "landmarks": 1.0,
    "a fifth too small": 0.8,
    "a quarter too large": 1.25,
}
"""Boxes around the true landmarks, made larger or smaller."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "models",
        nargs="+",
        metavar="NAME",
        help="of the zoo, or several with + in between, for their mean",
    )
    parser.add_argument("--data", type=Path, required=True, help="300-W folder")


def run(options: argparse.Namespace, results: Path) -> dict:
    """Mean inter-ocular NME; choices between switches are made by these figures."""
    from benchmarks.means import Mean, load_models
    from heatmaps.held_out import split_300w
    from wingkeras import geometry
    from wingkeras.evaluation import evaluate
    from wingkeras.inference.detectors import load_detector

    _, faces = split_300w(options.data)
    cases = {
        boxes: (
            dataclasses.replace(faces, boxes=geometry.scale_boxes(faces.boxes, scale)),
            None,
        )
        for boxes, scale in BOX_SCALES.items()
    }
    cases["YuNet"] = faces, load_detector("yunet")
    rows = []
    for name in options.models:
        loaded = load_models(name)
        # Later networks of a cascade crop every face again already.
        alone = len(loaded) == len(loaded[0].stages) == 1
        for recrop in (False, True) if alone else (False,):
            for flip_tta in (False, True):
                localizer = Mean(
                    [one.replace(flip_tta=flip_tta, recrop=recrop) for one in loaded]
                )
                for boxes, (shown, detector) in cases.items():
                    summary = evaluate(localizer, shown, detector, boxes).summary()
                    row = {
                        "model": name,
                        "flip_tta": flip_tta,
                        "recrop": recrop,
                        "boxes": boxes,
                        "faces": summary["found"],
                        "nme_percent": summary["inter_ocular"]["nme_percent"],
                    }
                    rows.append(row)
                    print(row, file=sys.stderr, flush=True)
    return {"benchmark": "validation", "rows": rows}
