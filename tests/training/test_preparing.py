import dataclasses
import os

import cv2
import numpy as np
import pytest

from faces_on_disk import make_faces
from made_localizers import make_localizer
from train_made_faces import RECIPE
from wingkeras.data.faces import FaceDataset
from wingkeras.imaging.images import BrokenFileError
from wingkeras.training.preparing import Inputs, prepare


def _with_mirror_copies(faces: FaceDataset, folder) -> FaceDataset:
    """Every face and, in another file, its mirror image; "original" tells whose."""
    images = list(faces.images)
    for i, path in enumerate(faces.images):
        images.append(folder / f"mirrored{i}.png")
        cv2.imwrite(str(images[-1]), cv2.imread(str(path))[:, ::-1])
    width = cv2.imread(str(faces.images[0])).shape[1]
    mirrored = faces.landmarks[:, list(faces.scheme.mirror)]
    mirrored = [width - 1, 0] + mirrored * [-1, 1]
    return FaceDataset(
        tuple(images),
        np.concatenate([faces.landmarks, mirrored]),
        faces.scheme,
        faces.subsets * 2,
        {"original": np.tile(np.arange(len(faces)), 2)},
    )


def _messages(caplog, recipe, faces, extra_faces=None) -> list[str]:
    parts = faces.split(recipe.validation_split, recipe.seed, recipe.group_by)
    prepare(Inputs(recipe, *parts, None, None, extra_faces))
    return [record.getMessage() for record in caplog.records]


def test_licences_of_the_models_that_a_run_is_made_from():
    plain, first, both = (
        make_localizer(1).replace(licence=text)
        for text in ("", "research", "research; mine")
    )
    for models, expected in (
        ((None, None), ""),
        ((plain, None), ""),
        ((plain, first), "research"),
        ((first, both), "research; mine"),
        ((both, first), "research; mine"),
    ):
        assert Inputs(RECIPE, None, None, *models, None).licence == expected


@pytest.fixture
def faces(tmp_path):
    return make_faces(tmp_path / "faces", 20)


def _description(faces, extra_faces=None):
    parts = faces.split(RECIPE.validation_split, RECIPE.seed)
    return Inputs(RECIPE, *parts, None, None, extra_faces).describe()


def test_a_run_is_known_by_its_pictures_boxes_and_labels(tmp_path, faces):
    before = _description(faces)
    assert _description(faces) == before
    for image in (faces.images[0], faces.images[-1]):  # held out or not
        content, times = image.read_bytes(), image.stat()
        image.write_bytes(content[:-20] + b"\1" + content[-19:])
        os.utime(image, ns=(times.st_atime_ns, times.st_mtime_ns))
        changed = _description(faces)
        assert {key for key in before if before[key] != changed[key]} == {"pictures"}
        image.write_bytes(content)
    assert _description(faces) == before
    wider = dataclasses.replace(faces, boxes=faces.boxes * 1.01)
    changed = _description(wider)
    assert {key for key in before if before[key] != changed[key]} == {"boxes"}
    with_more = _description(faces, make_faces(tmp_path / "more", 3))
    assert with_more["pictures"] != before["pictures"]
    faces.images[3].unlink()
    with pytest.raises(BrokenFileError, match=str(faces.images[3])):
        _description(faces)


def test_copies_on_both_sides_of_the_split_are_reported(caplog, tmp_path, faces):
    faces = _with_mirror_copies(faces, tmp_path)
    training, validation = faces.split(RECIPE.validation_split, RECIPE.seed)
    common = {*training.attributes["original"]} & {*validation.attributes["original"]}
    (message,) = _messages(caplog, RECIPE, faces)
    assert message.startswith(f"{len(common)} of the 8 faces held out")
    assert "group_by" in message and str(tmp_path / "mirrored") in message


def test_an_epoch_shows_repeats_up_to_a_cap_in_several_passes(faces):
    training, validation = faces.split(RECIPE.validation_split, RECIPE.seed)
    settings = {"hsm_bins": 5, "hsm_cap": 2, "passes_per_epoch": 3}
    recipe = dataclasses.replace(RECIPE, **settings)
    plan = Inputs(recipe, training, validation, None, None, validation).plan
    counts = np.bincount(plan)
    assert {*counts[: len(training)]} == {3, 6}
    assert [*counts[len(training) :]] == [3] * len(validation)


def test_copies_kept_together_are_not_reported(caplog, tmp_path, faces):
    recipe = dataclasses.replace(RECIPE, group_by="original")
    assert not _messages(caplog, recipe, _with_mirror_copies(faces, tmp_path))


def test_copies_among_the_extra_faces_are_reported(caplog, faces):
    _, validation = faces.split(RECIPE.validation_split, RECIPE.seed)
    (message,) = _messages(caplog, RECIPE, faces, validation)
    assert message.startswith("4 of the 4 faces held out")
    picture = validation.images[0]
    assert f"such as {picture} and {picture}" in message
