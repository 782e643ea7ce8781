"""Loss values, gradients and the compile-fit-save-load round, on KERAS_BACKEND.

Usage: losses_on_backend.py INPUT.npz OUTPUT.npz
"""

import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
from keras import ops

import wingkeras


def main(source, destination):
    arrays = np.load(source)
    y_true, y_pred = arrays["y_true"], arrays["y_pred"]
    results = {}
    for loss in (
        wingkeras.WingLoss(w=10, epsilon=2, reduction=None),
        wingkeras.RectifiedWingLoss(r=0.5, w=10, epsilon=2, reduction=None),
        wingkeras.L1Loss(reduction=None),
        wingkeras.L2Loss(reduction=None),
        wingkeras.SmoothL1Loss(reduction=None),
    ):
        name = type(loss).__name__
        results[f"{name}.value"] = ops.convert_to_numpy(loss(y_true, y_pred))
        none = loss(y_true[:0], y_pred[:0])
        results[f"{name}.of_no_faces"] = ops.convert_to_numpy(none)
        results[f"{name}.gradient"] = gradient(loss, y_true, y_pred)
    metric = wingkeras.NME("five", "inter_pupil")
    for half in np.split(np.arange(len(y_true)), [3]):
        metric.update_state(y_true[half], y_pred[half])
    results["nme"] = ops.convert_to_numpy(metric.result())
    results["round_trip"] = round_trip()
    np.savez(destination, backend=keras.backend.backend(), **results)


def gradient(loss, y_true, y_pred):
    if keras.backend.backend() == "jax":
        import jax

        return np.asarray(jax.grad(lambda p: loss(y_true, p).sum())(y_pred))
    if keras.backend.backend() == "torch":
        import torch

        prediction = torch.tensor(y_pred, requires_grad=True)
        loss(y_true, prediction).sum().backward()
        return prediction.grad.numpy()
    import tensorflow as tf

    prediction = tf.constant(y_pred)
    with tf.GradientTape() as tape:
        tape.watch(prediction)
        value = tf.reduce_sum(loss(y_true, prediction))
    return tape.gradient(value, prediction).numpy()


def round_trip():
    """Loss before and after training, and predictions before and after saving."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, 64, 64, 3), np.uint8)
    targets = rng.uniform(0, 64, (8, 10)).astype(np.float32)
    model = wingkeras.models.CNN6(num_landmarks=5)
    model.compile(
        optimizer=keras.optimizers.AdamW(1e-3),
        loss=wingkeras.WingLoss(w=10, epsilon=2),
        metrics=[wingkeras.NME("five", "inter_pupil")],
    )
    history = model.fit(images, targets, epochs=4, batch_size=4, verbose=0).history
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        loaded = keras.saving.load_model(path)
    assert isinstance(loaded.loss, wingkeras.WingLoss), loaded.loss
    change = np.abs(
        model.predict(images, verbose=0) - loaded.predict(images, verbose=0)
    ).max()
    evaluated = loaded.evaluate(images, targets, verbose=0, return_dict=True)
    return [history["loss"][0], history["loss"][-1], change, *evaluated.values()]


if __name__ == "__main__":
    main(*sys.argv[1:])
