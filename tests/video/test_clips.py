import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from matplotlib.cbook import get_sample_data

from made_videos import MJPEG, damage_avi, put_index_first, write, write_webm
from wingkeras import cli, zoo
from wingkeras.imaging.images import BrokenFileError, read_image
from wingkeras.video import clips, reading
from wingkeras.video.tracker import Tracker
from wingkeras.video.writing import PacedWriter

PORTRAIT_FILE = get_sample_data("grace_hopper.jpg", asfileobj=False)
PORTRAIT = read_image(PORTRAIT_FILE)
FRAMES = 12


def _read_clip(path):
    capture = cv2.VideoCapture(str(path))
    rate = capture.get(cv2.CAP_PROP_FPS)
    frames = []
    while True:
        good, frame = capture.read()
        if not good:
            return frames, rate
        frames.append(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))


def _lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """The portrait, panned by 4 pixels a frame."""
    frames = [np.roll(PORTRAIT, 4 * i, axis=1) for i in range(FRAMES)]
    return write(tmp_path_factory.mktemp("clip") / "pan.mp4", frames)


@pytest.fixture(scope="module")
def localizer():
    return zoo.load("cnn6_300w")


def test_every_frame_is_annotated_and_written_down(clip, localizer, tmp_path):
    done = []
    faces, path = clips.track_video(
        *(Tracker(localizer), clip, tmp_path, "pan"),
        progress=lambda *counts: done.append(counts),
    )
    assert faces == 1 and done == [(i + 1, FRAMES) for i in range(FRAMES)]
    assert sorted(os.listdir(tmp_path)) == ["pan.landmarks.jsonl", "pan.landmarks.mp4"]
    drawn, rate = _read_clip(path)
    plain, _ = _read_clip(clip)
    assert len(drawn) == FRAMES and rate == 25
    lines = _lines(tmp_path / "pan.landmarks.jsonl")
    assert [line["frame"] for line in lines] == list(range(FRAMES))
    assert lines[5]["seconds"] == pytest.approx(5 / 25)
    assert {"yaw", "pitch", "roll"} == set(lines[5]["faces"][0]["head_pose"])
    assert all(0 < line["faces"][0]["openness"]["mouth"] < 1 for line in lines)
    assert "score" not in lines[5]["faces"][0]
    places = np.array([line["faces"][0]["landmarks"] for line in lines])
    assert places.shape == (FRAMES, 68, 2)
    assert {line["faces"][0]["face"] for line in lines} == {1}
    moved = places[-1].mean(axis=0) - places[0].mean(axis=0)
    np.testing.assert_allclose(moved, [4 * (FRAMES - 1), 0], atol=4)
    changed = np.abs(drawn[-1].astype(int) - plain[-1]).max(axis=2) > 100
    left, top, right, bottom = np.array(lines[-1]["faces"][0]["box"]).astype(int)
    assert changed[top:bottom, left:right].sum() > 200
    assert (
        changed.sum() < 1.2 * changed[top - 5 : bottom + 5, left - 5 : right + 5].sum()
    )


def test_ends_where_it_is_told_to(clip, localizer, tmp_path):
    answers = iter([False] * 4 + [True])
    _, path = clips.track_video(
        Tracker(localizer), clip, tmp_path, "pan", stopped=lambda: next(answers)
    )
    assert len(_read_clip(path)[0]) == 4
    assert len(_lines(tmp_path / "pan.landmarks.jsonl")) == 4


class _Camera:
    """Says that it has 25 Hz, ends after some frames."""

    def __init__(self, frames):
        self.left = frames

    def read(self):
        self.left -= 1
        return self.left >= 0, np.ascontiguousarray(PORTRAIT[..., ::-1])

    def get(self, what):
        return 25.0 if what == cv2.CAP_PROP_FPS else -1.0

    def release(self):
        pass


def test_slow_camera_plays_at_its_own_speed(localizer, tmp_path, monkeypatch):
    """Frames that take 0.1 s on a camera of 25 Hz fill 2 or 3 of the video's."""
    monkeypatch.setattr(reading, "open_video", lambda source: _Camera(5))
    clock = iter(np.arange(0.0, 1.0, 0.1))
    monkeypatch.setattr(reading.time, "monotonic", lambda: next(clock))
    _, path = clips.track_video(Tracker(localizer), 0, tmp_path, "camera0")
    lines = _lines(tmp_path / "camera0.landmarks.jsonl")
    assert [line["frame"] for line in lines] == [0, 1, 2, 3, 4]
    assert [line["seconds"] for line in lines] == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert len(_read_clip(path)[0]) == 13


