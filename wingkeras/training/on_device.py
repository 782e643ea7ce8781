"""Training faces that stay in the accelerator's memory.

The face regions are weights of a layer, and what `pipeline.training_batches` does on
the host happens inside the compiled train step: the host only says which faces come
next. Nothing here needs TensorFlow.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from wingkeras.data.augment import DRAWS, Augmentation, perturb
from wingkeras.data.order import index_batches, part_of
from wingkeras.data.regions import FaceRegions

_LONGEST = 128
"""Steps of a compiled loop, at most."""


class ResidentFaces(keras.layers.Layer):
    """Indices `(B,)` of faces in; perturbed crops and their shape vectors out.

    Its place in the sequence of random numbers is saved with a model's weights, the
    faces are not.
    """

    def __init__(self, regions: FaceRegions, augmentation: Augmentation, seed: int):
        """See `pipeline.training_batches`."""
        super().__init__(name="resident_faces", dtype="float32", trainable=False)
        self._augmentation = augmentation
        self._size, self._mirror = regions.size, regions.mirror
        self._images = self._keep(regions.images, "uint8")
        self._maps = self._keep(regions.maps, "float32")
        self._landmarks = self._keep(regions.landmarks, "float32")
        self._random = keras.random.SeedGenerator(seed)
        self.built = True

    def _keep(self, values: np.ndarray, dtype: str):
        weight = self.add_weight(
            shape=values.shape, initializer="zeros", dtype=dtype, trainable=False
        )
        weight.assign(values)
        return weight

    def call(self, indices):
        """`(B, S, S, 3)` crops in [0, 255], `(B, 2L)` shape vectors, float32."""
        count: Any = ops.shape(indices)
        draws = keras.random.uniform((count[0], DRAWS), seed=self._random)
        return perturb(
            self._augmentation,
            ops.take(self._images, indices, axis=0),
            ops.take(self._maps, indices, axis=0),
            ops.take(self._landmarks, indices, axis=0),
            draws,
            self._size,
            self._mirror,
        )

    def save_own_variables(self, store):
        """The random state alone: the faces are read from their files again."""
        store["random"] = self._random.state.numpy()

    def load_own_variables(self, store):
        """The random state."""
        self._random.state.assign(store["random"])


class ResidentLoss(keras.losses.Loss):
    """A loss between the two halves of what a model from `attach` puts out."""

    def __init__(self, loss: keras.losses.Loss):
        """`loss` is between shape vectors."""
        super().__init__(reduction=loss.reduction, name=loss.name)
        self._loss = loss

    def call(self, y_true, y_pred):
        """`(B,)`; `y_true` does not count."""
        return self._loss.call(y_pred[:, 0], y_pred[:, 1])


class _Looped(keras.Model):
    """On JAX, what trains on `(K, B)` indices: K steps in one compiled loop.

    Starting the steps of a small network one by one takes the host longer than the
    accelerator takes for them.
    """

    def compile(self, *args, **settings):
        """As any model; its loss is built here, since `fit` would do it with K."""
        super().compile(*args, **settings)
        output: Any = self.output
        nothing = np.zeros((1, 1), np.float32)
        self.compute_loss(y=nothing, y_pred=np.zeros((1, *output.shape[1:])))

    def train_step(self, state, data):
        """The state after the steps, and the last one's logs."""
        import jax

        one_step = super().train_step
        indices, nothing = data[:2]

        def step(state, batch):
            logs, state = one_step(state, batch)
            return state, logs

        state, logs = jax.lax.scan(step, state, (indices, nothing))
        return jax.tree.map(lambda values: values[-1], logs), state


def loop_lengths(steps: int, devices: int) -> list[int]:
    """How many steps of an epoch each compiled loop takes.

    Args:
        steps: in an epoch.
        devices: that share a batch.

    Returns:
        Numbers that add up to `steps`, no two of them more than one apart, so that no
        more than two loops are compiled. On one accelerator of JAX they are up to
        128, elsewhere 1.
    """
    if keras.backend.backend() != "jax" or devices > 1:
        return [1] * steps
    import jax

    if jax.default_backend() == "cpu":  # which runs the steps themselves no faster
        return [1] * steps
    return [len(part) for part in np.array_split(range(steps), -(-steps // _LONGEST))]


def attach(
    network: keras.Model,
    regions: FaceRegions,
    augmentation: Augmentation,
    seed: int,
    looped: bool = False,
) -> keras.Model:
    """A network to be trained on faces in the accelerator's memory.

    Args:
        network: from crops to shape vectors; the model shares its weights.
        regions: the training faces.
        augmentation: how to perturb them.
        seed: of the augmentation.
        looped: whether `fit` gives it the batches of several steps at once, see
            `training_batches`.

    Returns:
        A model from indices `(B,)` int32 to `(B, 2, 2L)`, targets and predictions,
        for `ResidentLoss`.
    """
    return connect(ResidentFaces(regions, augmentation, seed), network, looped)


def connect(
    faces: keras.layers.Layer, network: keras.Model, looped: bool
) -> keras.Model:
    """As `attach`, for another layer from indices to crops and shape vectors."""
    indices = keras.Input((), dtype="int32", name="faces")
    images, targets = faces(indices)
    kind = _Looped if looped else keras.Model
    return kind(indices, ops.stack([targets, network(images)], axis=1))


def training_batches(
    plan: np.ndarray,
    batch_size: int,
    seed: int,
    first_epoch: int = 0,
    part: tuple[int, int] = (0, 1),
    loops: Sequence[int] | None = None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What to train a model from `attach` with.

    Args:
        plan, batch_size, seed, first_epoch: see `order.index_batches`.
        part: which of how many equal parts of every batch to give.
        loops: how many batches to give at once, one number after the other, over and
            over; for a looped model. By default they are given one by one.

    Yields:
        `(B,)` int32 indices, `(K, B)` with `loops`, and zeros in place of targets,
        which the model puts out itself.
    """
    rows = part_of(batch_size, *part)
    nothing = np.zeros((batch_size, 1), np.float32)[rows]
    batches = index_batches(plan, batch_size, seed, first_epoch)
    if loops is None:
        for indices, _ in batches:
            yield indices[rows], nothing
    for count in itertools.cycle(loops or ()):
        chosen = [indices[rows] for indices, _ in itertools.islice(batches, count)]
        yield np.stack(chosen), np.tile(nothing, (count, 1, 1))
