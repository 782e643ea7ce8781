"""Reading the frames of videos and cameras, with times, and reporting lost frames."""

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from wingkeras.imaging.images import BrokenFileError
from wingkeras.video import containers

_USUAL_RATE = 30.0
_HIGHEST_RATE = 240.0
_CREDIBLE_RATE = 120.0
"""Higher rates must agree with the time stamps: browsers' recordings claim 1000."""

_FIRST_FRAMES = 64
_LONGEST_STILL = 60.0
"""Most seconds between two frames; if there are more, the time stamps are wrong."""

_PATIENCE = 300
"""Failed attempts in a row after which a video of unknown length has ended."""

_MATROSKA_SLACK = 1.0
"""Tolerance in seconds: Matroska and WebM give the duration of the longest stream."""


def open_video(source: Path | int) -> cv2.VideoCapture:
    """A video file, or the camera of that index.

    Raises:
        BrokenFileError: if it is missing, no regular file or cannot be read.
    """
    if isinstance(source, Path) and not source.is_file():
        missing = "No such file or directory"
        reason = "expected a regular file" if source.exists() else missing
        raise BrokenFileError(source, reason)
    capture = cv2.VideoCapture(source if isinstance(source, int) else str(source))
    if not capture.isOpened():
        kind = "camera" if isinstance(source, int) else "video"
        raise BrokenFileError(
            str(source), f"not a {kind} that OpenCV can read, or already in use"
        )
    return capture


class VideoReader:
    """Reads all readable frames of a video file, and reports the others.

    Attributes:
        rate: suitable number of frames per second to show the video at.
        total: number of frames according to the file, 0 if it is unknown.
        read: number of frames that could be read so far.

    Args:
        path: of the file.

    Raises:
        BrokenFileError: see `open_video`.
    """

    def __init__(self, path: Path):
        self._path = path
        self._capture = open_video(path)
        self._declared = self._capture.get(cv2.CAP_PROP_FPS)
        self.total = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        self.rate = _choose_rate(self._declared, _first_stamps(path))
        self.read = 0
        self._gaps = 0
        self._first_gap = self._end = 0.0
        self._is_over = False

    def frames(
        self, stopped: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[int, float, np.ndarray]]:
        """The frames that can be read: number from 0, seconds, `(H, W, 3)` uint8 RGB.

        The seconds are the file's own time stamps. Frames that cannot be decoded are
        counted and left out.

        Args:
            stopped: asked before every frame whether to end there.
        """
        clock, number, failures = FileClock(1 / self.rate), 0, 0
        while not stopped():
            good, frame = self._capture.read()
            if not good:
                failures += 1
                all_tried = self.total and number + failures >= self.total
                if all_tried or failures >= _PATIENCE:
                    self._is_over = True
                    return
                continue
            if failures:
                self._first_gap = self._first_gap if self._gaps else self._end
                self._gaps += failures
                number, failures = number + failures, 0
            seconds = clock(self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
            self._end = seconds + 1 / self.rate
            self.read += 1
            yield number, seconds, cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            number += 1

    def loss(self) -> str:
        """In words, what is missing after all frames were read; empty if nothing is."""
        parts = []
        if self._gaps:
            frames = "1 frame" if self._gaps == 1 else f"{self._gaps} frames"
            parts.append(f"{frames} damaged, the first after {self._first_gap:.2f} s")
        if self._is_over and self._ends_early():
            parts.append(f"the file ends early, after {self._end:.2f} s")
        if not parts:
            return ""
        of = f"of {self.total} frames " if self.total else ""
        return f"{of}{self.read} could be read: {'; '.join(parts)}"

    def _ends_early(self) -> bool:
        if self.read + self._gaps >= self.total or not 0 < self._declared < math.inf:
            return False
        if containers.is_whole_mp4(self._path):  # a trimmed clip
            return False
        # The number of frames can be an estimate: the time must be missing as well.
        is_estimate = containers.is_matroska(self._path)
        slack = _MATROSKA_SLACK if is_estimate else 0.5 / self._declared
        return self.total / self._declared - self._end > slack

    def release(self) -> None:
        """Close the file."""
        self._capture.release()


class CameraReader:
    """Reads a camera's frames as fast as they are asked for.

    Attributes: see `VideoReader`.

    Args:
        index: of the camera.

    Raises:
        BrokenFileError: see `open_video`.
    """

    total = 0

    def __init__(self, index: int):
        self._capture = open_video(index)
        self.rate = _choose_rate(self._capture.get(cv2.CAP_PROP_FPS), [])
        self.read = 0

    def frames(
        self, stopped: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[int, float, np.ndarray]]:
        """The frames: number from 0, seconds of the clock, `(H, W, 3)` uint8 RGB.

        Args:
            stopped: asked before every frame whether to end there.
        """
        start = time.monotonic()
        while not stopped():
            good, frame = self._capture.read()
            if not good:
                return
            self.read += 1
            seconds = time.monotonic() - start
            yield self.read - 1, seconds, cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)

    def loss(self) -> str:
        """Always empty: a camera only ends when it is stopped or unplugged."""
        return ""

    def release(self) -> None:
        """Free the camera."""
        self._capture.release()


class FileClock:
    """A clock that only goes forward, from time stamps that may not.

    Args:
        step: seconds to advance by if a time stamp is unusable.
    """

    def __init__(self, step: float):
        self._step = step
        self._before: float | None = None
        self._shift = 0.0
        self._failed = False

    def __call__(self, stamp: float) -> float:
        """The seconds of a frame: its time stamp, unless that is out of order."""
        seconds = stamp - self._shift
        if self._before is None:
            good, instead = 0 <= seconds <= _LONGEST_STILL, 0.0
        else:
            good = 0 < seconds - self._before <= _LONGEST_STILL
            instead = self._before + self._step
        if not good:
            # A single one may be an error. Two mean that the time stamps have jumped.
            if math.isfinite(stamp) and (self._failed or self._before is None):
                self._shift = stamp - instead
            seconds = instead
        self._failed, self._before = not good, seconds
        return seconds


def _first_stamps(path: Path) -> list[float]:
    """Seconds of a file's first frames."""
    capture = open_video(path)
    stamps = []
    while len(stamps) < _FIRST_FRAMES and capture.grab():
        stamps.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    capture.release()
    return stamps


def _choose_rate(declared: float, stamps: list[float]) -> float:
    """A suitable number of frames per second to show a video at.

    Args:
        declared: rate given by the file or camera.
        stamps: seconds of its first frames.
    """
    steps = np.diff(stamps)
    steps = steps[steps > 0]
    found = 1 / float(np.median(steps)) if len(steps) else _CREDIBLE_RATE
    if 1 <= declared <= max(_CREDIBLE_RATE, min(_HIGHEST_RATE, 2 * found)):
        return declared
    if not len(steps):
        return _USUAL_RATE
    return round(float(np.clip(found, 1, _HIGHEST_RATE)), 2)
