"""`wingkeras evaluate`: errors on annotated faces."""

import json
import sys
from pathlib import Path

from wingkeras.cli import arguments
from wingkeras.cli.output import Progress
from wingkeras.cli.parsers import add_command

_EXAMPLE = """
wingkeras evaluate cnn6_300w --data PATH_TO_300W --split common
wingkeras evaluate runs/mine --data faces.csv --detector haar --output report
"""


def add_parser(commands) -> None:
    """Declare the command and its options."""
    summary = "normalised mean error on annotated faces, as JSON"
    parser = add_command(commands, "evaluate", summary, _EXAMPLE, run)
    arguments.add_model(parser, required=True)
    parser.add_argument(
        "--data",
        required=True,
        type=Path,
        metavar="PATH",
        help="annotated faces: a folder with 300-W's layout, a .csv, a .json or a "
        ".yaml file",
    )
    parser.add_argument(
        "--split",
        choices=("train", "common", "challenge", "full", "val", "test"),
        help="which part of 300-W, for a folder; of a .yaml file train, val (the "
        "default) or test",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help="receives a CSV file with the error of every face, and pictures; by "
        "default nothing is written",
    )
    arguments.add_runtime(parser, "keras")
    arguments.add_detector(parser, "landmarks")
    arguments.add_incomplete(parser)


def run(options) -> int:
    """Run the command and return its exit code."""
    localizer = arguments.load_localizer(options)

    from wingkeras.data.datasets import default_split, load_faces
    from wingkeras.evaluation import LANDMARK_BOXES, evaluate

    faces = load_faces(
        options.data,
        options.split or default_split(options.data, "val"),
        localizer.scheme,
        options.on_error,
        options.allow_missing,
    )
    detector = None
    if options.detector != LANDMARK_BOXES:
        detector = arguments.load_detector(options, localizer.scheme)
    with Progress("faces") as progress:
        result = evaluate(
            localizer,
            faces,
            detector,
            options.detector,
            progress=lambda done: progress(done, len(faces)),
        )
    print(json.dumps({"model": str(options.model), **result.summary()}, indent=1))
    if options.output:
        result.save(options.output)
        print(f"Files: {options.output.resolve()}", file=sys.stderr)
    return 0
