"""Writing videos at the pace of their source, and checking them afterwards."""

from pathlib import Path

import cv2
import numpy as np

_CODEC = "mp4v"


class PacedWriter:
    """Writes a video of a constant rate from frames that come at any time.

    Frames are repeated if they come too slowly. If several come within the time of one
    frame of the video, only one is kept.

    Args:
        path: to write to.
        rate: frames per second.
    """

    def __init__(self, path: Path, rate: float):
        self._path = path
        # MPEG-4 counts time in parts of a second, of at most 65535.
        self._rate = round(rate, 3 if rate < 65 else 2)
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._last: np.ndarray | None = None
        self._written = 0

    def write(self, frame: np.ndarray, seconds: float) -> None:
        """Show a frame from the given time on.

        Args:
            frame: `(H, W, 3)` uint8 RGB; shrunk or enlarged to the first one's size.
            seconds: since the start, more than in the previous call.

        Raises:
            OSError: if OpenCV cannot write such a video.
        """
        if self._writer is None:
            self._size = (frame.shape[1], frame.shape[0])
            self._writer = self._open()
        number = round(seconds * self._rate)
        if number < self._written:
            return
        if frame.shape[1::-1] != self._size:
            frame = cv2.resize(frame, self._size, interpolation=cv2.INTER_AREA)
        frame = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
        before = frame if self._last is None else self._last
        while self._written < number:
            self._writer.write(before)
            self._written += 1
        self._writer.write(frame)
        self._written += 1
        self._last = frame

    def _open(self) -> cv2.VideoWriter:
        codec = cv2.VideoWriter.fourcc(*_CODEC)
        writer = cv2.VideoWriter(str(self._path), codec, self._rate, self._size)
        if not writer.isOpened():
            raise OSError(
                f"{self._path}: OpenCV cannot write {_CODEC} video of {self._size}."
            )
        return writer

    def release(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.release()

    def check(self) -> None:
        """Close the file and count its frames, since OpenCV does not report errors.

        Raises:
            OSError: if their number is not that of the frames written.
        """
        self.release()
        capture = cv2.VideoCapture(str(self._path))
        found = 0
        while capture.isOpened() and capture.grab():
            found += 1
        capture.release()
        if found != self._written:
            raise OSError(
                f"The video could not be written: expected {self._written} frames, "
                f"found {found} in {self._path.parent}. Is the disk full?"
            )
