"""`wingkeras demo | predict | train | evaluate | convert | zoo`."""

import argparse
import contextlib
import dataclasses
import json
import logging
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

_DEMO_MODEL = "cnn6_300w"
_RECIPE_OPTIONS = {
    "epochs": int,
    "batch_size": int,
    "learning_rate": float,
    "ema": float,
    "seed": int,
    "precision": str,
}
_ENDINGS = {"onnx": ".onnx", "tflite": ".tflite"}
_CALIBRATION_FACES = 100
_PARITY_FACES = 32
_JIT_MODES = {"auto": "auto", "on": True, "off": False}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0 only if everything was done."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger("wingkeras").setLevel(logging.INFO)
    try:
        return options.run(options)
    except (ValueError, OSError, ImportError) as error:
        print(f"wingkeras: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("wingkeras: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wingkeras", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="landmarks on a portrait that is at hand")
    demo.add_argument("--output", type=Path, default=Path("wingkeras-demo"))
    _add_model(demo)
    demo.set_defaults(run=_demo)

    predict = commands.add_parser(
        "predict", help="landmarks for pictures, videos and cameras"
    )
    predict.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="picture or video file, folder of pictures, or index of a camera",
    )
    predict.add_argument("--output", type=Path, default=Path("landmarks"))
    predict.add_argument(
        "--points", choices=("json", "pts"), default="json", help="for pictures"
    )
    predict.add_argument(
        "--no-smoothing", action="store_true", help="for videos: no One-Euro filter"
    )
    _add_model(predict)
    _add_detector(predict, "haar")
    predict.set_defaults(run=_predict)

    train = commands.add_parser("train", help="train a network; resumes by itself")
    train.add_argument("--recipe", required=True)
    train.add_argument("--data", required=True, type=Path)
    train.add_argument("--output", type=Path, help="folder; runs/RECIPE by default")
    train.add_argument(
        "--first-stage",
        metavar="NAME",
        help="model of the zoo, or a folder, that aligns the faces for this one",
    )
    train.add_argument(
        "--start", metavar="NAME", help="model to go on from, not random weights"
    )
    train.add_argument(
        "--further",
        type=Path,
        metavar="CSV",
        help="more training faces, see tools/label_faces.py",
    )
    train.add_argument("--scheme", help="of the landmarks in a CSV or COCO file")
    changes = train.add_argument_group("instead of what the recipe says")
    for name, kind in _RECIPE_OPTIONS.items():
        changes.add_argument(f"--{name.replace('_', '-')}", type=kind)
    changes.add_argument("--jit-compile", choices=_JIT_MODES)
    _add_broken(train)
    train.set_defaults(run=_train)

    evaluate = commands.add_parser("evaluate", help="errors on annotated faces")
    evaluate.add_argument("model", metavar="NAME", help="of the zoo, or a folder")
    evaluate.add_argument("--data", required=True, type=Path)
    evaluate.add_argument("--split", help="of 300-W: train, common, challenge, full")
    evaluate.add_argument("--output", type=Path, help="folder for CSV and pictures")
    evaluate.add_argument(
        "--mirrored", action="store_true", help="average with the mirror image"
    )
    _add_detector(evaluate, "landmarks")
    _add_broken(evaluate)
    evaluate.set_defaults(run=_evaluate)

    convert = commands.add_parser(
        "convert", help="one ONNX or LiteRT file, checked against Keras"
    )
    convert.add_argument("model", metavar="NAME", help="of the zoo, or a folder")
    convert.add_argument("--to", choices=_ENDINGS, default="onnx")
    convert.add_argument("--quantize", choices=("fp16", "int8"))
    convert.add_argument(
        "--part", default="all", help="all (pictures and boxes in), stage1 or stage2"
    )
    convert.add_argument(
        "-o", "--output", type=Path, help="NAME.PART.ENDING by default"
    )
    convert.add_argument(
        "--calibration", type=Path, help="annotated faces that int8 takes ranges from"
    )
    convert.add_argument(
        "--image-size",
        type=int,
        nargs=2,
        metavar=("HEIGHT", "WIDTH"),
        help="fix the size of the pictures",
    )
    convert.add_argument(
        "--check", type=Path, metavar="FILE", help="convert nothing, check this file"
    )
    convert.add_argument("--data", type=Path, help="annotated faces to check with")
    convert.add_argument("--split", default="common", help="of 300-W, for --data")
    convert.set_defaults(run=_convert)

    zoo = commands.add_parser("zoo", help="list the models, or describe one")
    zoo.add_argument("model", nargs="?", metavar="NAME")
    zoo.set_defaults(run=_zoo)
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", default=_DEMO_MODEL, help="name in the zoo, or a folder"
    )


def _add_detector(parser: argparse.ArgumentParser, default: str) -> None:
    sources = ["haar", "yunet"]
    if default not in sources:
        sources.insert(0, default)
    parser.add_argument("--boxes", choices=sources, default=default)
    parser.add_argument("--yunet", type=Path, help="path of the YuNet model file")