def test_fast_camera_plays_at_its_own_speed(localizer, tmp_path, monkeypatch):
    """Of frames that take 0.01 s on a camera of 25 Hz, the video shows one in four."""
    monkeypatch.setattr(reading, "open_video", lambda source: _Camera(9))
    clock = iter(np.arange(0.0, 1.0, 0.01))
    monkeypatch.setattr(reading.time, "monotonic", lambda: next(clock))
    _, path = clips.track_video(Tracker(localizer), 0, tmp_path, "camera0")
    lines = _lines(tmp_path / "camera0.landmarks.jsonl")
    assert [line["seconds"] for line in lines] == [i / 100 for i in range(1, 10)]
    assert len(_read_clip(path)[0]) == 3


def test_a_browsers_recording_is_followed_in_its_own_time(localizer, tmp_path):
    """It claims 1000 frames a second, 20 come; the face jumps after one second."""
    gaps = np.random.default_rng(0).integers(44, 57, 39)
    stamps = [0, *np.cumsum(gaps).tolist()]
    jump = 25
    moved = np.roll(PORTRAIT, jump, axis=1)
    frames = [PORTRAIT] * 20 + [moved] * 20
    clip = write_webm(tmp_path / "browser.webm", frames, stamps)
    _, path = clips.track_video(Tracker(localizer), clip, tmp_path, "browser")
    lines = _lines(tmp_path / "browser.landmarks.jsonl")
    assert len(lines) == 40
    seconds = [line["seconds"] for line in lines]
    np.testing.assert_allclose(seconds, np.array(stamps) / 1000, atol=1e-3)
    x = np.array([np.mean(line["faces"][0]["landmarks"], axis=0)[0] for line in lines])
    assert np.abs(x[24:] - x[19] - jump).max() < 0.1 * jump, "the filter keeps up"
    drawn, rate = _read_clip(path)
    assert len(drawn) / rate == pytest.approx(stamps[-1] / 1000, abs=0.1)


def test_what_could_not_be_read_is_told(localizer, tmp_path, capsys, monkeypatch):
    """What could be is written, and the command does not end with 0."""
    monkeypatch.chdir(tmp_path)
    frames = [np.roll(PORTRAIT, i, axis=1)[:400, 50:450] for i in range(20)]
    hurt = write(tmp_path / "hurt.avi", frames, how=MJPEG)
    damage_avi(hurt, 10, 2)
    cut = write(tmp_path / "cut.mp4", frames)
    put_index_first(cut)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    out = tmp_path / "out"
    with pytest.raises(clips.IncompleteVideoError, match=r"of 20 frames .* ends early"):
        clips.track_video(Tracker(localizer), cut, out, "cut")
    count = len(_lines(out / "cut.landmarks.jsonl"))
    assert 0 < count < 20 and len(_read_clip(out / "cut.landmarks.mp4")[0]) == count

    assert cli.main(["predict", str(hurt), "--output", str(out)]) == 1
    message = "hurt.avi: of 20 frames 18 could be read: 2 frames damaged, the first"
    assert message in capsys.readouterr().err
    lines = _lines(out / "hurt.avi.landmarks.jsonl")
    assert [line["frame"] for line in lines] == [*range(10), *range(12, 20)]
    shown, rate = _read_clip(out / "hurt.avi.landmarks.mp4")
    assert len(shown) / rate == pytest.approx(20 / 25), "at the source's pace"


_WITH_LITTLE_SPACE = """
import resource, sys
from pathlib import Path
from wingkeras import zoo
from wingkeras.video.clips import track_video
from wingkeras.video.tracker import Tracker
tracker = Tracker(zoo.load("cnn6_300w"))
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    track_video(tracker, Path(sys.argv[1]), Path(sys.argv[2]), "pan")
except OSError as error:
    sys.exit(f"OSError: {error}")
"""


