import cv2
import numpy as np
import pytest
from matplotlib.cbook import get_sample_data

from faces_on_disk import make_faces
from wingkeras import geometry, zoo
from wingkeras.data.csv_files import load_csv, save_csv
from wingkeras.data.faces import FaceDataset
from wingkeras.imaging.images import read_image
from wingkeras.inference.flip import localize_with_flip
from wingkeras.schemes import FIVE, IBUG68, five_of_ibug68
from wingkeras.training.pseudo_labels import pseudo_label


@pytest.fixture(scope="module")
def localizer():
    return zoo.load("cnn6_300w")


@pytest.fixture(scope="module")
def portrait(tmp_path_factory, localizer):
    """A small copy of the portrait, and its landmarks."""
    image = read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))
    image = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    path = tmp_path_factory.mktemp("portrait") / "portrait.png"
    cv2.imwrite(str(path), image[..., ::-1])
    return path, localizer.detect(image).landmarks[0]


def _five(path, points):
    return FaceDataset((path,) * len(points), points, FIVE, ("x",) * len(points))


def test_labels_faces_from_their_five_points(localizer, portrait):
    path, landmarks = portrait
    labelled = pseudo_label(
        localizer, _five(path, five_of_ibug68(landmarks)[None]), 0.05
    )
    assert labelled.scheme == IBUG68 and labelled.images == (path,)
    eyes = np.linalg.norm(landmarks[36] - landmarks[45])
    error = np.linalg.norm(labelled.landmarks[0] - landmarks, axis=1).mean() / eyes
    assert error < 0.06


def test_several_models_label_with_the_mean(localizer, portrait):
    path, landmarks = portrait
    five = five_of_ibug68(landmarks)[None]
    models = [localizer, localizer.replace(box_scale=1.2 * localizer.box_scale)]
    mean_shape = localizer.stages[0].mean_shape[None]
    to_image = geometry.fit_similarity(five_of_ibug68(mean_shape), five)
    expected = geometry.transform(to_image, mean_shape)
    for _ in range(2):
        boxes = geometry.landmark_boxes(expected)
        each = [localize_with_flip(model, path, boxes)[0] for model in models]
        expected = (each[0] + each[1]) / 2
    assert np.abs(each[0] - each[1]).max() > 0.5
    labelled = pseudo_label(models, _five(path, five), 1.0)
    np.testing.assert_allclose(labelled.landmarks, expected, atol=1e-3)


def test_leaves_out_what_does_not_agree(localizer, portrait):
    path, landmarks = portrait
    points = np.stack([five_of_ibug68(landmarks)] * 2)
    points[1, 3:] += 0.4 * np.linalg.norm(points[1, 0] - points[1, 1])
    assert len(pseudo_label(localizer, _five(path, points), 0.05)) == 1
    assert len(pseudo_label(localizer, _five(path, points), 0.0)) == 0


def test_leaves_out_what_is_not_known(localizer, portrait):
    path, landmarks = portrait
    points = np.stack([five_of_ibug68(landmarks)] * 2)
    points[0, 3] = np.nan
    labelled = pseudo_label(localizer, _five(path, points), 0.05)
    assert len(labelled) == 1 and np.isfinite(labelled.landmarks).all()


def test_leaves_out_what_the_picture_cuts(localizer, portrait, tmp_path):
    path, landmarks = portrait
    image = read_image(path)
    below = int(landmarks[30, 1])  # everything under the tip of the nose
    cut = tmp_path / "cut.png"
    cv2.imwrite(str(cut), image[:below, :, ::-1])
    points = five_of_ibug68(landmarks)[None]
    assert len(pseudo_label(localizer, _five(path, points), 1.0, 1.0)) == 1
    assert len(pseudo_label(localizer, _five(cut, points), 1.0, 1.0)) == 0


def test_other_schemes_are_refused(localizer, portrait):
    path, landmarks = portrait
    faces = FaceDataset((path,), landmarks[None], IBUG68, ("x",))
    with pytest.raises(ValueError, match="'ibug68' and 'ibug68'"):
        pseudo_label(localizer, faces)
    with pytest.raises(ValueError, match="none and 'five'"):
        pseudo_label([], _five(path, five_of_ibug68(landmarks)[None]))


def test_five_of_68_points():
    landmarks = np.arange(136, dtype=float).reshape(68, 2)
    five = five_of_ibug68(landmarks)
    np.testing.assert_allclose(five[:, 0] / 2, [38.5, 44.5, 30, 48, 54])


def test_saved_faces_are_read_again(tmp_path):
    faces = make_faces(tmp_path / "faces", 3)
    landmarks = faces.landmarks.copy()
    landmarks[1, 2] = np.nan
    faces = FaceDataset(faces.images, landmarks, FIVE, faces.subsets)
    save_csv(faces, tmp_path / "saved.csv")
    again = load_csv(tmp_path / "saved.csv", FIVE)
    np.testing.assert_allclose(again.landmarks, landmarks, atol=5e-4)
    assert again.images == faces.images
