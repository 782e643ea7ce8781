"""The order of the faces in training: a pure function of seed and epoch."""

from collections.abc import Iterator

import numpy as np


def index_batches(
    plan: np.ndarray, batch_size: int, seed: int, first_epoch: int = 0
) -> Iterator[tuple[np.ndarray, int]]:
    """Endless shuffled batches of face indices.

    Args:
        plan: `(M,)` indices of the faces in an epoch; they may repeat.
        batch_size: faces per batch. The last, incomplete batch of an epoch is dropped;
            it would hold other faces in the next epoch.
        seed: of shuffling, 0 or more.
        first_epoch: the epoch to begin with. A resumed training sees the batches that
            an uninterrupted one would have seen.

    Yields:
        `(batch_size,)` int32 indices, and the number of the batch since epoch 0.

    Raises:
        ValueError: if there are fewer faces than a batch takes.
    """
    steps = count_batches(len(plan), batch_size)
    return _batches(np.asarray(plan, np.int32), batch_size, steps, seed, first_epoch)


def _batches(plan, batch_size, steps, seed, epoch):
    while True:
        order = np.random.default_rng((seed, epoch)).permutation(plan)
        for i in range(steps):
            yield order[i * batch_size : (i + 1) * batch_size], epoch * steps + i
        epoch += 1


def part_of(batch_size: int, index: int, count: int) -> slice:
    """The rows of part `index` of a batch that is cut into `count` equal parts."""
    share = batch_size // count
    return slice(index * share, (index + 1) * share)


def count_batches(faces: int, batch_size: int) -> int:
    """Number of batches in an epoch of the given number of faces.

    Raises:
        ValueError: if there are fewer faces than a batch takes.
    """
    if faces < batch_size:
        raise ValueError(
            f"Expected at least one batch of {batch_size} faces, received {faces}: "
            "lower the batch size or add faces."
        )
    return faces // batch_size
