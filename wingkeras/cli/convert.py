"""`wingkeras convert`: one ONNX or LiteRT file, checked against Keras."""

import json
import sys
from pathlib import Path

from wingkeras.cli import arguments

_ENDINGS = {"onnx": ".onnx", "tflite": ".tflite"}
_CALIBRATION_FACES = 100
_PARITY_FACES = 32


def add_parser(commands) -> None:
    """Declare the command and its options."""
    parser = commands.add_parser(
        "convert", help="one ONNX or LiteRT file, checked against Keras"
    )
    parser.add_argument("model", metavar="NAME", help="of the zoo, or a folder")
    parser.add_argument("--to", choices=_ENDINGS, default="onnx")
    parser.add_argument("--quantize", choices=("fp16", "int8"))
    parser.add_argument(
        "--part", default="all", help="all (pictures and boxes in), stage1 or stage2"
    )
    parser.add_argument("-o", "--output", type=Path, help="NAME.PART.ENDING by default")
    parser.add_argument(
        "--calibration", type=Path, help="annotated faces that int8 takes ranges from"
    )
    parser.add_argument(
        "--check", type=Path, metavar="FILE", help="convert nothing, check this file"
    )
    parser.add_argument("--data", type=Path, help="annotated faces to check with")
    parser.add_argument("--split", default="common", help="of 300-W, for --data")
    arguments.add_incomplete(parser)
    parser.set_defaults(run=run)


def run(options) -> int:
    """Do it; the exit code."""
    from wingkeras import export, zoo
    from wingkeras.export import parity, samples

    localizer = zoo.load(options.model)
    path = options.check or _convert(options, localizer)
    described = export.describe(path)
    part, quantize = described["stage"], described["quantize"] or None
    faces = None
    pictures = samples.portrait(localizer, _PARITY_FACES)
    if options.data:
        faces = _annotated(options, options.data, options.split, localizer.scheme)
        pictures = samples.pictures_of(faces, _PARITY_FACES)
    result = parity.compare(localizer, path, part, quantize, pictures, faces)
    print(json.dumps(result.report(), indent=1))
    if result.within_tolerance is False:
        print(result.verdict, file=sys.stderr)
        return 1
    return 0


def _convert(options, localizer) -> Path:
    from wingkeras import export, zoo
    from wingkeras.export import samples
    from wingkeras.inference import runtimes

    part, quantize = options.part, options.quantize
    name, ending = Path(options.model).name, _ENDINGS[options.to]
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
        if not options.calibration:
            raise ValueError(
                "Expected --calibration with int8: annotated faces, a training set "
                "for example, that the ranges of the activations are taken from."
            )
        faces = _annotated(options, options.calibration, "train", localizer.scheme)
        calibration = [
            samples.graph_inputs(localizer, part, *picture)
            for picture in samples.pictures_of(faces, _CALIBRATION_FACES)
        ]
    licence = (
        zoo.model_info(options.model).licence
        if options.model in zoo.list_models()
        else ""
    )
    described = export.metadata(name, localizer.scheme, part, quantize, licence)
    export.convert(graph, path, described, quantize, calibration)
    return path


def _annotated(options, path: Path, split: str, scheme):
    from wingkeras.data.datasets import load_faces

    split = split if path.is_dir() else None
    return load_faces(path, split, scheme, options.on_broken, options.allow_missing)
