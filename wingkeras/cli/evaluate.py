"""`wingkeras evaluate`: errors on annotated faces."""

import json
import sys
from pathlib import Path

from wingkeras.cli import arguments


def add_parser(commands) -> None:
    """Declare the command and its options."""
    parser = commands.add_parser("evaluate", help="errors on annotated faces")
    parser.add_argument("model", metavar="NAME", help="of the zoo, or a folder")
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--split", help="of 300-W: train, common, challenge, full")
    parser.add_argument("--output", type=Path, help="folder for CSV and pictures")
    arguments.add_runtime(parser, "keras")
    parser.add_argument(
        "--mirrored", action="store_true", help="average with the mirror image"
    )
    arguments.add_detector(parser, "landmarks")
    arguments.add_incomplete(parser)
    parser.set_defaults(run=run)


def run(options) -> int:
    """Do it; the exit code."""
    import keras

    from wingkeras.data.datasets import load_faces
    from wingkeras.evaluation import LANDMARK_BOXES, evaluate

    localizer = arguments.load_localizer(options)
    faces = load_faces(
        options.data,
        options.split,
        localizer.scheme,
        options.on_broken,
        options.allow_missing,
    )
    detector = None
    if options.boxes != LANDMARK_BOXES:
        detector = arguments.load_detector(options, localizer.scheme)
    progress = {}
    if sys.stdout.isatty():  # in a pipe, the summary alone: it is JSON
        progress["progress"] = keras.utils.Progbar(len(faces), unit_name="face").update
    result = evaluate(
        localizer, faces, detector, options.boxes, options.mirrored, **progress
    )
    print(json.dumps({"model": str(options.model), **result.summary()}, indent=1))
    if options.output:
        result.save(options.output)
        print(f"Files: {options.output.resolve()}", file=sys.stderr)
    return 0
