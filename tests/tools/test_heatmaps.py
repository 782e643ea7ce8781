"""The training of the heat-map network: its faces, its batches, its fit."""

import dataclasses
import json

import numpy as np
import pytest

import measure_spread
import train_heatmaps
from faces_on_disk import make_faces
from heatmaps import side_bias
from heatmaps.batches import Batches
from heatmaps.degradations import perturb
from heatmaps.faces import complete, make_source
from heatmaps.fitting import fit
from heatmaps.upright import make_upright
from wingkeras import geometry, zoo
from wingkeras.data import datasets
from wingkeras.data import regions as face_regions
from wingkeras.data.faces import FaceDataset
from wingkeras.inference.localizer import Localizer
from wingkeras.schemes import FIVE
from wingkeras.training.recipes import RECIPES

SIZE, BOX_SCALE = 64, 1.5
RECIPE = dataclasses.replace(
    RECIPES["heatmap_mobilenetv2"],
    input_size=SIZE,
    box_scale=BOX_SCALE,
    epochs=2,
    batch_size=4,
)


def _half(faces: FaceDataset) -> FaceDataset:
    landmarks = faces.landmarks.copy()
    landmarks[:, [1, 4]] = np.nan
    return FaceDataset(faces.images, landmarks, faces.scheme, faces.subsets)


class _Oracle(Localizer):
    """Finds the true landmarks, in the faces' order, each as often as it is asked to.

    Like `localize_with_flip`, it asks for a face and its mirror image by turns.
    """

    def __init__(self, faces: FaceDataset, calls: int):
        self.stages = (type("Stage", (), {"mean_shape": faces.landmarks[0]}),)
        self.scheme = faces.scheme
        self._faces, self._each, self._calls = faces, 2 * calls, 0

    @property
    def without_flip_tta(self):
        return self

    def __call__(self, image, boxes):
        number, call = divmod(self._calls, self._each)
        self._calls += 1
        points = self._faces.landmarks[number : number + 1]
        return self.scheme.flip(points, image.shape[1]) if call % 2 else points


def test_landmarks_stay_on_what_they_mark(tmp_path):
    faces = make_faces(tmp_path, 8)
    regions = face_regions.load_regions(faces, SIZE, BOX_SCALE)
    rng, zero = np.random.default_rng(0), np.zeros(2)
    distances = []
    for image, maps, points in zip(
        regions.images,
        regions.maps,
        regions.landmarks,
        strict=True,
    ):
        crop, found = perturb(rng, image, maps, points, FIVE.mirror, SIZE, zero, 0.0)
        # The disc of the nose tip is blue whichever way the face is mirrored.
        blue = crop[..., 2].astype(int) - crop[..., :2].max(axis=2)
        rows, columns = np.nonzero(blue > 100)
        distances.append(np.hypot(*(found[2] - [columns.mean(), rows.mean()])))
    assert np.mean(distances) < 1.5


def test_unlabelled_points_stay_so_and_mirror_with_the_others(tmp_path):
    faces = _half(make_faces(tmp_path, 1))
    regions = face_regions.load_regions(faces, SIZE, BOX_SCALE)
    arrays = (regions.images[0], regions.maps[0])
    rng, seen = np.random.default_rng(0), set()
    for _ in range(20):
        points = regions.landmarks[0]
        crop, found = perturb(rng, *arrays, points, FIVE.mirror, SIZE, np.zeros(2))
        assert crop.shape == (SIZE, SIZE, 3) and crop.dtype == np.uint8
        seen.add(tuple(np.flatnonzero(np.isnan(found[:, 0])).tolist()))
    assert seen == {(1, 4), (0, 3)}


def test_half_labelled_faces_are_completed_where_the_model_agrees(tmp_path):
    faces = make_faces(tmp_path, 4)
    half = _half(faces)
    chosen = np.array([True, True, True, False])
    whole = complete(_Oracle(faces, 2), half, chosen)
    np.testing.assert_allclose(whole.landmarks[:3], faces.landmarks[:3], atol=1e-4)
    np.testing.assert_array_equal(whole.landmarks[3], half.landmarks[3])
    np.testing.assert_allclose(whole.boxes[:3], faces.boxes[:3], atol=1e-3)
    source = make_source(half, SIZE, BOX_SCALE, (1, 1), whole, (0.01, 0.03))
    shares = np.array(source.shifts) * BOX_SCALE / SIZE  # of the side of the box
    np.testing.assert_allclose(shares, (0.01, 0.03))
    assert (source.offsets[:3, 0] > 1).all()  # the labelled half is on the left
    np.testing.assert_array_equal(source.offsets[3], [0, 0])


