"""`wingkeras evaluate`: errors on annotated faces, of one model or several."""

import json
import sys
from pathlib import Path

from wingkeras.cli import arguments
from wingkeras.cli.output import Progress, shown
from wingkeras.cli.parsers import add_command

_EXAMPLE = """
wingkeras evaluate cnn6_300w --data PATH_TO_300W --split common
wingkeras evaluate cnn6_300w cnn67_300w runs/mine --data faces.csv --output report
wingkeras evaluate runs/mine --data faces.csv --detector haar --output report
"""


def add_parser(commands) -> None:
    """Declare the command and its options."""
    summary = (
        "normalised mean error on annotated faces: JSON, of several models a table"
    )
    parser = add_command(commands, "evaluate", summary, _EXAMPLE, run)
    parser.add_argument(
        "models",
        metavar="MODEL",
        nargs="+",
        help=f"{arguments.MODEL_HELP}; several are compared",
    )
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
        help="receives a CSV file with the error of every face, or a row for each of "
        "several models, and the curves of errors; by default nothing is written",
    )
    arguments.add_runtime(parser, "keras")
    arguments.add_detector(parser, "landmarks")
    arguments.add_incomplete(parser)


def run(options) -> int:
    """Run the command and return its exit code."""
    repeated = {x for x in options.models if options.models.count(x) > 1}
    if repeated:
        options.command.error(f"argument MODEL: {min(repeated)} is given several times")
    # All models are loaded before any is evaluated: a wrong name is found at once.
    localizers = {
        model: arguments.load_localizer(options, model) for model in options.models
    }
    scheme = _common_scheme(localizers)

    from wingkeras.comparison import Comparison
    from wingkeras.data.datasets import default_split, load_faces
    from wingkeras.evaluation import LANDMARK_BOXES, evaluate

    faces = load_faces(
        options.data,
        options.split or default_split(options.data, "val"),
        scheme,
        options.on_error,
        options.allow_missing,
    )
    by_landmarks = options.detector == LANDMARK_BOXES
    evaluations = {}
    for model, localizer in localizers.items():
        detector = None if by_landmarks else arguments.load_detector(options, localizer)
        with Progress("faces", model) as progress:
            evaluations[model] = evaluate(
                localizer,
                faces,
                detector,
                options.detector,
                progress=lambda done, show=progress: show(done, len(faces)),
            )
    if len(evaluations) > 1:
        result = Comparison(evaluations)
        print(result.table())
    else:
        ((model, result),) = evaluations.items()
        print(
            json.dumps({"model": model, **result.summary()}, indent=1, allow_nan=False)
        )
    if options.output:
        result.save(options.output)
        print(f"Files: {shown(options.output.resolve())}", file=sys.stderr)
    return 0


def _common_scheme(localizers):
    """The scheme that all localizers share.

    Raises:
        ValueError: if their schemes differ.
    """
    (first, one), *others = localizers.items()
    for name, localizer in others:
        if localizer.scheme != one.scheme:
            raise ValueError(
                f"Expected models of the same landmarks; {first} finds those of scheme "
                f"{one.scheme.name!r}, {name} those of {localizer.scheme.name!r}."
            )
    return one.scheme
