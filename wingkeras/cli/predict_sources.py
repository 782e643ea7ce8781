"""What `wingkeras predict` does with each picture, video and camera."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from wingkeras.cli.output import Progress
from wingkeras.cli.tally import Tally, named


def predict_pictures(localizer, listed, options, tally: Tally) -> None:
    """Process pictures; a failure of one does not end the others."""
    from wingkeras.imaging.images import MAX_PIXELS
    from wingkeras.inference import many_files, prediction

    formats = options.format or prediction.USUAL_FORMATS
    sources = {}

    def jobs():
        for source in listed:
            if isinstance(source, Exception):
                yield source
                continue
            folder = options.output / source.place.parent
            try:
                if options.skip_existing and _is_done(source, folder, formats):
                    tally.counts["skipped"] += 1
                    continue
            except Exception as error:
                yield named(source.origin, error)
                continue
            job = many_files.Job(source.origin, folder, source.place.name)
            sources[job] = source
            yield job

    results = many_files.predict_files(
        localizer,
        jobs(),
        formats,
        options.flip_error,
        options.max_pixels or MAX_PIXELS,
        options.draw_head_pose,
    )
    with contextlib.closing(results):
        for job, result in results:
            if isinstance(result, Exception):
                known = job is not None
                tally.fail(named(sources.pop(job).origin, result) if known else result)
            else:
                output = result.files[0] if result.files else None
                tally.found(sources.pop(job), result.faces, output)


def predict_video(localizer, source, options, tally: Tally) -> None:
    """Process a video or camera; its failure does not end the others."""
    folder = options.output / source.place.parent
    try:
        if options.skip_existing and _is_done(source, folder, ()):
            tally.counts["skipped"] += 1
            return
        faces, output = _track_video(localizer, source, folder, options)
    except Exception as error:
        tally.fail(named(source.origin, error))
    else:
        tally.found(source, faces, output)


def _is_done(source, folder: Path, formats) -> bool:
    from wingkeras.inference import prediction

    name = source.place.name
    if isinstance(source.origin, int):
        return False
    if source.is_video:
        endings = (".landmarks.mp4", ".landmarks.jsonl")
        return all((folder / f"{name}{ending}").is_file() for ending in endings)
    return prediction.is_done(source.origin, folder, name, formats)


def _track_video(localizer, source, folder: Path, options) -> tuple[int, Path]:
    from wingkeras.video import clips, one_euro, tracker

    make_filter = tracker.unfiltered if options.no_smoothing else one_euro.OneEuroFilter
    tracker = tracker.Tracker(localizer, make_filter)
    is_camera = isinstance(source.origin, int)
    with _interruptible(is_camera) as stopped, Progress("frames") as progress:
        return clips.track_video(
            tracker,
            source.origin,
            folder,
            source.place.name,
            stopped,
            progress,
            options.draw_head_pose,
        )


@contextlib.contextmanager
def _interruptible(is_camera: bool) -> Iterator[Callable[[], bool]]:
    """Ctrl-C ends a recording instead of discarding it.

    For a camera this is the usual end. A video file was not read to its end, so the
    command is interrupted once the results so far have been written.
    """
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield interrupted.is_set
    finally:
        signal.signal(signal.SIGINT, before)
        if interrupted.is_set() and not is_camera:
            raise KeyboardInterrupt
