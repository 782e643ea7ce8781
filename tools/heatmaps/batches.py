"""Batches of perturbed faces, made by a thread beside the training."""

import queue
import threading
from collections.abc import Sequence

import numpy as np

from heatmaps.degradations import perturb
from heatmaps.faces import Source

_AHEAD = 12
_LAST_SHARES_AFTER = 0.65
_STRENGTHS = ((0.85, 0.5), (0.65, 0.7), (0.0, 1.0))  # from which share of the steps on


class Batches:
    """Endless batches; what they hold depends on how far the training is.

    Every source has its first share until 65 % of the steps are done, then its last
    one. From there on the perturbation is milder, and again from 85 % on.

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
            (r.images, r.maps, r.landmarks)
            for r in (source.regions for source in sources)
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
        done, late = self.done, self.done >= _LAST_SHARES_AFTER
        shares = np.array([s.last if late else s.first for s in self._sources], float)
        shares /= shares.sum()
        strength = next(value for after, value in _STRENGTHS if done >= after)
        chosen = self._rng.choice(len(shares), self._batch_size, p=shares)
        pairs = [self._face(number, strength) for number in chosen]
        crops, landmarks = (np.stack(part) for part in zip(*pairs, strict=True))
        return crops, landmarks.transpose(0, 2, 1).reshape(len(chosen), -1)

    def _face(self, number: int, strength: float):
        source = self._sources[number]
        regions = source.regions
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
            source.offsets[i],
            strength,
            source.shifts,
            source.movement,
        )
