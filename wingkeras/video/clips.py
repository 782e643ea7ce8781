"""Landmarks for videos and cameras: what `wingkeras predict` does with them."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from wingkeras.imaging import drawing
from wingkeras.imaging.images import BrokenFileError
from wingkeras.storage.files import atomic_write
from wingkeras.video.tracker import Track, Tracker

_USUAL_RATE = 30.0
_CODEC = "mp4v"
_LEAST_STEP = 1e-3


def open_video(source: Path | int) -> cv2.VideoCapture:
    """A video file, or the camera of that index.

    Raises:
        BrokenFileError: if it is missing or cannot be read.
    """
    if isinstance(source, Path) and not source.is_file():
        raise BrokenFileError(source, "No such file or directory")
    capture = cv2.VideoCapture(source if isinstance(source, int) else str(source))
    if not capture.isOpened():
        kind = "camera" if isinstance(source, int) else "video"
        raise BrokenFileError(
            str(source), f"not a {kind} that OpenCV can read, or already in use"
        )
    return capture


def track_video(
    tracker: Tracker,
    source: Path | int,
    folder: Path,
    name: str,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[int, Path]:
    """Follow the faces of a video and write what was found.

    Writes `NAME.landmarks.mp4` with the landmarks drawn in, without sound, and
    `NAME.landmarks.jsonl` with a line per frame: its number in that video (from 0),
    its time in seconds, and every face's number, box and landmarks (frame pixels,
    the centre of the top-left pixel is (0, 0)).

    Args:
        tracker: a new one.
        source: path of a video file, or index of a camera. A camera's frames are
            taken as fast as they can be processed, and repeated in the video so that
            it plays as fast as it was recorded.
        folder: to write to.
        name: of the files, without their endings.
        stopped: asked before every frame whether to end there, as a camera must.
        progress: called after each frame with the number of frames done and that of
            all, 0 where it is not known.

    Returns:
        The number of faces, and the path of the annotated video.

    Raises:
        BrokenFileError: if the video cannot be read, or shows no face in any frame;
            nothing is written then.
    """
    capture = open_video(source)
    video = folder / f"{name}.landmarks.mp4"
    with contextlib.ExitStack() as stack:
        stack.callback(capture.release)
        rate = capture.get(cv2.CAP_PROP_FPS)
        rate = rate if 1 <= rate <= 1000 else _USUAL_RATE
        total = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        scratch = stack.enter_context(atomic_write(video))
        lines = stack.enter_context(atomic_write(folder / f"{name}.landmarks.jsonl"))
        file = stack.enter_context(lines.open("w"))
        writer, written, faces, before = None, 0, 0, -1 / rate
        live = isinstance(source, int)
        for seconds, frame in _timed_frames(capture, rate, live, stopped):
            tracks = tracker(frame, max(seconds - before, _LEAST_STEP))
            before = seconds
            faces = max([faces, *(track.number for track in tracks)])
            if writer is None:
                writer = _open_writer(scratch, rate, frame.shape)
                stack.callback(writer.release)
            number = round(seconds * rate)
            if number < written:  # a camera faster than it says; its frame is taken
                continue
            drawn = _annotated(frame, tracks, tracker.localizer.scheme)
            while written <= number:
                writer.write(drawn)
                written += 1
            file.write(json.dumps(_as_line(number, seconds, tracks)) + "\n")
            progress(number + 1, total)
        if writer is None:
            ended = "stopped before its first frame"
            broken = "the video has no readable frame"
            raise BrokenFileError(str(source), ended if stopped() else broken)
        if not faces:
            raise BrokenFileError(str(source), "no face found in any frame")
    return faces, video


def _timed_frames(
    capture: cv2.VideoCapture, rate: float, live: bool, stopped: Callable[[], bool]
) -> Iterator[tuple[float, np.ndarray]]:
    """(Seconds, RGB frame); a camera's time is the clock's, a file's its rate's."""
    start, number = time.monotonic(), 0
    while not stopped():
        good, frame = capture.read()
        if not good:
            return
        seconds = time.monotonic() - start if live else number / rate
        yield seconds, cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        number += 1


def _open_writer(path: Path, rate: float, shape) -> cv2.VideoWriter:
    codec = cv2.VideoWriter.fourcc(*_CODEC)
    writer = cv2.VideoWriter(str(path), codec, rate, shape[1::-1])
    if not writer.isOpened():
        raise OSError(f"{path}: OpenCV cannot write {_CODEC} video of {shape[1::-1]}.")
    return writer


def _annotated(frame: np.ndarray, tracks: list[Track], scheme) -> np.ndarray:
    landmarks = np.array([track.landmarks for track in tracks])
    boxes = np.array([track.box for track in tracks])
    drawn = drawing.draw_landmarks(frame, landmarks, scheme, boxes)
    return cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR)


def _as_line(number: int, seconds: float, tracks: list[Track]) -> dict:
    faces = [
        {
            "face": track.number,
            "box": np.round(track.box.astype(float), 3).tolist(),
            "landmarks": np.round(track.landmarks.astype(float), 3).tolist(),
        }
        for track in tracks
    ]
    return {"frame": number, "seconds": round(seconds, 4), "faces": faces}
