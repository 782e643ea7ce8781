"""`wingkeras convert`: one ONNX or LiteRT file, checked against Keras."""

import json
from pathlib import Path

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
        "--image-size",
        type=int,
        nargs=2,
        metavar=("HEIGHT", "WIDTH"),
        help="fix the size of the pictures",
    )
    parser.add_argument(
        "--check", type=Path, metavar="FILE", help="convert nothing, check this file"
    )
    parser.add_argument("--data", type=Path, help="annotated faces to check with")
    parser.add_argument("--split", default="common", help="of 300-W, for --data")
    parser.set_defaults(run=run)


def run(options) -> int:
    """Do it; the exit code."""
    from wingkeras import export, zoo
    from wingkeras.export import parity, samples

    localizer = zoo.load(options.model)
    path, quantize, part = options.check, options.quantize, options.part
    if path:
        described = export.describe(path)
        part = described.get("part", part)
        quantize = described.get("quantize") or None
    else:
        calibration = None
        if quantize == "int8":
            calibration = [
                samples.graph_inputs(localizer, part, *picture)
                for picture in samples.pictures_of(
                    _calibration_faces(options, localizer), _CALIBRATION_FACES
                )
            ]
        name = Path(options.model).name
        suffix = f".{quantize}" if quantize else ""
        file = f"{name}.{part}{suffix}{_ENDINGS[options.to]}"
        path = options.output or Path(file)
        graph = export.build_graph(localizer, part, options.image_size)
        licence = zoo.info(name).licence if name in zoo.list() else ""
        described = export.metadata(name, localizer.scheme, part, quantize, licence)
        export.convert(graph, path, described, quantize, calibration)
    faces = None
    pictures = samples.portrait(localizer, _PARITY_FACES)
    if options.data:
        faces = _annotated(options.data, options.split, localizer.scheme)
        pictures = samples.pictures_of(faces, _PARITY_FACES)
    result = parity.compare(localizer, path, part, quantize, pictures, faces)
    print(json.dumps(result.report(), indent=1))
    return 0 if result.within_tolerance else 1


def _calibration_faces(options, localizer):
    if not options.calibration:
        raise ValueError(
            "Expected --calibration with int8: annotated faces, a training set for "
            "example, that the ranges of the activations are taken from."
        )
    return _annotated(options.calibration, "train", localizer.scheme)


def _annotated(path: Path, split: str, scheme):
    from wingkeras.data.datasets import load_faces

    return load_faces(path, split if path.is_dir() else None, scheme)
