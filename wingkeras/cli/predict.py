"""`wingkeras predict`: landmarks for pictures, videos and cameras."""

import contextlib
import itertools
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from wingkeras.cli import arguments


def add_parser(commands) -> None:
    """Declare the command and its options."""
    parser = commands.add_parser(
        "predict", help="landmarks for pictures, videos and cameras"
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="picture or video file, folder of pictures, or index of a camera",
    )
    parser.add_argument("--output", type=Path, default=Path("landmarks"))
    parser.add_argument(
        "--points", choices=("json", "pts"), default="json", help="for pictures"
    )
    parser.add_argument(
        "--no-smoothing", action="store_true", help="for videos: no One-Euro filter"
    )
    arguments.add_model(parser)
    arguments.add_detector(parser, "haar")
    parser.set_defaults(run=run)


def run(options) -> int:
    """Do it; the exit code."""
    from wingkeras.imaging.images import BrokenFileError
    from wingkeras.inference import prediction

    localizer = arguments.load_localizer(options)
    localizer.detector = arguments.load_detector(options, localizer.scheme)
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
                if prediction.is_video(source):
                    _predict_video(localizer, source, name, options)
                else:
                    found = prediction.predict_file(
                        localizer, source, options.output, name, options.points
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
    import keras

    from wingkeras.video import clips, one_euro, tracker

    make_filter = tracker.unfiltered if options.no_smoothing else one_euro.OneEuroFilter
    tracker = tracker.Tracker(localizer, make_filter)
    bar = None

    def progress(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            bar = keras.utils.Progbar(total or None, unit_name="frame")
        bar.update(done)

    with _interruptible(is_camera=isinstance(source, int)) as stopped:
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
