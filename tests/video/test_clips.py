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

from wingkeras import cli, zoo
from wingkeras.imaging.images import BrokenFileError, read_image
from wingkeras.video import clips
from wingkeras.video.tracker import Tracker

PORTRAIT_FILE = get_sample_data("grace_hopper.jpg", asfileobj=False)
PORTRAIT = read_image(PORTRAIT_FILE)
FRAMES = 12


def _write_clip(path, frames, rate=25.0):
    size = frames[0].shape[1::-1]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), rate, size)
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


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
    return _write_clip(tmp_path_factory.mktemp("clip") / "pan.mp4", frames)


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
    monkeypatch.setattr(clips, "open_video", lambda source: _Camera(5))
    clock = iter(np.arange(0.0, 1.0, 0.1))
    monkeypatch.setattr(clips.time, "monotonic", lambda: next(clock))
    _, path = clips.track_video(Tracker(localizer), 0, tmp_path, "camera0")
    lines = _lines(tmp_path / "camera0.landmarks.jsonl")
    assert [line["frame"] for line in lines] == [2, 5, 8, 10, 12]
    assert len(_read_clip(path)[0]) == 13


def test_fast_camera_has_a_line_for_every_frame_of_its_video(
    localizer, tmp_path, monkeypatch
):
    """Of frames that take 0.01 s on a camera of 25 Hz, one in four is kept."""
    monkeypatch.setattr(clips, "open_video", lambda source: _Camera(9))
    clock = iter(np.arange(0.0, 1.0, 0.01))
    monkeypatch.setattr(clips.time, "monotonic", lambda: next(clock))
    _, path = clips.track_video(Tracker(localizer), 0, tmp_path, "camera0")
    lines = _lines(tmp_path / "camera0.landmarks.jsonl")
    assert [line["frame"] for line in lines] == [0, 1, 2]
    assert len(_read_clip(path)[0]) == 3


def test_nothing_is_written_where_there_is_nothing(localizer, tmp_path):
    grey = [np.full((120, 160, 3), 90, np.uint8)] * 3
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(b"no video")
    for source, message in (
        (_write_clip(tmp_path / "grey.mp4", grey), "no face found in any frame"),
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
    assert f"{clip}: 1 face, {output / 'pan.landmarks.mp4'}" in captured.out
    assert f"{FRAMES}/{FRAMES}" in captured.out, "the progress bar"
    assert (output / "photo.landmarks.json").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_interrupted_recording_keeps_its_frames(tmp_path, sent, code):
    """In a process of its own, which is in the middle of a long clip."""
    clip = _write_clip(tmp_path / "long.mp4", [PORTRAIT] * 400)
    output = tmp_path / "out"
    # -P: the installed package, not the folder the tests are run in.
    program = [sys.executable, "-P", "-m", "wingkeras"]
    with subprocess.Popen(
        [*program, "predict", clip, PORTRAIT_FILE, "--output", output],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 120
        while not any(p.stat().st_size for p in output.glob(".incomplete*mp4")):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(sent)
        _, error = process.communicate(timeout=60)
    assert process.returncode == code, error
    assert not (output / "grace_hopper.landmarks.png").exists()
    frames, _ = _read_clip(output / "long.landmarks.mp4")
    assert 0 < len(frames) < 400
    assert len(_lines(output / "long.landmarks.jsonl")) == len(frames)
