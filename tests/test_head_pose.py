import numpy as np
import pytest

import wingkeras.head_pose
from wingkeras.head_pose import HeadPoseModel, head_poses, packaged_model
from wingkeras.schemes import FIVE, IBUG68

MEAN = packaged_model().mean_shape


def _turned(degrees: float) -> np.ndarray:
    """The mean shape, tilted clockwise on the screen."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return MEAN @ np.array([[cos, sin], [-sin, cos]])


def _varied(count: int = 40, spread: float = 0.004) -> np.ndarray:
    """Shapes around the mean shape, of a size of some hundred pixels."""
    offsets = np.random.default_rng(0).normal(0, spread, (count, 68, 2))
    return (MEAN + offsets) * 300 + 250


def test_the_mean_head_looks_into_the_camera():
    (yaw, _, roll) = head_poses(MEAN[None] * 200 + 90, IBUG68)[0]
    assert abs(yaw) < 0.01 and abs(roll) < 0.01


@pytest.mark.parametrize("degrees", [-170, -60, 25, 90, 179])
def test_roll_is_clockwise_and_may_be_any(degrees):
    still, turned = head_poses(np.stack([MEAN, _turned(degrees)]), IBUG68)
    np.testing.assert_allclose(turned - still, [0, 0, degrees], atol=0.01)


def test_yaw_and_pitch_follow_the_nose():
    moved = np.stack([MEAN, MEAN, MEAN])
    nose = range(27, 36)
    side = np.linspace(0.3, 1, 9)[:, None] * 0.012
    moved[1, nose] += side * [1, 0]
    moved[2, nose] -= side * [0, 1]
    still, right, up = head_poses(moved, IBUG68)
    assert right[0] - still[0] > 1, "the nose on the right"
    assert up[1] - still[1] > 1, "the nose higher up"


def test_the_mirror_image_has_the_mirrored_pose():
    shapes = _varied()
    poses = head_poses(shapes, IBUG68)
    flipped = head_poses(IBUG68.flip(shapes, 500), IBUG68)
    np.testing.assert_allclose(flipped, poses * [-1, 1, -1], atol=0.01)
    assert poses[:, :2].std(axis=0).min() > 0.5


def test_place_and_size_do_not_matter():
    shapes = _varied()
    expected = head_poses(shapes, IBUG68)
    moved = head_poses(shapes * 0.1 + [1000, -30], IBUG68)
    np.testing.assert_allclose(moved, expected, atol=1e-3)


def test_the_pose_is_that_of_the_regression_written_out():
    model = packaged_model()
    shape = _varied(1)[0]
    # Procrustes by complex numbers: one number turns and scales the whole shape.
    points = (shape - shape.mean(axis=0)) @ [1, 1j]
    mean = (MEAN - MEAN.mean(axis=0)) @ [1, 1j]
    turn = np.vdot(points, mean) / np.vdot(points, points)
    fitted = turn * points + MEAN.mean(axis=0) @ [1, 1j]
    fitted = np.stack([fitted.real, fitted.imag], axis=1)
    fitted /= np.linalg.norm(fitted)
    x = (fitted - MEAN).ravel()
    z = x @ model.components
    products = [z[i] * z[j] for i in range(len(z)) for j in range(i, len(z))]
    expected = np.concatenate([x, products]) @ model.weights + model.bias
    expected[2] -= np.degrees(np.angle(turn))
    np.testing.assert_allclose(head_poses(shape[None], IBUG68)[0], expected, rtol=1e-4)


def test_outside_the_range_the_pose_is_nan(monkeypatch):
    model = packaged_model()
    biases = [[44, 0, 0], [46, 0, 0], [0, -44, 0], [0, -46, 0]]
    given = []
    for bias in biases:
        made = HeadPoseModel(
            model.mean_shape, model.components, 0 * model.weights, np.array(bias)
        )
        monkeypatch.setattr(wingkeras.head_pose, "packaged_model", lambda m=made: m)
        given.append(np.isfinite(head_poses(MEAN[None], IBUG68)).all(axis=1)[0])
    assert given == [True, False, True, False]


def test_shapes_without_a_pose_are_nan_and_leave_the_others_alone():
    shapes = _varied(4)
    expected = head_poses(shapes, IBUG68)
    shapes[1, 5] = np.nan
    shapes[2] = 7
    found = head_poses(shapes, IBUG68)
    assert np.isnan(found[1:3]).all()
    np.testing.assert_array_equal(found[[0, 3]], expected[[0, 3]])
    assert found.dtype == np.float32
    assert head_poses(np.zeros((0, 68, 2)), IBUG68).shape == (0, 3)


def test_other_schemes_and_shapes_are_refused():
    with pytest.raises(ValueError, match="'ibug68'; these are of scheme 'five'"):
        head_poses(np.zeros((1, 5, 2)), FIVE)
    with pytest.raises(ValueError, match=r"\(N, 68, 2\), received \(68, 2\)"):
        head_poses(MEAN, IBUG68)


def test_the_packaged_model_is_a_model_of_68_points():
    model = packaged_model()
    shapes = [np.shape(part) for part in model]
    count = shapes[1][1]
    rows = 136 + count * (count + 1) // 2
    assert shapes == [(68, 2), (136, count), (rows, 3), (3,)]


def test_errors_on_shapes_it_has_not_seen(real_data):
    """Mean absolute errors, degrees, of 300-W's private set and COFW."""
    with np.load(real_data / "shapes" / "pose68.npz") as file:
        for name, limits in (
            ("300wprivate", (2.0, 1.8, 1.2)),
            ("cofw68", (1.7, 1.3, 1.1)),
        ):
            poses = head_poses(file[f"{name}_landmarks"], IBUG68)
            given = np.isfinite(poses).all(axis=1)
            errors = np.abs(poses - file[f"{name}_pose"])[given].mean(axis=0)
            assert given.mean() > 0.99 and (errors < limits).all()
