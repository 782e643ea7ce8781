import cv2
import numpy as np
import pytest
from matplotlib.cbook import get_sample_data

from wingkeras import geometry
from wingkeras.imaging.alignment import align
from wingkeras.imaging.images import read_image
from wingkeras.schemes import AFLW19, FIVE, IBUG68, LandmarkScheme

PORTRAIT = read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))
FACE = np.array([[221, 170], [300, 176], [258, 214], [223, 252], [289, 257]], float)
TURN = np.array([[0.8, 0.6], [-0.6, 0.8]])
FACES = np.stack([FACE, (FACE - 250) @ TURN * 0.4 + [150, 400]])


def _umeyama(source, target):
    """The closed form of Umeyama (1991), by SVD."""
    means = source.mean(axis=0), target.mean(axis=0)
    x, y = source - means[0], target - means[1]
    u, d, v = np.linalg.svd(y.T @ x / len(x))
    signs = np.array([1, np.sign(np.linalg.det(u @ v))])
    scale = (d * signs).sum() / x.var(axis=0).sum()
    linear = scale * u @ np.diag(signs) @ v
    return np.column_stack([linear, means[1] - linear @ means[0]])


def _sampled(image, inverse, size):
    """Bilinear mixture at exact positions; beyond the picture it is black."""
    rows, columns = np.mgrid[:size, :size]
    x, y = np.einsum("ij,jrc->irc", inverse, [columns, rows, np.ones((size, size))])
    result = np.zeros((size, size, 3))
    for dx in (0, 1):
        for dy in (0, 1):
            px, py = np.floor(x).astype(int) + dx, np.floor(y).astype(int) + dy
            weight = (1 - abs(x - px)) * (1 - abs(y - py))
            inside = (px >= 0) & (py >= 0)
            inside &= (px < image.shape[1]) & (py < image.shape[0])
            pixels = image[py * inside, px * inside] * inside[..., None]
            result += weight[..., None] * pixels
    return result


@pytest.mark.parametrize("size", [112, 56, 200])
def test_crops_are_the_warp_of_the_least_squares_similarity(size):
    crops, maps = align(PORTRAIT, FACES, FIVE, size)
    assert crops.shape == (2, size, size, 3) and crops.dtype == np.uint8
    smooth = cv2.GaussianBlur(PORTRAIT, (0, 0), 4)
    from_smooth, _ = align(smooth, FACES, FIVE, size)
    for i, face in enumerate(FACES):
        expected = _umeyama(face, geometry.arcface_template(size))
        np.testing.assert_allclose(maps[i], expected, atol=1e-9)
        warped = cv2.warpAffine(PORTRAIT, expected, (size, size))
        assert np.abs(crops[i].astype(int) - warped).max() <= 1
        full = np.vstack([expected, [0, 0, 1]])
        sampled = _sampled(smooth, np.linalg.inv(full)[:2], size)
        inside = sampled.min(axis=2) > 0  # OpenCV rounds positions to 1/32 pixel
        assert np.abs(from_smooth[i] - sampled)[inside].max() <= 1.5


def test_a_face_comes_to_the_recognisers_points_whatever_its_scheme():
    template = geometry.arcface_template()
    moved = (template @ TURN * 1.7 + [90, 40])[None]
    rng = np.random.default_rng(0)
    whole = np.full((1, 19, 2), 7.0)
    whole[:, [7, 10, 13, 15, 17]] = moved
    ibug = np.full((1, 68, 2), 7.0)
    ibug[:, [30, 48, 54]] = moved[:, 2:]
    for eye, centre in ((range(36, 42), 0), (range(42, 48), 1)):
        around = rng.normal(0, 5, (6, 2))
        ibug[:, eye] = moved[:, centre] + around - around.mean(axis=0)
    for landmarks, scheme in ((moved, FIVE), (whole, AFLW19), (ibug, IBUG68)):
        _, maps = align(PORTRAIT, landmarks, scheme)
        found = geometry.transform(maps, moved)[0]
        np.testing.assert_allclose(found, template, atol=1e-6)


def test_a_shape_of_ones_own_fills_the_crop_but_for_the_margin():
    scheme = LandmarkScheme("square", ("a", "b", "c"), (0, 1, 2))
    shape = np.array([[0, 0], [10, 0], [0, 4]])
    landmarks = (shape @ TURN * 3 + [60, 80])[None]
    crops, maps = align(PORTRAIT, landmarks, scheme, 100, shape, margin=0.1)
    found = geometry.transform(maps, landmarks)[0]
    np.testing.assert_allclose(found, [[9.5, 33.5], [89.5, 33.5], [9.5, 65.5]])
    assert crops.shape == (1, 100, 100, 3)


def test_no_faces_give_no_crops():
    crops, maps = align(PORTRAIT, np.zeros((0, 5, 2)), FIVE, 32)
    assert crops.shape == (0, 32, 32, 3) and maps.shape == (0, 2, 3)


def test_beyond_the_picture_is_black():
    crops, _ = align(np.full((9, 9, 3), 255, np.uint8), FACES[:1], FIVE)
    assert not crops.any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 0}, "`size` >= 1 pixel, received 0"),
        ({"shape": FACE[:4]}, r"\(5, 2\) for scheme 'five', received \(4, 2\)"),
        ({"landmarks": FACES * [[[1]], [[np.nan]]]}, r"faces \[1\]"),
        ({"landmarks": FACES * [[[0]], [[1]]]}, r"one place for faces \[0\]"),
        (
            {"scheme": LandmarkScheme("hand", tuple("abcde"), tuple(range(5)))},
            "'hand' has no eyes or no points named nose_tip.*`shape`",
        ),
    ],
)
def test_what_cannot_be_aligned_is_refused(change, message):
    arguments = {"landmarks": FACES, "scheme": FIVE, **change}
    with pytest.raises(ValueError, match=message):
        align(PORTRAIT, **arguments)
