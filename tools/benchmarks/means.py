"""The mean of what several models find."""

from collections.abc import Sequence

import numpy as np

from wingkeras import zoo
from wingkeras.inference.localizer import Localizer


def load_models(names: str) -> list[Localizer]:
    """Models of the zoo, whose names have a + in between."""
    return [zoo.load(name) for name in names.split("+")]


class Mean:
    """Finds the mean of what several localizers find, see `wingkeras.evaluate`.

    Args:
        localizers: of the same scheme; the first one's switches get into reports.
    """

    def __init__(self, localizers: Sequence[Localizer]):
        self._localizers = localizers
        self.scheme = localizers[0].scheme
        self.flip_tta, self.recrop = localizers[0].flip_tta, localizers[0].recrop

    def localize_batch(self, pictures):
        """See `Localizer.localize_batch`."""
        for image, boxes in pictures:
            yield np.mean([each(image, boxes) for each in self._localizers], axis=0)
