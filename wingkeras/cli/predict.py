"""`wingkeras predict`: landmarks for pictures, videos and cameras."""

import contextlib
import itertools
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from wingkeras.cli import arguments
from wingkeras.cli.output import Progress
from wingkeras.cli.parsers import add_command, add_rule
from wingkeras.imaging.endings import VIDEO_ENDINGS

_EXAMPLE = """
wingkeras predict photo.jpg holiday/ --output out
wingkeras predict photo.jpg --format pts --detector yunet
wingkeras predict clip.mp4 --model cnn6_300w
wingkeras predict 0                         # a camera, until Ctrl-C
"""


def add_parser(commands) -> None:
    """Declare the command and its options."""
    summary = "landmarks for pictures, videos and cameras"
    parser = add_command(commands, "predict", summary, _EXAMPLE, run)
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="picture or video file, folder of pictures, or index of a camera",
    )
    # The one command without a positional MODEL: its INPUTs, any number of them, are.
    parser.add_argument(
        "--model", default=arguments.DEFAULT_MODEL, help=arguments.MODEL_HELP
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        default=Path("landmarks"),
        help="receives the annotated pictures and the landmarks",
    )
    parser.add_argument(
        "--format",
        choices=("json", "pts"),
        default="json",
        help="of the landmarks of pictures; those of videos are in a .jsonl file",
    )
    add_rule(
        parser,
        "--format",
        "goes with pictures only; every INPUT is a video or camera",
        lambda options: not all(map(_is_video, options.inputs)),
    )
    parser.add_argument(
        "--no-smoothing",
        action="store_true",
        help="leave out the One-Euro filter that steadies the landmarks of videos",
    )
    add_rule(
        parser,
        "--no-smoothing",
        "goes with videos only; no INPUT is a video or camera",
        lambda options: any(map(_is_video, options.inputs)),
    )
    arguments.add_runtime(parser, "fastest")
    arguments.add_detector(parser, "haar")


def _is_video(given: str) -> bool:
    return given.isdecimal() or Path(given).suffix.lower() in VIDEO_ENDINGS


def run(options) -> int:
    """Do it; the exit code."""
    localizer = arguments.load_localizer(options)

    from wingkeras.imaging.images import BrokenFileError
    from wingkeras.inference import prediction

    detector = arguments.load_detector(options, localizer.scheme)
    localizer = localizer.replace(detector=detector)
    names: set[str] = set()
    failures = 0
    for given in options.inputs:
        try:
            sources = list(prediction.list_sources([given]))
        except BrokenFileError as error:
            failures += _report(error)
            continue
        for source in sources:
            name = _unused_name(source, names)
            names.add(name)
            try:
                if isinstance(source, int) or prediction.is_video(source):
                    _predict_video(localizer, source, name, options)
                else:
                    found = prediction.predict_file(
                        localizer, source, options.output, name, options.format
                    )
                    _say(source, *found)
            except BrokenFileError as error:
                failures += _report(error)
    return 1 if failures else 0


def _unused_name(source, names: set[str]) -> str:
    stem = f"camera{source}" if isinstance(source, int) else source.stem
    numbered = (f"{stem}-{i}" for i in itertools.count(2))
    return next(n for n in itertools.chain([stem], numbered) if n not in names)


def _predict_video(localizer, source, name: str, options) -> None:
    from wingkeras.video import clips, one_euro, tracker

    make_filter = tracker.unfiltered if options.no_smoothing else one_euro.OneEuroFilter
    tracker = tracker.Tracker(localizer, make_filter)
    is_camera = isinstance(source, int)
    with _interruptible(is_camera) as stopped, Progress("frames") as progress:
        found = clips.track_video(
            tracker, source, options.output, name, stopped, progress
        )
    _say(source, *found)


@contextlib.contextmanager
def _interruptible(is_camera: bool) -> Iterator[Callable[[], bool]]:
    """Ctrl-C ends a recording instead of throwing it away.

    For a camera that is the usual end; a file was not followed to its own, so that the
    command is interrupted once what there is has been written.
    """
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield interrupted.is_set
    finally:
        signal.signal(signal.SIGINT, before)
        if interrupted.is_set() and not is_camera:
            raise KeyboardInterrupt


def _say(source, faces: int, output: Path) -> None:
    noun = "face" if faces == 1 else "faces"
    print(f"{source}: {faces} {noun}, {output}")


def _report(error: Exception) -> int:
    print(f"wingkeras: {error}", file=sys.stderr)
    return 1
