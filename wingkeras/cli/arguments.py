"""Options that several commands share, and the objects that they select."""

import argparse
import logging
from pathlib import Path

from wingkeras.cli.output import hold_native_output
from wingkeras.cli.parsers import add_rule

DEFAULT_MODEL = "cnn67_300w"
MODEL_HELP = (
    "name in the zoo, folder of a saved model, or hf://owner/repo on the Hugging Face "
    "Hub"
)

_log = logging.getLogger("wingkeras")


def add_model(parser: argparse.ArgumentParser, required: bool = False) -> None:
    """The positional MODEL."""
    if required:
        parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    else:
        parser.add_argument(
            "model", metavar="MODEL", nargs="?", default=DEFAULT_MODEL, help=MODEL_HELP
        )


def add_runtime(parser: argparse.ArgumentParser, default: str) -> None:
    """`--runtime`, `--flip-tta` and `--recrop`."""
    parser.add_argument(
        "--runtime",
        choices=("fastest", "keras", "onnx", "litert", "openvino"),
        default=default,
        help="what runs the networks; fastest is the first installed of openvino, "
        "onnx, litert and keras. The first three run files that the networks are "
        "converted to once, and start without Keras from then on",
    )
    parser.add_argument(
        "--flip-tta",
        action=argparse.BooleanOptionalAction,
        help="flip test-time augmentation: whether the last network sees each face in "
        "the mirror as well, slower and a little more accurate; by default as the "
        "model has it. In videos, landmarks are always the means of both",
    )
    parser.add_argument(
        "--recrop",
        action=argparse.BooleanOptionalAction,
        help="whether faces that their box does not frame well are cropped again, by "
        "their landmarks; by default as the model has it",
    )


def add_detector(parser: argparse.ArgumentParser, default: str) -> None:
    """`--detector` and the options that belong to it."""
    sources = ["haar", "yunet"]
    if default not in sources:
        sources.insert(0, default)
    parser.add_argument(
        "--detector",
        choices=sources,
        default=default,
        help="what finds the faces: OpenCV's Haar cascade, or YuNet, a small network"
        + (f"; or the annotations' own {default}" if default in sources[:-2] else ""),
    )
    parser.add_argument(
        "--yunet",
        type=Path,
        metavar="FILE",
        help="model file of --detector yunet; by default the packaged one",
    )
    parser.add_argument(
        "--min-face",
        type=float,
        metavar="PIXELS",
        help="side of the smallest faces to look for, around 68 landmarks; smaller "
        "values take longer in large pictures; by default 40 with --detector yunet, "
        "and with haar a tenth of the picture's shorter side",
    )
    parser.add_argument(
        "--min-score",
        type=float,
        metavar="SCORE",
        help="least score of a face with --detector yunet, from 0 to 1; by default 0.7",
    )
    for option in ("--yunet", "--min-score"):
        add_rule(
            parser,
            option,
            "goes with --detector yunet only",
            lambda options: options.detector == "yunet",
        )
    if default not in ("haar", "yunet"):
        add_rule(
            parser,
            "--min-face",
            "goes with --detector haar or yunet only",
            lambda options: options.detector in ("haar", "yunet"),
        )


def add_incomplete(parser: argparse.ArgumentParser) -> None:
    """`--on-error` and `--allow-missing`."""
    parser.add_argument(
        "--on-error",
        choices=("raise", "skip"),
        default="raise",
        help="whether a broken annotation or picture ends the command or is left out",
    )
    parser.add_argument(
        "--allow-missing",
        action="store_true",
        help="go on if subsets of a 300-W split are missing",
    )


def load_localizer(options, model: str | None = None):
    """Load a model with the options of `add_runtime`; by default MODEL or `--model`.

    Call it before anything else that imports libraries: they print messages when they
    are loaded, or when they are first used.
    """
    with hold_native_output():
        import numpy as np

        localizer = _load(model or options.model, options.runtime)
        switches = {"flip_tta": options.flip_tta, "recrop": options.recrop}
        changes = {name: on for name, on in switches.items() if on is not None}
        if changes:
            localizer = localizer.replace(**changes)
        # Other libraries print nothing more once they are loaded.
        if localizer.stages[0].runtime in ("keras", "litert"):
            image = np.zeros((64, 64, 3), np.uint8)
            localizer(image, np.array([[8.0, 8.0, 56.0, 56.0]]))
    return localizer


def _load(model: str, runtime: str):
    from wingkeras import zoo
    from wingkeras.inference import runtimes

    try:
        localizer = zoo.load(model, runtime=runtime)
    except OSError as error:
        if runtime != "fastest" or runtimes.fastest() == "keras":
            raise
        _log.warning("%s", error)
        localizer = zoo.load(model)
    _log.info("%s runs on %s.", model, localizer.stages[0].runtime)
    return localizer


def load_detector(options, localizer):
    """Load the detector of `--detector`, for the landmarks of a localizer.

    Raises:
        ValueError: for a scheme without eyes, as no detector finds its objects.
    """
    from wingkeras.inference import detectors
    from wingkeras.inference.given_boxes import needs_boxes
    from wingkeras.inference.own_faces import box_in_that_of_68

    scheme, first = localizer.scheme, localizer.stages[0]
    if not scheme.has_eyes:
        raise ValueError(needs_boxes(scheme))
    inner = box_in_that_of_68(scheme, first.mean_shape, first.size, localizer.box_scale)
    return detectors.load_detector(
        options.detector,
        options.yunet,
        scheme,
        options.min_face,
        options.min_score,
        inner,
    )
