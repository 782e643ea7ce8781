import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_videos import (
    MJPEG,
    MPEG4,
    damage_avi,
    put_index_first,
    trim_mp4,
    write,
    write_webm,
)
from wingkeras.imaging.images import BrokenFileError
from wingkeras.video.reading import FileClock, VideoReader, open_video

COUNT = 60


@pytest.fixture(scope="module")
def frames():
    """The grey level says which it is; the noise gives the file some size."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 20, (120, 160, 3), np.uint8)
    return [noise + np.uint8(4 * i) for i in range(COUNT)]


def _shown(frame):
    return (frame.mean() - 9.5) / 4


def _read(path):
    reader = VideoReader(path)
    found = list(reader.frames())
    numbers = [number for number, _, _ in found]
    np.testing.assert_allclose([_shown(frame) for *_, frame in found], numbers, atol=1)
    reader.release()
    return reader, numbers, [seconds for _, seconds, _ in found]


@pytest.mark.parametrize(
    ("rate", "how"),
    [(12.5, MPEG4), (30000 / 1001, MPEG4), (25, MJPEG), (60, MJPEG)],
)
def test_whole_files_lose_nothing(tmp_path, frames, rate, how):
    path = write(tmp_path / ("a.avi" if how == MJPEG else "a.mp4"), frames, rate, how)
    reader, numbers, seconds = _read(path)
    assert numbers == list(range(COUNT)) and reader.loss() == ""
    assert reader.rate == pytest.approx(rate, rel=1e-3)
    np.testing.assert_allclose(seconds, np.arange(COUNT) / rate, atol=2e-3)


def test_a_browsers_recording_keeps_its_time(tmp_path, frames):
    """It claims 1000 frames a second; 20 come, more or less."""
    gaps = np.random.default_rng(0).integers(44, 57, COUNT - 1)
    stamps = [0, *np.cumsum(gaps).tolist()]
    path = write_webm(tmp_path / "a.webm", frames, stamps)
    reader, numbers, seconds = _read(path)
    assert open_video(path).get(5) == 1000, "what the file claims"
    assert 18 < reader.rate < 22 and reader.loss() == ""
    assert numbers == list(range(COUNT))
    np.testing.assert_allclose(seconds, np.array(stamps) / 1000, atol=1e-3)


@pytest.mark.parametrize("kept", [0.3, 0.5, 0.95])
def test_a_cut_off_file_says_where_it_ends(tmp_path, frames, kept):
    avi = write(tmp_path / "a.avi", frames, 30, MJPEG)
    mp4 = write(tmp_path / "a.mp4", frames, 30)
    put_index_first(mp4)
    assert VideoReader(mp4).total == COUNT and _read(mp4)[0].loss() == ""
    for path in (avi, mp4):
        data = path.read_bytes()
        path.write_bytes(data[: int(kept * len(data))])
        reader = VideoReader(path)
        count = len(list(reader.frames()))
        assert 0 < count < COUNT and reader.read == count
        assert reader.loss() == (
            f"of 60 frames {count} could be read: "
            f"the file ends early, after {count / 30:.2f} s"
        )


def test_damage_in_the_middle_does_not_end_a_file(tmp_path, frames):
    path = write(tmp_path / "a.avi", frames, 30, MJPEG)
    damage_avi(path, 30, 3)
    damage_avi(path, 50, 1)
    reader, numbers, seconds = _read(path)
    left = [*range(30), *range(33, 50), *range(51, 60)]
    assert numbers == left
    np.testing.assert_allclose(seconds, np.array(left) / 30, atol=1e-3)
    assert reader.loss() == (
        "of 60 frames 56 could be read: 4 frames damaged, the first after 1.00 s"
    )


def test_a_trimmed_clip_is_whole(tmp_path, frames):
    """The file counts 60 frames, and is to show half of them."""
    path = write(tmp_path / "a.mp4", frames, 30)
    trim_mp4(path, 0.5)
    reader, numbers, _ = _read(path)
    assert reader.total == COUNT and len(numbers) == COUNT // 2
    assert reader.loss() == ""


def test_a_file_that_was_not_read_to_its_end_lost_nothing(tmp_path, frames):
    reader = VideoReader(write(tmp_path / "a.mp4", frames))
    answers = iter([False] * 5 + [True])
    assert len(list(reader.frames(lambda: next(answers)))) == 5
    assert reader.loss() == ""


def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(BrokenFileError, match=r"pipe\.mp4: expected a regular file"):
        VideoReader(tmp_path / "pipe.mp4")


@given(st.lists(st.floats(0.001, 59), min_size=1), st.floats(0, 50))
def test_clock_gives_good_time_stamps_as_they_are(steps, start):
    stamps = start + np.cumsum([0, *steps])
    clock = FileClock(0.04)
    np.testing.assert_allclose([clock(stamp) for stamp in stamps], stamps)


@given(st.lists(st.floats(), min_size=1))
def test_clock_goes_forward_whatever_the_file_says(stamps):
    clock = FileClock(0.04)
    seconds = np.array([clock(stamp) for stamp in stamps])
    assert np.isfinite(seconds).all() and seconds[0] >= 0
    steps = np.diff(seconds)
    assert (steps > 0).all() and (steps <= 60.001).all()


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ([0, 0, 0, 0], [0, 0.1, 0.2, 0.3]),
        ([float("nan")] * 3, [0, 0.1, 0.2]),
        ([900, 900.5, 901], [0, 0.5, 1]),
        ([-0.3, 0.2], [0, 0.5]),
        ([1, 1.5, 0.2, 2.5], [1, 1.5, 1.6, 2.5]),
        ([1, 1.5, 0.0, 0.5, 1.0, 1.5], [1, 1.5, 1.6, 1.7, 2.2, 2.7]),
    ],
    ids=["none", "no numbers", "late start", "early start", "slip", "new start"],
)
def test_clock_goes_on_where_time_stamps_are_of_no_use(stamps, expected):
    clock = FileClock(0.1)
    np.testing.assert_allclose([clock(stamp) for stamp in stamps], expected)
