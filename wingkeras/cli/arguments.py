"""Options that several commands have, and what they stand for."""

import argparse
import logging
from pathlib import Path

DEFAULT_MODEL = "cnn67_300w"

_log = logging.getLogger("wingkeras")


def add_model(parser: argparse.ArgumentParser) -> None:
    """`--model`, and what runs it."""
    parser.add_argument(
        "--model", default=DEFAULT_MODEL, help="name in the zoo, or a folder"
    )
    add_runtime(parser, "fastest")


def add_runtime(parser: argparse.ArgumentParser, default: str) -> None:
    """`--runtime` and `--flip-tta`."""
    parser.add_argument(
        "--runtime",
        choices=("fastest", "keras", "onnx", "litert", "openvino"),
        default=default,
        help=f"what runs the networks; {default} by default",
    )
    parser.add_argument(
        "--flip-tta",
        action=argparse.BooleanOptionalAction,
        help="whether the last network sees each face in the mirror as well: slower, a "
        "little more accurate; by default as the model has it. Videos and --mirrored "
        "look at both images anyway",
    )


def add_detector(parser: argparse.ArgumentParser, default: str) -> None:
    """`--boxes` and what it needs."""
    sources = ["haar", "yunet"]
    if default not in sources:
        sources.insert(0, default)
    parser.add_argument("--boxes", choices=sources, default=default)
    parser.add_argument("--yunet", type=Path, help="path of the YuNet model file")


def add_incomplete(parser: argparse.ArgumentParser) -> None:
    """`--on-broken` and `--allow-missing`."""
    parser.add_argument(
        "--on-broken",
        choices=("raise", "skip"),
        default="raise",
        help="what to do about broken files",
    )
    parser.add_argument(
        "--allow-missing",
        action="store_true",
        help="go on without subsets of a 300-W split that are not there",
    )


def load_localizer(options):
    """The model of `--model`, as the options of `add_runtime` say."""
    from wingkeras import zoo
    from wingkeras.inference import runtimes

    runtime = options.runtime
    if runtime == "fastest":
        runtime = runtimes.fastest()
        try:
            localizer = zoo.load(options.model, runtime=runtime)
        except OSError as error:
            if runtime == "keras":
                raise
            _log.warning("%s", error)
            runtime = "keras"
            localizer = zoo.load(options.model)
    else:
        localizer = zoo.load(options.model, runtime=runtime)
    _log.info("%s runs on %s.", options.model, runtime)
    if options.flip_tta is None:
        return localizer
    return localizer.replace(flip_tta=options.flip_tta)


def load_detector(options, scheme):
    """What makes the boxes of `--boxes`, for landmarks of a scheme."""
    from wingkeras.inference import detectors

    return detectors.load_detector(options.boxes, options.yunet, scheme)
