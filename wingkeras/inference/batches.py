"""Landmarks of many pictures, whose faces go through the networks together."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np

from wingkeras import geometry
from wingkeras.imaging import crops
from wingkeras.imaging.images import as_image
from wingkeras.inference.stages import Stage
from wingkeras.schemes import LandmarkScheme


class RegionLocalizer(Protocol):
    """The part of a `Localizer` that batches need: it localises faces in regions.

    Attributes:
        stages, scheme, box_scale: see `Localizer`.
    """

    stages: tuple[Stage, ...]
    scheme: LandmarkScheme
    box_scale: float

    @property
    def region_size(self) -> int:
        """Side of the regions, pixels."""
        ...

    def in_regions(self, regions: np.ndarray, maps: np.ndarray) -> np.ndarray:
        """The landmarks of face regions, see `Localizer.in_regions`."""
        ...


class PictureRegions(NamedTuple):
    """The face regions of one picture; the picture is no longer needed.

    Attributes:
        regions: `(N, R, R, 3)` uint8.
        maps: `(N, 2, 3)`, region pixels -> pixels of the first network's crop.
        to_image: `(N, 2, 3)`, region pixels -> image pixels.
    """

    regions: np.ndarray
    maps: np.ndarray
    to_image: np.ndarray


def cut_regions(
    localizer: RegionLocalizer, image: np.ndarray, boxes: Any
) -> PictureRegions:
    """The face regions of a picture, for a localizer.

    Args:
        localizer: determines the size of the regions and their margin around the boxes.
        image: `(H, W, 3)` uint8 RGB.
        boxes: `(N, 4)` or `(4,)`, image pixels.

    Raises:
        ValueError: for boxes of another shape, or that are not finite, have no area,
            lie outside the picture or are far larger than it.
    """
    boxes = np.asarray(boxes, np.float32)
    size = localizer.region_size
    if not boxes.size:
        none = np.zeros((0, 2, 3), np.float32)
        return PictureRegions(np.zeros((0, size, size, 3), np.uint8), none, none)
    if boxes.shape == (4,):
        boxes = boxes[None]
    factor = localizer.box_scale * crops.REGION_FACTOR
    crops.check_boxes(boxes, image.shape, factor)
    _check_overlap(boxes, image.shape)
    squares = geometry.square_boxes(boxes)
    crop_boxes = geometry.scale_boxes(squares, localizer.box_scale)
    region_boxes = geometry.scale_boxes(crop_boxes, crops.REGION_FACTOR)
    regions, to_region = crops.face_regions(image, region_boxes, size)
    to_image = geometry.invert(to_region)
    to_crop = geometry.crop_maps(crop_boxes, localizer.stages[0].size)
    return PictureRegions(regions, geometry.compose(to_crop, to_image), to_image)


def _check_overlap(boxes: np.ndarray, image_shape: tuple[int, ...]) -> None:
    """Refuse boxes beside the picture: a network finds points in any crop."""
    height, width = image_shape[:2]
    inside = geometry.inside_in_part(boxes, width, height)
    if not inside.all():
        worst = int(np.flatnonzero(~inside)[0])
        raise ValueError(
            f"Expected boxes inside the {width} x {height} picture, at least in part; "
            f"received box {worst} = {boxes[worst].tolist()}. Are they in pixels of "
            "this picture?"
        )


def localize(
    localizer: RegionLocalizer,
    pictures: list[PictureRegions],
    batch_size: int | None = None,
) -> list[np.ndarray]:
    """The landmarks `(N, L, 2)` float32 of each picture, image pixels.

    Args:
        localizer: finds the landmarks.
        pictures: face regions of each picture.
        batch_size: how many faces go through the networks at a time, all by default.
    """
    counts = [len(picture.regions) for picture in pictures]
    total = sum(counts)
    landmarks = np.zeros((total, len(localizer.scheme), 2), np.float32)
    if total:
        regions, maps, to_image = (
            parts[0] if len(parts) == 1 else np.concatenate(parts)
            for parts in zip(*pictures, strict=True)
        )
        for start in range(0, total, batch_size or total):
            part = slice(start, start + (batch_size or total))
            found = localizer.in_regions(regions[part], maps[part])
            landmarks[part] = geometry.transform(to_image[part], found)
    return np.split(landmarks, np.cumsum(counts)[:-1])


def check_batch_size(batch_size: int) -> None:
    """Refuse a batch size below 1.

    Raises:
        ValueError: for such a size.
    """
    if batch_size < 1:
        raise ValueError(f"Expected `batch_size` of at least 1, received {batch_size}.")


def localize_all(
    localizer: RegionLocalizer, pictures: Iterable[tuple[Any, Any]], batch_size: int
) -> Iterator[np.ndarray]:
    """See `Localizer.localize_batch`.

    It holds the regions of at most one batch and one picture in memory.
    """
    check_batch_size(batch_size)
    return _localize_all(localizer, pictures, batch_size)


def _localize_all(localizer, pictures, batch_size: int) -> Iterator[np.ndarray]:
    waiting: list[PictureRegions] = []
    faces = 0
    for image, boxes in pictures:
        waiting.append(cut_regions(localizer, as_image(image), boxes))
        faces += len(waiting[-1].regions)
        if faces >= batch_size:
            yield from localize(localizer, waiting, batch_size)
            waiting, faces = [], 0
    if waiting:
        yield from localize(localizer, waiting, batch_size)
