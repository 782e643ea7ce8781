import numpy as np
import pytest

from wingkeras import plots


def test_ced_curve_ends_at_the_share_of_successes(tmp_path):
    errors = np.array([0.01, 0.03, 0.05, 0.2])
    figure = plots.cumulative_errors({"a": errors}, 0.08)
    x, y = figure.axes[0].lines[0].get_data()
    assert x[-1] == pytest.approx(8) and y[-1] == 0.75 and y[0] == 0
    plots.save_figure(figure, tmp_path / "ced.png")
    assert (tmp_path / "ced.png").stat().st_size > 1000


def test_a_note_above_the_curves_is_no_mathematics(tmp_path):
    errors = {"a": np.array([0.01])}
    figure = plots.cumulative_errors(errors, 0.08, note="without $a_{b and c$")
    assert figure.axes[0].get_title() == r"without \$a_{b and c\$"
    plots.save_figure(figure, tmp_path / "ced.png")


def test_training_curves_show_loss_and_error():
    figure = plots.training_curves((np.array([90.0, 50.0]), np.array([0.1, 0.05])))
    left, right = (axes.lines[0].get_data() for axes in figure.axes)
    np.testing.assert_allclose(left, [[1, 2], [90, 50]])
    np.testing.assert_allclose(right, [[1, 2], [10, 5]])


def test_training_curves_go_on_in_the_next_run():
    first = np.array([90.0, 50.0]), np.array([0.1, 0.05])
    second = np.array([40.0]), np.array([0.04])
    left, right = plots.training_curves(first, second).axes
    border, loss = left.lines
    assert set(border.get_xdata()) == {2.5}
    np.testing.assert_allclose(loss.get_data(), [[1, 2, 3], [90, 50, 40]])
    np.testing.assert_allclose(right.lines[0].get_data(), [[1, 2, 3], [10, 5, 4]])


def test_pose_histogram_before_and_after():
    poses = np.array([0.0, 0.1, 0.2, 1.0, np.nan])
    figure = plots.pose_histogram(poses, np.array([1, 1, 1, 3, 1]), bins=2)
    after, before = figure.axes[0].containers
    assert [bar.get_height() for bar in before] == [3, 1]
    assert [bar.get_height() for bar in after] == [3, 3]
    np.testing.assert_allclose([bar.get_x() for bar in before], [0, 0.5])


def test_error_curves_are_in_percent():
    turned = {"a": ([0, 45], [0.03, 0.05]), "b": ([0, 45], [0.04, 0.04])}
    scaled = {"a": ([1, 2], [0.02, 0.08])}
    figure = plots.error_curves({"rotation, degrees": turned, "scale": scaled})
    assert [axes.get_xlabel() for axes in figure.axes] == ["rotation, degrees", "scale"]
    x, y = figure.axes[0].lines[0].get_data()
    assert list(x) == [0, 45] and y == pytest.approx([3, 5])
    x, y = figure.axes[1].lines[0].get_data()
    assert list(x) == [1, 2] and y == pytest.approx([2, 8])
    texts = [[t.get_text() for t in a.get_legend().texts] for a in figure.axes]
    assert texts == [["a", "b"], ["a"]]
    alike = plots.error_curves({"x": scaled, "y": scaled, "z": {"b": scaled["a"]}})
    legends = [a.get_legend() is not None for a in alike.axes]
    assert legends == [True, False, True]
    colours = [a.lines[0].get_color() for a in alike.axes]
    assert colours[0] == colours[1] != colours[2]
    alone = plots.error_curves({"scale": scaled})
    assert alone.get_figwidth() == figure.get_figwidth() / 2


def test_latencies_have_a_bar_each():
    panels = {"1 face": {"a": 1.0, "b": 20.0}, "32 faces": {"a": 30.0}}
    axes = plots.latencies(panels).axes
    assert [a.get_title() for a in axes] == ["1 face", "32 faces"]
    assert [p.get_width() for p in axes[0].patches] == [1.0, 20.0]
    assert [label.get_text() for label in axes[0].get_yticklabels()] == ["a", "b"]