def test_shares_change_on_the_way(tmp_path):
    left = make_source(make_faces(tmp_path / "a", 4), SIZE, BOX_SCALE, (1, 0))
    right = make_source(_half(make_faces(tmp_path / "b", 4)), SIZE, BOX_SCALE, (0, 1))
    batches = Batches([left, right], 4, seed=0)
    crops, vectors = batches.take()
    assert crops.shape == (4, SIZE, SIZE, 3) and vectors.shape == (4, 10)
    assert np.isfinite(vectors).all()
    batches.done = 1.0
    for _ in range(20):  # those made before
        crops, vectors = batches.take()
    assert (np.isnan(vectors).sum(axis=1) == 4).all()


def test_fits_and_saves_and_does_nothing_twice(tmp_path):
    faces = make_faces(tmp_path / "faces", 8)
    source = make_source(faces, SIZE, BOX_SCALE, (1, 1))
    fit(RECIPE, [source], faces, 2, tmp_path / "run")
    localizer = fit(RECIPE, [source], faces, 2, tmp_path / "run")
    rows = (tmp_path / "run" / "metrics.csv").read_text().splitlines()
    assert rows[0].startswith("epoch,") and len(rows) == 3
    loaded = zoo.load(tmp_path / "run")
    assert loaded.box_scale == localizer.box_scale == BOX_SCALE
    image = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    found = [each(image, faces.boxes[:1]) for each in (localizer, loaded)]
    np.testing.assert_allclose(*found, atol=0.2)  # as float16 has it
    measured = measure_spread.measure(localizer, faces)
    assert measured["faces"] == 8 and -1 <= measured["spearman_of_landmarks"] <= 1


def test_an_upright_network_is_the_second_of_a_cascade(tmp_path):
    """It is trained on the crops that it sees later."""
    faces = make_faces(tmp_path / "faces", 8)
    upright = make_upright(zoo.load("cnn6_aflw5"), faces, RECIPE)
    box_scale = upright.first.box_scale
    source = make_source(faces, SIZE, box_scale, (1, 1), shifts=(3.0, -1.0))
    turned = upright.source(source)
    shares = np.array(turned.shifts) / SIZE * BOX_SCALE
    np.testing.assert_allclose(shares, [3.0, -1.0])
    assert 0 < turned.movement < source.movement
    localizer = fit(RECIPE, [turned], faces, 1, tmp_path / "run", upright)
    assert len(localizer.stages) == 2 and localizer.box_scale == box_scale
    regions = turned.regions
    crops, _ = next(face_regions.evaluation_batches(regions))
    vectors = localizer.keras_stages[1].network.predict_on_batch(crops)
    in_regions = geometry.transform(
        geometry.invert(regions.maps), geometry.from_shape_vectors(vectors)
    )
    to_image = geometry.fit_similarity(regions.landmarks, faces.landmarks)
    expected = geometry.transform(to_image, in_regions)
    for path, box, points in zip(faces.images, faces.boxes, expected, strict=True):
        np.testing.assert_allclose(localizer(path, box[None])[0], points, atol=0.5)


@pytest.mark.slow
def test_the_command_trains_on_every_kind_of_faces(tmp_path, monkeypatch):
    made = {name: make_faces(tmp_path / name, 12) for name in ("whole", "extra")}
    half = _half(make_faces(tmp_path / "half", 4))
    names = ("001_frontal_01", "001_profile_01", "400_frontal_01", "401_frontal_01")
    renamed = [
        path.rename(path.with_name(f"{name}.png"))
        for path, name in zip(half.images, names, strict=True)
    ]
    made["half"] = dataclasses.replace(half, images=tuple(renamed))
    asked = []

    def load_faces(path, *arguments, **settings):
        asked.append(str(path))
        return made[str(path)]

    monkeypatch.setattr(datasets, "load_faces", load_faces)
    monkeypatch.setattr(train_heatmaps, "_STEPS", 1)
    recipe = dataclasses.replace(RECIPE, validation_split=0.25)
    monkeypatch.setitem(RECIPES, recipe.name, recipe)
    arguments = ["--data", "whole", "--partly-labelled", "half", "--epochs", "1"]
    arguments += ["--teacher", "cnn6_aflw5", "--extra-faces", "extra=0.13:0.1"]
    arguments += ["--output", str(tmp_path / "run")]
    assert train_heatmaps.main(arguments) == 0
    assert asked == ["whole", "half", "extra"]
    assert len((tmp_path / "run" / "metrics.csv").read_text().splitlines()) == 2
    assert zoo.load(tmp_path / "run").scheme == FIVE
    own, partly, extra = json.loads((tmp_path / "run/recipe.json").read_text())[
        "sources"
    ]
    assert (own["faces"], partly["faces"], extra["faces"]) == (9, 3, 12)
    # 300-W's labels stay, those of their mirror images move by twice the offset, and
    # those of models by the offset.
    assert own["shifts"][0] == 0 and own["shifts"][1] != 0
    assert extra["shifts"] == [pytest.approx(own["shifts"][1] / 2, abs=1e-3)] * 2
    assert np.mean(partly["shifts"]) == pytest.approx(extra["shifts"][0], abs=1e-3)


