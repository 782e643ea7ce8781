"""Batches of perturbed faces, made by a thread beside the training."""

import queue
import threading
from collections.abc import Sequence

import numpy as np

from heatmaps.faces import Source
from heatmaps.spoiling import perturb

_AHEAD = 12
_CHANGE = (0.55, 0.9)
_MILD, _MILD_AFTER = 0.8, 0.8


class Batches:
    """Endless batches; what they hold depends on how far the training is.

    Until 55 % of the steps every source has its first share, from 90 % on its last
    one. In the last fifth the perturbation is milder.

    Args:
        sources: of the faces.
        batch_size: B.
        seed: of order and perturbation.
    """

    def __init__(self, sources: Sequence[Source], batch_size: int, seed: int):
        self.done = 0.0
        self._sources, self._batch_size = sources, batch_size
        self._rng = np.random.default_rng(seed)
        self._orders = [iter(())] * len(sources)
        self._arrays = [
            (
                s.regions.images.numpy(),
                s.regions.maps.numpy(),
                s.regions.landmarks.numpy(),
            )
            for s in sources
        ]
        self._queue = queue.Queue(_AHEAD)
        threading.Thread(target=self._fill, daemon=True).start()

    def take(self) -> tuple[np.ndarray, np.ndarray]:
        """`(B, S, S, 3)` uint8 crops and `(B, 2L)` float32 shape vectors."""
        return self._queue.get()

    def _fill(self) -> None:
        while True:
            self._queue.put(self._make())

    def _make(self):
        start, end = _CHANGE
        done = min(max((self.done - start) / (end - start), 0), 1)
        shares = np.array([s.first + (s.last - s.first) * done for s in self._sources])
        strength = _MILD if self.done > _MILD_AFTER else 1.0
        chosen = self._rng.choice(
            len(shares), self._batch_size, p=shares / shares.sum()
        )
        pairs = [self._face(number, strength) for number in chosen]
        crops, landmarks = (np.stack(part) for part in zip(*pairs, strict=True))
        return crops, landmarks.transpose(0, 2, 1).reshape(len(chosen), -1)

    def _face(self, number: int, strength: float):
        regions = self._sources[number].regions
        i = next(self._orders[number], None)
        if i is None:
            self._orders[number] = iter(self._rng.permutation(len(regions)))
            i = next(self._orders[number])
        images, maps, landmarks = self._arrays[number]
        return perturb(
            self._rng,
            images[i],
            maps[i],
            landmarks[i],
            regions.mirror,
            regions.size,
            self._sources[number].offsets[i],
            strength,
        )
