"""What a command line's inputs mean, and that no two share a place for results."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wingkeras.inference.sources import list_sources


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _touch(*names):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"")


def _list(given, recursive=False):
    errors = []
    found = list(list_sources(given, recursive, errors.append))
    return found, [str(error) for error in errors]


def test_a_folder_means_its_pictures_and_videos():
    _touch("x/b.PNG", "x/a.jpg", "x/c.mp4", "x/notes.txt", "x/.hidden.jpg")
    _touch("x/a.jpg.landmarks.jpg", "x/c.mp4.landmarks.mp4", "x/b.landmarks.png")
    _touch("x/sub/d.heic", "x/sub/.hidden/e.jpg")
    found, errors = _list("x")
    assert [str(source.origin) for source in found] == ["x/a.jpg", "x/b.PNG", "x/c.mp4"]
    assert [source.is_video for source in found] == [False, False, True]
    assert not errors
    found, _ = _list("x", recursive=True)
    assert str(found[-1].origin) == "x/sub/d.heic" and len(found) == 4


def test_links_to_folders_are_not_followed():
    _touch("x/a.jpg")
    os.symlink(".", "x/again")
    os.symlink("ring.jpg", "x/ring.jpg")
    found, errors = _list("x", recursive=True)
    assert [source.origin.name for source in found] == ["a.jpg", "ring.jpg"]
    assert not errors


def test_folders_without_anything_are_reported():
    _touch("x/sub/a.jpg")
    found, (error,) = _list("x")
    assert not found and error.startswith("x: this folder holds no pictures or videos")
    assert "--recursive" in error
    assert len(_list("x", recursive=True)[0]) == 1


def test_cameras_and_files_of_such_names():
    (camera,), _ = _list("0")
    assert camera.origin == 0 and camera.is_video and camera.place == Path("camera0")
    _touch("0")
    (file,), _ = _list("0")
    assert file.origin == Path("0") and not file.is_video


def test_places_mirror_the_inputs(here):
    given = ["a.jpg", "a.png", "x/a.jpg", "y/a.jpg", "./x/../b.jpg", here / "c.jpg"]
    places = [_list(path)[0][0].place for path in given]
    expected = ["a.jpg", "a.png", "x/a.jpg", "y/a.jpg", "b.jpg", "c.jpg"]
    assert places == [Path(name) for name in expected]
    outside = here.parent / "other" / "a.jpg"
    (source,), _ = _list(outside)
    assert source.place == outside.relative_to(outside.anchor)
    (same,), _ = _list("../other/a.jpg")
    assert same.place == source.place


@given(st.sets(st.integers(1, 260), min_size=2), st.sampled_from(["n", "é", "照"]))
def test_places_of_long_names_stay_apart_and_short(lengths, letter):
    places = set()
    for length in lengths:
        (source,), _ = _list(letter * length + ".jpg")
        assert len(os.fsencode(source.place.name)) <= 200
        places.add(source.place)
    assert len(places) == len(lengths)