def test_every_model_holds_out_the_same_faces():
    own = RECIPES["heatmap_mobilenetv2"]
    for name in zoo.list_models():
        described = zoo.model_info(name)
        if described.scheme == "ibug68":
            for recipe in described.recipe:
                assert recipe["held_out"] == own.validation_split
                assert recipe["seed"] == own.seed


def test_labels_are_moved_to_the_side_asked_for(tmp_path):
    """The shift goes to the right of the picture, mirrored or not."""
    regions = face_regions.load_regions(make_faces(tmp_path, 1), SIZE, BOX_SCALE)
    arrays = (regions.images[0], regions.maps[0], regions.landmarks[0])
    found = {}
    for shifts in ((0.0, 0.0), (1.5, 4.0)):
        rng = np.random.default_rng(0)
        found[shifts] = [
            perturb(rng, *arrays, FIVE.mirror, SIZE, np.zeros(2), 0.0, shifts)[1]
            for _ in range(20)
        ]
    differences = np.subtract(found[1.5, 4.0], found[0.0, 0.0])
    np.testing.assert_allclose(differences[..., 1], 0, atol=1e-4)
    of_first = differences[:, 0, 0]
    expected = np.broadcast_to(of_first[:, None], differences.shape[:2])
    np.testing.assert_allclose(differences[..., 0], expected, atol=1e-4)
    assert set(of_first.round(3)) == {1.5, 4.0}


def test_batches_have_the_shifts_of_their_source(tmp_path):
    """So large a shift that no perturbation could be taken for it."""
    faces = make_faces(tmp_path, 4)
    plain = make_source(faces, SIZE, BOX_SCALE, (1, 1))
    moved = make_source(faces, SIZE, BOX_SCALE, (1, 1), shifts=(50.0, 50.0))
    first, second = (Batches([s], 4, seed=0).take()[1] for s in (plain, moved))
    x, y = np.split(second - first, 2, axis=1)
    assert (np.hypot(x, y) > 10 * SIZE).all() and (x > np.abs(y)).all()


def _moved(faces: FaceDataset, share: float) -> FaceDataset:
    return side_bias.move(faces, np.ones(faces.landmarks.shape[:2], bool), share)


def test_the_offset_of_labels_is_measured(tmp_path):
    faces = make_faces(tmp_path, 3)
    labelled = _moved(faces, 0.02)
    sides = faces.boxes[:, 2] - faces.boxes[:, 0]
    by = (labelled.landmarks - faces.landmarks)[..., 0] / sides[:, None]
    np.testing.assert_allclose(by, 0.02, rtol=1e-3)
    boxed = dataclasses.replace(labelled, boxes=faces.boxes)
    measured = side_bias.measure(_Oracle(faces, 1), boxed)
    assert measured == pytest.approx(0.02, rel=1e-3)


def test_another_idea_of_an_outline_is_no_offset(tmp_path):
    """Points of half a face, labelled farther out: only the nose tip tells."""
    faces = make_faces(tmp_path, 3)
    landmarks = faces.landmarks.copy()
    landmarks[:, [0, 3], 0] -= 2
    wide = dataclasses.replace(faces, landmarks=landmarks, boxes=faces.boxes)
    half = dataclasses.replace(_half(wide), boxes=faces.boxes)
    assert side_bias.measure(_Oracle(faces, 1), half) == pytest.approx(0, abs=1e-6)


def test_shifts_of_a_face_and_of_its_mirror_image():
    # In the mirror image, labels that lie to the right of their points lie to the left.
    assert side_bias.shifts(0.02, 0.02) == (0.0, 0.04)
    assert side_bias.shifts(0.02, 0.0) == (0.02, 0.02)