def _add_broken(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--on-broken",
        choices=("raise", "skip"),
        default="raise",
        help="what to do about broken files",
    )


def _demo(options) -> int:
    from matplotlib.cbook import get_sample_data

    from wingkeras import prediction, zoo

    portrait = Path(get_sample_data("grace_hopper.jpg", asfileobj=False))
    localizer = zoo.load(options.model)
    faces, picture = prediction.predict_file(
        localizer, portrait, options.output, portrait.stem
    )
    print(f"{options.model}: {len(localizer.scheme)} landmarks on {faces} face")
    print(f"Picture: {picture.resolve()}")
    return 0


def _predict(options) -> int:
    from wingkeras import prediction, zoo
    from wingkeras.data.images import BrokenFileError

    localizer = zoo.load(options.model)
    localizer.detector = _detector(options)
    names: Counter = Counter()
    failures = 0
    for given in options.inputs:
        try:
            sources = list(prediction.list_sources([given]))
        except BrokenFileError as error:
            failures += _report(error)
            continue
        for source in sources:
            stem = f"camera{source}" if isinstance(source, int) else source.stem
            names[stem] += 1
            name = stem if names[stem] == 1 else f"{stem}-{names[stem]}"
            try:
                if prediction.is_video(source):
                    faces, output = _predict_video(localizer, source, name, options)
                else:
                    faces, output = prediction.predict_file(
                        localizer, source, options.output, name, options.points
                    )
                print(f"{source}: {faces} faces, {output}")
            except BrokenFileError as error:
                failures += _report(error)
    return 1 if failures else 0


def _predict_video(localizer, source, name: str, options) -> tuple[int, Path]:
    import keras

    from wingkeras import smoothing, tracking, video

    make_filter = (
        tracking.unfiltered if options.no_smoothing else smoothing.OneEuroFilter
    )
    tracker = tracking.Tracker(localizer, make_filter)
    bar = None

    def progress(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            bar = keras.utils.Progbar(total or None, unit_name="frame")
        bar.update(done)

    with _interruptible() as stopped:
        return video.track_video(
            tracker, source, options.output, name, stopped, progress
        )


@contextlib.contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl-C ends a recording instead of throwing it away."""
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield interrupted.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _report(error: Exception) -> int:
    print(f"wingkeras: {error}", file=sys.stderr)
    return 1


def _detector(options):
    from wingkeras.detectors import load_detector

    return load_detector(options.boxes, options.yunet)


def _train(options) -> int:
    from wingkeras import zoo
    from wingkeras.data.datasets import load_faces
    from wingkeras.recipes import RECIPES
    from wingkeras.training import train

    if options.recipe not in RECIPES:
        raise ValueError(
            f"Expected --recipe to be one of {', '.join(RECIPES)}; "
            f"received {options.recipe!r}."
        )
    changes = {
        name: getattr(options, name)
        for name in _RECIPE_OPTIONS
        if getattr(options, name) is not None
    }
    if options.jit_compile:
        changes["jit_compile"] = _JIT_MODES[options.jit_compile]
    recipe = dataclasses.replace(RECIPES[options.recipe], **changes)
    split = "train" if options.data.is_dir() else None
    faces = load_faces(options.data, split, options.scheme, options.on_broken)
    folder = options.output or Path("runs") / recipe.name
    first = zoo.load(options.first_stage) if options.first_stage else None
    start = zoo.load(options.start) if options.start else None
    further = None
    if options.further:
        further = load_faces(options.further, None, faces.scheme, options.on_broken)
    train(recipe, faces, folder, first, start, further)
    print(f"Model: {folder.resolve()}")
    return 0


def _evaluate(options) -> int:
    import keras

    from wingkeras import zoo
    from wingkeras.data.datasets import load_faces
    from wingkeras.evaluation import LANDMARK_BOXES, evaluate

    localizer = zoo.load(options.model)
    faces = load_faces(options.data, options.split, localizer.scheme, options.on_broken)
    detector = None if options.boxes == LANDMARK_BOXES else _detector(options)
    progress = {}
    if sys.stdout.isatty():  # in a pipe, the summary alone: it is JSON
        progress["progress"] = keras.utils.Progbar(len(faces), unit_name="face").update
    result = evaluate(
        localizer, faces, detector, options.boxes, options.mirrored, **progress
    )
    print(json.dumps({"model": str(options.model), **result.summary()}, indent=1))
    if options.output:
        result.save(options.output)
        print(f"Files: {options.output.resolve()}")
    return 0


def _convert(options) -> int:
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


def _zoo(options) -> int:
    from wingkeras import zoo

    if options.model:
        print(json.dumps(dataclasses.asdict(zoo.info(options.model)), indent=1))
        return 0
    for name in zoo.list():
        print(f"{name}: {zoo.info(name).description}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
