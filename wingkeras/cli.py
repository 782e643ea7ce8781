"""`wingkeras demo | predict | train | evaluate | zoo`."""

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
_JIT_MODES = {"auto": "auto", "on": True, "off": False}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0 only if everything was done."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
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
    train(recipe, faces, folder, first)
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