def test_a_video_that_cannot_be_written_leaves_the_older_one(clip, tmp_path):
    for ending in ("mp4", "jsonl"):
        (tmp_path / f"pan.landmarks.{ending}").write_text("the older one")
    program = [sys.executable, "-P", "-c", _WITH_LITTLE_SPACE, clip, tmp_path]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "OSError: The video could not be written" in done.stderr
    for ending in ("mp4", "jsonl"):
        older = tmp_path / f"pan.landmarks.{ending}"
        assert older.read_text() == "the older one"
    assert len(os.listdir(tmp_path)) == 2


def test_a_video_that_lacks_frames_leaves_the_older_one(
    clip, localizer, tmp_path, monkeypatch
):
    """OpenCV says nothing where a frame is not written."""
    monkeypatch.setattr(cv2, "VideoWriter", _forgetful(cv2.VideoWriter))
    older = tmp_path / "pan.landmarks.mp4"
    older.write_text("the older one")
    with pytest.raises(OSError, match=r"expected 12 frames, found 11 in .*disk full"):
        clips.track_video(Tracker(localizer), clip, tmp_path, "pan")
    assert older.read_text() == "the older one"
    assert os.listdir(tmp_path) == ["pan.landmarks.mp4"]


def _forgetful(real):
    class Forgetful:
        fourcc = real.fourcc

        def __init__(self, *arguments):
            self._writer, self._count = real(*arguments), 0
            self.isOpened, self.release = self._writer.isOpened, self._writer.release

        def write(self, frame):
            self._count += 1
            if self._count != 5:
                self._writer.write(frame)

    return Forgetful


def test_frames_of_another_size_are_fitted(tmp_path):
    """A recording whose window was resized."""
    writer = PacedWriter(tmp_path / "a.mp4", 25)
    for i, side in enumerate((200, 100, 300)):
        writer.write(np.full((side, side, 3), 60 * (i + 1), np.uint8), i / 25)
    writer.check()
    frames, _ = _read_clip(tmp_path / "a.mp4")
    assert [frame.shape for frame in frames] == [(200, 200, 3)] * 3
    np.testing.assert_allclose([f.mean() for f in frames], [60, 120, 180], atol=3)


def test_nothing_is_written_where_there_is_nothing(localizer, tmp_path):
    grey = [np.full((120, 160, 3), 90, np.uint8)] * 3
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(b"no video")
    for source, message in (
        (write(tmp_path / "grey.mp4", grey), "no face found in any frame"),
        (empty, "not a video that OpenCV can read"),
        (tmp_path / "none.mp4", "No such file"),
        (99, "99: not a camera"),
    ):
        with pytest.raises(BrokenFileError, match=message):
            clips.track_video(Tracker(localizer), source, tmp_path / "out", "x")
    assert not (tmp_path / "out").exists() or not os.listdir(tmp_path / "out")


def test_command_line(clip, tmp_path, capsys):
    picture = tmp_path / "photo.png"
    cv2.imwrite(str(picture), cv2.cvtColor(PORTRAIT, cv2.COLOR_RGB2BGR))
    output = tmp_path / "out"
    inputs = [str(clip), str(picture), "99"]
    code = cli.main(["predict", *inputs, "--output", str(output), "--no-smoothing"])
    captured = capsys.readouterr()
    assert code == 1 and "99: not a camera" in captured.err
    (written,) = output.rglob("pan.mp4.landmarks.mp4")
    assert f"{clip}: 1 face, {written}" in captured.out
    assert len([*output.rglob("photo.png.landmarks.json")]) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_interrupted_recording_keeps_its_frames(tmp_path, sent, code):
    """In a process of its own, which is in the middle of a long clip."""
    clip = write(tmp_path / "long.mp4", [PORTRAIT] * 400)
    output = tmp_path / "out"
    # -P: the installed package, not the folder the tests are run in.
    program = [sys.executable, "-P", "-m", "wingkeras"]
    with subprocess.Popen(
        [*program, "predict", clip, PORTRAIT_FILE, "--output", output],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as process:
        deadline = time.monotonic() + 120
        while not any(p.stat().st_size for p in output.glob(".incomplete*mp4")):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(sent)
        _, error = process.communicate(timeout=60)
    assert process.returncode == code, error
    assert not [*output.rglob("grace_hopper*")]
    frames, _ = _read_clip(output / "long.mp4.landmarks.mp4")
    assert 0 < len(frames) < 400
    assert len(_lines(output / "long.mp4.landmarks.jsonl")) == len(frames)
