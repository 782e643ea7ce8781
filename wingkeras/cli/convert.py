"""`wingkeras convert`: one ONNX or LiteRT file, checked against Keras."""

import json
import os
import sys
from pathlib import Path

from wingkeras.cli import arguments
from wingkeras.cli.output import hold_native_output
from wingkeras.cli.parsers import add_command, add_rule
from wingkeras.storage.signals import interrupts_repeated

_EXAMPLE = """
wingkeras convert cnn6_300w
wingkeras convert cnn6_300w --to tflite --quantize fp16 --output face.tflite
wingkeras convert cnn6_300w --quantize int8 --calibration PATH_TO_300W
"""
_ENDINGS = {"onnx": ".onnx", "tflite": ".tflite"}
_CALIBRATION_FACES = 100
_PARITY_FACES = 32


def add_parser(commands) -> None:
    """Declare the command and its options."""
    summary = "one ONNX or LiteRT file of a model, checked against Keras"
    parser = add_command(commands, "convert", summary, _EXAMPLE, run)
    arguments.add_model(parser, required=True)
    parser.add_argument(
        "--to", choices=_ENDINGS, default="onnx", help="format of the file"
    )
    parser.add_argument(
        "--quantize",
        choices=("fp16", "int8"),
        help="smaller weights: half the size, or a quarter; by default float32",
    )
    add_rule(
        parser,
        "--quantize",
        "int8 goes with --calibration FILE, which it takes ranges from",
        lambda options: options.quantize != "int8" or options.calibration,
    )
    parser.add_argument(
        "--stage",
        choices=("all", "stage1", "stage2"),
        default="all",
        help="the whole way from pictures and boxes to landmarks, or a bare network",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="MODEL.STAGE.ENDING in the current folder by default",
    )
    parser.add_argument(
        "--calibration",
        type=Path,
        metavar="PATH",
        help="annotated faces that int8 takes the ranges of the activations from, a "
        "training set for example",
    )
    add_rule(
        parser,
        "--calibration",
        "goes with --quantize int8 only",
        lambda options: options.quantize == "int8",
    )
    parser.add_argument(
        "--check", type=Path, metavar="FILE", help="only check this file"
    )
    for option in ("--to", "--quantize", "--stage", "--output"):
        relation = "does not go with --check, which converts nothing"
        add_rule(parser, option, relation, lambda options: not options.check)
    parser.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help="annotated pictures to check with; by default a portrait that comes with "
        "the packages; needed for objects other than faces",
    )
    parser.add_argument(
        "--split",
        choices=("train", "common", "challenge", "full"),
        default="common",
        help="which part of 300-W, for a folder in --data",
    )
    add_rule(parser, "--split", "goes with --data only", lambda options: options.data)
    arguments.add_incomplete(parser)


def run(options) -> int:
    """Run the command and return its exit code."""
    with hold_native_output(), interrupts_repeated():
        result = _convert_and_check(options)
    print(json.dumps(result.report(), indent=1, allow_nan=False))
    if result.within_tolerance is False:
        print(result.verdict, file=sys.stderr)
        return 1
    return 0


def _convert_and_check(options):
    from wingkeras import export, zoo
    from wingkeras.export import parity, samples

    localizer = zoo.load(options.model)
    if not (options.data or localizer.scheme.has_eyes):
        raise ValueError(
            f"Expected --data PATH, annotated pictures to check the file with: scheme "
            f"{localizer.scheme.name!r} is of no face, and the portrait that faces are "
            "checked with shows nothing that the model was trained on."
        )
    path = options.check or _convert(options, localizer)
    described = export.describe(path)
    _check_points(path, described, localizer)
    part, quantize = described["stage"], described["quantize"] or None
    faces = None
    if options.data:
        faces = _annotated(options, options.data, options.split, localizer.scheme)
        pictures = samples.pictures_of(faces, _PARITY_FACES)
    else:
        pictures = samples.portrait(localizer, _PARITY_FACES)
    return parity.compare(localizer, path, part, quantize, pictures, faces)


def _check_points(path: Path, described: dict[str, str], localizer) -> None:
    """Refuse a file of another model, as far as its points tell."""
    points = json.loads(described["points"])
    if points != list(localizer.scheme.points):
        raise ValueError(
            f"Expected a file with the {len(localizer.scheme)} points of scheme "
            f"{localizer.scheme.name!r}; {path} has the {len(points)} of "
            f"{described['scheme']!r}. Was it converted from another model?"
        )


def _convert(options, localizer) -> Path:
    from wingkeras import export
    from wingkeras.export import samples
    from wingkeras.inference import runtimes

    part, quantize = options.stage, options.quantize
    # The folder of a saved model may be ".".
    name, ending = Path(os.path.abspath(options.model)).name, _ENDINGS[options.to]
    suffix = f".{quantize}" if quantize else ""
    path = options.output or Path(f"{name}.{part}{suffix}{ending}")
    if path.suffix != ending:
        raise ValueError(
            f"Expected --output to end with {ending} for --to {options.to}: {path}."
        )
    runtimes.check(runtimes.default(path))
    graph = export.build_graph(localizer, part)
    calibration = None
    if quantize == "int8":
        faces = _annotated(options, options.calibration, "train", localizer.scheme)
        calibration = [
            samples.graph_inputs(localizer, part, *picture)
            for picture in samples.pictures_of(faces, _CALIBRATION_FACES)
        ]
    described = export.metadata(
        name, localizer.scheme, part, quantize, localizer.licence
    )
    export.convert(graph, path, described, quantize, calibration)
    return path


def _annotated(options, path: Path, split: str | None, scheme):
    from wingkeras.data.datasets import default_split, load_faces

    if not path.is_dir():
        split = default_split(path, "train" if split == "train" else "val")
    return load_faces(path, split, scheme, options.on_error, options.allow_missing)
