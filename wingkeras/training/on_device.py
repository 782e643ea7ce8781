"""Training faces that stay in the accelerator's memory.

The face regions are weights of a layer, and the work of `pipeline.training_batches` is
done inside the compiled train step: the host only sends the indices of the next faces.
This module does not need TensorFlow.
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
"""Most steps of a compiled loop."""


class ResidentFaces(keras.layers.Layer):
    """Turns face indices `(B,)` into perturbed crops and their shape vectors.

    The state of its random numbers is saved with a model's weights; the faces are not.
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
        """Save the random state only: the faces are read from their files again."""
        store["random"] = self._random.state.numpy()

    def load_own_variables(self, store):
        """Load the random state."""
        self._random.state.assign(store["random"])


class ResidentLoss(keras.losses.Loss):
    """A loss between the targets and predictions that a model from `attach` outputs."""

    def __init__(self, loss: keras.losses.Loss):
        """Wrap `loss`, a loss between shape vectors."""
        super().__init__(reduction=loss.reduction, name=loss.name)
        self._loss = loss

    def call(self, y_true, y_pred):
        """The losses `(B,)`; `y_true` is ignored."""
        return self._loss.call(y_pred[:, 0], y_pred[:, 1])


class _Looped(keras.Model):
    """A model for JAX that trains on `(K, B)` indices: K steps in one compiled loop.

    With a small network, the host takes longer to start a single step than the
    accelerator takes to run it.
    """

    def compile(self, *args, **settings):
        """Compile, and build the loss: `fit` would build it for shapes with K."""
        super().compile(*args, **settings)
        output: Any = self.output
        nothing = np.zeros((1, 1), np.float32)
        self.compute_loss(y=nothing, y_pred=np.zeros((1, *output.shape[1:])))

    def train_step(self, state, data):
        """Run the steps; return the logs of the last one and the new state."""
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
        steps: number of steps in an epoch.
        devices: number of devices that share a batch.

    Returns:
        Numbers that add up to `steps` and differ by at most one, so that at most two
        loops are compiled. On a single accelerator of JAX they are up to 128,
        elsewhere 1.
    """
    if keras.backend.backend() != "jax" or devices > 1:
        return [1] * steps
    import jax

    if jax.default_backend() == "cpu":  # a loop is no faster there
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
        network: maps crops to shape vectors; the model shares its weights.
        regions: the training faces.
        augmentation: how to perturb them.
        seed: of the augmentation.
        looped: whether `fit` gives it the batches of several steps at once, see
            `training_batches`.

    Returns:
        A model that maps indices `(B,)` int32 to `(B, 2, 2L)`, targets and
        predictions, for `ResidentLoss`.
    """
    return connect(ResidentFaces(regions, augmentation, seed), network, looped)


def connect(
    faces: keras.layers.Layer, network: keras.Model, looped: bool
) -> keras.Model:
    """Like `attach`, with any layer that maps indices to crops and shape vectors."""
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
    """The training data of a model from `attach`.

    Args:
        plan, batch_size, seed, first_epoch: see `order.index_batches`.
        part: the index of the part of every batch to yield, and the number of equal
            parts.
        loops: for a looped model, how many batches to yield at once: the numbers are
            used in turn, over and over. By default batches are yielded one by one.

    Yields:
        `(B,)` int32 indices, `(K, B)` with `loops`, and zeros in place of targets,
        which the model outputs itself.
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
