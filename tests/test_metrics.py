import keras
import numpy as np
import pytest

from wingkeras import metrics
from wingkeras.schemes import FIVE, IBUG68, LandmarkScheme

EYELESS = LandmarkScheme("thing", tuple("abcde"), (1, 0, 2, 4, 3))
FACE = np.array([[0, 0], [20, 0], [10, 10], [3, 20], [17, 20]], np.float64)


def _faces(count=8, points=68, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0, 200, (count, points, 2))
    return truth, truth + rng.normal(0, 3, truth.shape)


def test_error_of_a_known_face():
    off = FACE + np.array([3, 4])
    error = metrics.nme(FACE[None], off[None], FIVE, "inter_pupil")
    np.testing.assert_allclose(error, [5 / 20])
    error = metrics.nme(FACE[None], off[None], "five", "box")
    np.testing.assert_allclose(error, [5 / 20])


def test_normalizers_of_68_points():
    truth, found = _faces()
    mean = np.linalg.norm(truth - found, axis=2).mean(axis=1)
    corners = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=1)
    pupils = np.linalg.norm(
        truth[:, 36:42].mean(axis=1) - truth[:, 42:48].mean(axis=1), axis=1
    )
    box = np.sqrt(np.prod(truth.max(axis=1) - truth.min(axis=1), axis=1))
    for name, length in (
        ("inter_ocular", corners),
        ("inter_pupil", pupils),
        ("box", box),
    ):
        result = metrics.nme(truth, found, IBUG68, name)
        np.testing.assert_allclose(result, mean / length)


@pytest.mark.parametrize("normalizer", ["inter_ocular", "inter_pupil"])
def test_error_ignores_size_place_and_rotation(normalizer):
    truth, found = _faces()
    turn = np.array([[np.cos(0.7), -np.sin(0.7)], [np.sin(0.7), np.cos(0.7)]])
    moved = [3.5 * points @ turn + [40, -7] for points in (truth, found)]
    np.testing.assert_allclose(
        metrics.nme(*moved, IBUG68, normalizer),
        metrics.nme(truth, found, IBUG68, normalizer),
    )


def test_unlabelled_points_are_left_out():
    truth = FACE.copy()
    truth[2] = np.nan
    off = FACE + np.array([[3, 4], [3, 4], [99, 99], [0, 0], [0, 0]])
    error = metrics.nme(truth[None], off[None], FIVE, "inter_pupil")
    np.testing.assert_allclose(error, [2.5 / 20])


def test_normalizer_has_no_default():
    with pytest.raises(TypeError, match="normalizer"):
        metrics.nme(FACE[None], FACE[None], FIVE)
    with pytest.raises(TypeError, match="normalizer"):
        metrics.NME(FIVE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((FIVE, "pupil"), r"one of .*inter_pupil.*received 'pupil'"),
        ((FIVE, "inter_ocular"), "no points for inter_ocular; .*inter_pupil or box"),
        ((EYELESS, "inter_pupil"), "no points for inter_pupil; choose box"),
        (("six", "box"), "received 'six'"),
        ((IBUG68, "box"), r"`landmarks` of shape \(1, 68, 2\), received \(1, 5, 2\)"),
    ],
    ids=str,
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        metrics.nme(FACE[None], FACE[None], *arguments)


def test_face_without_normalizer_is_named():
    flat = FACE.copy()
    flat[1] = flat[0]
    blind = FACE.copy()
    blind[0] = np.nan
    faces = np.stack([FACE, flat, blind])
    with pytest.raises(ValueError, match=r"faces \[1, 2\]"):
        metrics.nme(faces, faces, FIVE, "inter_pupil")


def test_usual_normalizers_are_those_a_scheme_has_points_for():
    assert metrics.usual_normalizers(IBUG68) == ("inter_ocular", "inter_pupil")
    assert metrics.usual_normalizers(FIVE) == ("inter_pupil",)
    assert metrics.usual_normalizers(EYELESS) == ("box",)
    error = metrics.nme(FACE[None], FACE[None] + [3, 4], EYELESS, "box")
    np.testing.assert_allclose(error, [5 / 20])


def test_which_faces_can_be_measured():
    flat, blind, mouthless = FACE.copy(), FACE.copy(), FACE.copy()
    flat[1], blind[0], mouthless[3:] = flat[0], np.nan, np.nan
    faces = np.stack([FACE, flat, blind, mouthless])
    found = metrics.measurable(faces, FIVE, "inter_pupil")
    assert found.tolist() == [True, False, False, True]
    assert metrics.measurable(faces, FIVE, "box").all()


@pytest.mark.parametrize("normalizer", metrics.NORMALIZERS)
@pytest.mark.parametrize("vectors", [False, True], ids=["landmarks", "vectors"])
def test_metric_is_the_mean_over_batches(normalizer, vectors):
    truth, found = _faces(9)
    truth[4, 20:25] = np.nan
    expected = metrics.nme(truth, found, IBUG68, normalizer).mean()
    metric = metrics.NME("ibug68", normalizer)
    for part in (slice(0, 4), slice(4, 9)):
        batch = [points[part] for points in (truth, found)]
        if vectors:
            batch = [np.swapaxes(points, 1, 2).reshape(-1, 136) for points in batch]
        metric.update_state(*batch)
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-5)
    metric.reset_state()
    assert metric.result() == 0


