import json

import numpy as np
import pytest

import benchmark
import fit_head_pose
from benchmarks.head_pose import _MODEL, solve_pnp
from wingkeras.head_pose import load_model, packaged_model
from wingkeras.schemes import IBUG68

_POINTS = [30, 8, 36, 45, 48, 54]


def _rotation(yaw, pitch, roll):
    """Roll first, then pitch, then yaw; x to the right, y down, z away."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    about_x = [[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]]
    about_y = [[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]]
    return np.array(about_y) @ about_x @ about_z


def _made_heads(count):
    """A symmetric head of 68 points in space, seen from afar, with its poses."""
    rng = np.random.default_rng(0)
    mean = packaged_model().mean_shape
    depth = 0.6 * np.linalg.norm(mean, axis=1, keepdims=True)
    head = np.concatenate([mean, depth], axis=1)
    poses = rng.uniform(-30, 30, (count, 3))
    shapes = [(head @ _rotation(*pose).T)[:, :2] for pose in poses]
    noise = rng.normal(0, 1e-3, (count, 68, 2))
    return (np.array(shapes) + noise) * 300 + 200, poses


@pytest.fixture(scope="module")
def heads():
    return _made_heads(300)


def test_the_fit_finds_the_poses_of_heads_in_space(heads):
    shapes, poses = heads
    model = fit_head_pose.fit(shapes[:200], poses[:200])
    errors = np.abs(model(shapes[200:]) - poses[200:]).mean(axis=0)
    assert (errors < 4.5).all()
    correlations = np.corrcoef(model(shapes).T, poses.T)[:3, 3:]
    np.testing.assert_array_less([0.94] * 3, np.diag(correlations))


def test_mirrored_shapes_have_mirrored_poses(heads):
    shapes, poses = heads
    model = fit_head_pose.fit(shapes[:100], poses[:100])
    np.testing.assert_allclose(
        model(IBUG68.flip(shapes, 400)), model(shapes) * [-1, 1, -1], atol=1e-6
    )


def test_solve_pnp_finds_the_pose_of_its_own_head():
    poses = np.array([[0, 0, 0], [20, 0, 0], [0, 15, 0], [0, 0, 30], [-15, -10, 20]])
    shapes = np.full((len(poses), 68, 2), np.nan)
    for shape, pose in zip(shapes, poses, strict=True):
        seen = _MODEL @ _rotation(*pose).T + [0, 0, 1e5]
        shape[_POINTS] = 100 * 1000 * seen[:, :2] / seen[:, 2:]
    # The camera of so long a focal length is nearly that of these pictures.
    np.testing.assert_allclose(solve_pnp(shapes, 100), poses, atol=1.5)


def test_tool_and_benchmark_write_what_they_print(heads, tmp_path, capsys):
    shapes, poses = heads
    path = tmp_path / "poses.npz"
    arrays = {"a_landmarks": shapes[:200], "a_pose": poses[:200]}
    np.savez(path, b_landmarks=shapes[200:], b_pose=poses[200:], **arrays)
    output = tmp_path / "model.npz"
    arguments = ["--shapes", str(path), "--set", "a", "--output", str(output)]
    assert fit_head_pose.main(arguments) == 0
    assert "Chosen: " in capsys.readouterr().out
    errors = np.abs(load_model(output)(shapes[200:]) - poses[200:]).mean(axis=0)
    assert (errors < 4.5).all()

    arguments = ["head_pose", "--shapes", str(path), "--fitted", "a", "--tested", "b"]
    assert benchmark.main(["--results", str(tmp_path), *arguments]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert json.loads((tmp_path / "benchmark_head_pose.json").read_text()) == printed
    ours, solved, _ = printed["errors"]
    assert ours["method"] == "wingkeras" and solved["method"].startswith("solvePnP")
    assert ours["heads"] == 100 and solved["yaw_mae_degrees"] > 0
    table = (tmp_path / "head_pose.csv").read_text().splitlines()
    assert table[0].startswith("set,landmarks,method") and len(table) == 4
