"""Upright faces, as the second network of a cascade sees them."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from heatmaps.faces import Source
from wingkeras import geometry
from wingkeras.data.faces import FaceDataset
from wingkeras.data.regions import FaceRegions, crop_landmarks, load_regions
from wingkeras.inference.localizer import Localizer
from wingkeras.training.preparing import align
from wingkeras.training.recipe import Recipe

_MOVEMENT = 0.4
"""How far upright faces are turned, scaled and shifted; those in boxes: 1."""


@dataclass(frozen=True)
class Upright:
    """Turns faces upright by the first network of a cascade.

    Attributes:
        first: the cascade before the second network.
        mean_shape: `(L, 2)` pixels of the second network's input.
        factor: side of the first network's crop over that of the second one.
    """

    first: Localizer
    mean_shape: np.ndarray
    factor: float

    def regions(self, regions: FaceRegions) -> FaceRegions:
        """The faces, in crops of the second network."""
        return align(regions, self.first.keras_stages, self.mean_shape)

    def source(self, source: Source) -> Source:
        """The faces of a source; the first network has corrected their boxes."""
        return dataclasses.replace(
            source,
            regions=self.regions(source.regions),
            offsets=np.zeros_like(source.offsets),
            shifts=tuple(self.factor * shift for shift in source.shifts),
            movement=_MOVEMENT,
        )


def make_upright(localizer: Localizer, faces: FaceDataset, recipe: Recipe) -> Upright:
    """The faces of a cascade whose second network is to be trained.

    Args:
        localizer: of which only the first network is used.
        faces: whose mean shape the faces are fitted to.
        recipe: of the second network; its `box_scale` is the side of its crop over
            that of the mean shape's box.
    """
    first = localizer.replace(stages=localizer.stages[:1], flip_tta=False)
    regions = load_regions(faces, recipe.size, first.box_scale)
    mean_shape = np.nanmean(crop_landmarks(regions), axis=0)
    factor = first.box_scale / recipe.box_scale
    mean_shape = geometry.scale_about_centre(mean_shape, recipe.size, factor)
    return Upright(first, mean_shape.astype(np.float32), factor)
