"""Landmarks for videos and cameras, for `wingkeras predict`."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

from wingkeras.imaging.images import BrokenFileError
from wingkeras.inference.faces import Faces
from wingkeras.storage.files import atomic_write
from wingkeras.video.reading import CameraReader, VideoReader
from wingkeras.video.tracker import Track, Tracker, as_faces
from wingkeras.video.writing import PacedWriter

_LEAST_STEP = 1e-3


class IncompleteVideoError(BrokenFileError):
    """A video with frames that could not be read; results for the rest were written.

    Attributes: see `BrokenFileError`.

    Example:

    ```python
    try:
        track_video(Tracker(localizer), Path("cut_off.avi"), Path("out"), "cut_off")
    except IncompleteVideoError as error:
        print(error.reason)
    ```
    """


def track_video(
    tracker: Tracker,
    source: Path | int,
    folder: Path,
    name: str,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda done, total: None,
    draw_head_pose: bool = False,
) -> tuple[int, Path]:
    """Follow the faces of a video and write what was found.

    Writes `NAME.landmarks.mp4` with the landmarks drawn in, without sound, and
    `NAME.landmarks.jsonl` with a line per frame that could be read: its number in the
    source (from 0), its time in seconds, and every face's number, box and landmarks
    (frame pixels, the centre of the top-left pixel is (0, 0)), and its head pose and
    openness as `Faces.to_dict` has them. The time is the file's
    own time stamp, or a camera's clock. The annotated video has a constant rate and
    the source's pace: frames are repeated or left out in it.

    Both files replace older ones when they are complete, after a check that the
    annotated video can be read.

    Args:
        tracker: a new one.
        source: path of a video file, or index of a camera. A camera's frames are
            taken as fast as they can be processed.
        folder: to write to.
        name: of the files, without their endings.
        stopped: asked before every frame whether to end there, as a camera must.
        progress: called after each frame with the number of frames done and the total
            number, 0 if it is unknown.
        draw_head_pose: whether the video shows the axes of every head; see
            `Faces.draw`.

    Returns:
        The number of faces, and the path of the annotated video.

    Raises:
        BrokenFileError: if the video cannot be read, or shows no face in any frame;
            nothing is written then.
        IncompleteVideoError: if the file is cut off or damaged; it says where. What
            could be read was written.
        OSError: if the files cannot be written; older ones stay.
        ValueError: for head poses of another scheme than `ibug68`.

    Example:

    ```python
    tracker = Tracker(localizer)
    faces, video = track_video(tracker, Path("clip.avi"), Path("out"), "clip")
    faces  # 1
    ```
    """
    reader = CameraReader(source) if isinstance(source, int) else VideoReader(source)
    video = folder / f"{name}.landmarks.mp4"
    with contextlib.ExitStack() as stack:
        stack.callback(reader.release)
        scratch = stack.enter_context(atomic_write(video))
        lines = stack.enter_context(atomic_write(folder / f"{name}.landmarks.jsonl"))
        file = stack.enter_context(lines.open("w"))
        writer = PacedWriter(scratch, reader.rate)
        stack.callback(writer.release)
        faces, before = 0, -1 / reader.rate
        for number, seconds, frame in reader.frames(stopped):
            tracks = tracker(frame, max(seconds - before, _LEAST_STEP))
            before = seconds
            faces = max([faces, *(track.number for track in tracks)])
            found = as_faces(tracks, tracker.localizer.scheme)
            writer.write(found.draw(frame, draw_head_pose), seconds)
            line = _as_line(number, seconds, tracks, found)
            file.write(json.dumps(line, allow_nan=False) + "\n")
            progress(number + 1, reader.total)
        if not reader.read:
            ended = "stopped before its first frame"
            broken = "the video has no readable frame"
            raise BrokenFileError(str(source), ended if stopped() else broken)
        loss = reader.loss()
        if not faces:
            nothing = "no face found in any frame"
            raise BrokenFileError(
                str(source), f"{loss}; {nothing}" if loss else nothing
            )
        writer.check()
    if loss:
        raise IncompleteVideoError(
            str(source), f"{loss}. The landmarks of these frames are beside {video}."
        )
    return faces, video


def _as_line(number: int, seconds: float, tracks: list[Track], faces: Faces) -> dict:
    found = [
        {"face": track.number, **face}
        for track, face in zip(tracks, faces.to_dict()["faces"], strict=True)
    ]
    for face in found:
        del face["score"]  # a face that is followed was not detected in every frame
    return {"frame": number, "seconds": round(seconds, 4), "faces": found}