def test_metric_weighs_samples_and_leaves_out_the_unusable():
    truth = np.stack([FACE, FACE, FACE])
    truth[2, 0] = np.nan
    found = truth + np.array([[3.0, 4.0]])
    found[1] = truth[1]
    metric = metrics.NME("five", "inter_pupil")
    metric.update_state(truth, found, sample_weight=[3.0, 1.0, 5.0])
    np.testing.assert_allclose(metric.result(), 0.25 * 3 / 4, rtol=1e-6)


WRONG_SHAPES = {
    "vectors of another scheme": (
        (68, 10),
        "ibug68",
        r"\(batch, 136\) or \(batch, 68, 2",
    ),
    "landmarks of another scheme": ((8, 19, 2), "five", r"5 points of scheme 'five'"),
    "points and axes swapped": ((8, 2, 5), "five", r"received \(8, 2, 5\)"),
    "three coordinates": ((8, 5, 3), "five", r"received \(8, 5, 3\)"),
    "one face without a batch": ((10,), "five", r"received \(10,\)"),
}


@pytest.mark.parametrize("case", WRONG_SHAPES)
def test_metric_refuses_what_is_not_of_its_scheme(case):
    shape, scheme, message = WRONG_SHAPES[case]
    metric = metrics.NME(scheme, "inter_pupil")
    with pytest.raises(ValueError, match=message):
        metric.update_state(np.ones(shape), np.ones(shape))
    assert metric.result() == 0


@pytest.mark.parametrize("shape", [(1, 5, 2), (7, 5, 2), (8, 10), (8, 4, 2)], ids=str)
def test_metric_refuses_predictions_of_another_shape(shape):
    metric = metrics.NME("five", "inter_pupil")
    with pytest.raises(ValueError, match=r"same shape as `y_true`, \(8, 5, 2\)"):
        metric.update_state(np.ones((8, 5, 2)), np.ones(shape))


@pytest.mark.parametrize("shape", [(2,), (1, 3), (3, 10)], ids=str)
def test_metric_refuses_weights_that_are_not_one_per_face(shape):
    truth = np.stack([FACE] * 3)
    metric = metrics.NME("five", "inter_pupil")
    with pytest.raises(ValueError, match=r"one weight per sample; received"):
        metric.update_state(truth, truth, sample_weight=np.ones(shape))


def test_metric_checks_what_a_graph_knows_of_the_shapes():
    """The number of faces is open while a model is compiled, that of points is not."""
    image = keras.Input((4,))
    model = keras.Model(image, keras.layers.Dense(8)(image))
    model.compile("sgd", "mse", metrics=[metrics.NME("five", "inter_pupil")])
    with pytest.raises(ValueError, match="5 points of scheme 'five'"):
        model.evaluate(np.ones((6, 4)), np.ones((6, 8)), verbose=0)
    right = keras.Model(image, keras.layers.Dense(10)(image))
    right.compile("sgd", "mse", metrics=[metrics.NME("five", "inter_pupil")])
    weights = np.arange(6.0)
    right.evaluate(np.ones((6, 4)), np.ones((6, 10)), sample_weight=weights, verbose=0)


def test_metric_shows_its_arguments():
    metric = metrics.NME("five", "inter_pupil")
    assert repr(metric) == "NME(scheme='five', normalizer='inter_pupil')"


def test_metric_is_saved_with_its_arguments():
    metric = metrics.NME("ibug68", "inter_ocular")
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(metric)
    )
    assert copy.get_config() == metric.get_config()
    assert copy.normalizer == "inter_ocular" and copy.name == "nme_inter_ocular"


def test_ced_of_known_errors():
    errors = np.array([0.01, 0.02, 0.02, np.inf, np.nan])
    result = metrics.cumulative_error_distribution(errors, [0, 0.01, 0.015, 0.02, 1])
    np.testing.assert_allclose(result, [0, 0.2, 0.2, 0.6, 0.6])


def test_auc_is_the_area_under_the_ced():
    errors = np.abs(np.random.default_rng(0).normal(0.04, 0.03, 200))
    steps = np.linspace(0, 0.08, 400_001)
    area = metrics.cumulative_error_distribution(errors, steps).mean()
    np.testing.assert_allclose(metrics.auc(errors, 0.08), area, atol=1e-5)
    assert metrics.auc([0.0], 0.08) == 1 and metrics.auc([0.08, np.inf], 0.08) == 0


def test_failure_rate_counts_errors_above_the_threshold():
    errors = [0.01, 0.08, 0.0801, np.inf, np.nan]
    assert metrics.failure_rate(errors, 0.08) == pytest.approx(0.6)


def test_no_errors_no_answer():
    for function in (metrics.auc, metrics.failure_rate):
        with pytest.raises(ValueError, match="one or more errors"):
            function([], 0.1)


@pytest.mark.parametrize("threshold", [0, -1, np.nan, np.inf])
@pytest.mark.parametrize("function", [metrics.auc, metrics.failure_rate])
def test_thresholds_that_say_nothing(function, threshold):
    with pytest.raises(ValueError, match="`threshold` > 0 and finite, received"):
        function([0.1], threshold)


@pytest.mark.parametrize("thresholds", [0.1, [[0.1]], [0.1, np.nan]], ids=str)
def test_ced_refuses_what_is_no_list_of_thresholds(thresholds):
    with pytest.raises(ValueError, match="`thresholds` without NaN, received shape"):
        metrics.cumulative_error_distribution([0.1], thresholds)


@pytest.mark.parametrize("function", [metrics.measurable, metrics.normalizer_lengths])
def test_lengths_of_another_scheme_are_refused(function):
    with pytest.raises(ValueError, match=r"shape \(1, 68, 2\), received \(1, 5, 2\)"):
        function(FACE[None], IBUG68, "inter_pupil")
