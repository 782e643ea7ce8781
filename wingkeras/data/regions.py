"""Decoded face regions of a `FaceDataset`, whose pictures are read once.

A face region is kept as uint8: 49 KB per face for CNN-6, 197 KB for CNN-7. Batches
are made from regions, by `tf.data` in `pipeline` or in `training.on_device`.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from wingkeras import geometry
from wingkeras.data.faces import FaceDataset
from wingkeras.imaging import crops
from wingkeras.imaging.images import read_image


@dataclass(frozen=True)
class FaceRegions:
    """The decoded faces of a data set, ready to be cropped.

    Attributes:
        images: `(N, R, R, 3)` uint8 face regions, R = twice the crop's side.
        maps: `(N, 2, 3)` float32, region pixels -> unperturbed crop pixels.
        landmarks: `(N, L, 2)` float32, pixels of the regions; NaN = unlabelled.
        mirror: the scheme's mirror permutation; `None` if it has none.
        size: side of the crops, pixels.
    """

    images: np.ndarray
    maps: np.ndarray
    landmarks: np.ndarray
    mirror: tuple[int, ...] | None
    size: int

    def __len__(self) -> int:
        return len(self.images)


def load_regions(dataset: FaceDataset, size: int, box_scale: float) -> FaceRegions:
    """Decode every face of a data set once.

    Args:
        dataset: the faces.
        size: side of the network's input, pixels.
        box_scale: side of the crop over that of the face's box.

    Returns:
        The regions, in the data set's order.

    Raises:
        BrokenFileError: for a picture that cannot be decoded.
    """
    crop_boxes = geometry.scale_boxes(dataset.boxes, box_scale)
    region_boxes = geometry.scale_boxes(crop_boxes, crops.REGION_FACTOR)
    region_size = round(crops.REGION_FACTOR * size)
    images = np.empty((len(dataset), region_size, region_size, 3), np.uint8)
    maps = np.empty((len(dataset), 2, 3), np.float32)

    def load(i: int) -> None:
        picture = read_image(dataset.images[i])
        images[i : i + 1], maps[i : i + 1] = crops.face_regions(
            picture, region_boxes[i : i + 1], region_size
        )

    with ThreadPoolExecutor() as pool:
        list(pool.map(load, range(len(dataset))))
    to_crop = geometry.compose(
        geometry.crop_maps(crop_boxes, size), geometry.invert(maps)
    )
    return FaceRegions(
        images=images,
        maps=to_crop.astype(np.float32),
        landmarks=geometry.transform(maps, dataset.landmarks).astype(np.float32),
        mirror=dataset.scheme.mirror,
        size=size,
    )


def join_regions(regions: FaceRegions, more: FaceRegions) -> FaceRegions:
    """The faces of both, in this order; scheme and size must be the same."""
    return replace(
        regions,
        images=np.concatenate([regions.images, more.images]),
        maps=np.concatenate([regions.maps, more.maps]),
        landmarks=np.concatenate([regions.landmarks, more.landmarks]),
    )


def maps_to(regions: FaceRegions, size: int) -> np.ndarray:
    """`FaceRegions.maps` for a network whose input has another size, pixels."""
    crop = geometry.image_box(regions.size, regions.size)[None]
    return geometry.compose(geometry.crop_maps(crop, size), regions.maps)


def crop_landmarks(regions: FaceRegions) -> np.ndarray:
    """The landmarks `(N, L, 2)` in unperturbed crops, crop pixels."""
    return geometry.transform(regions.maps, regions.landmarks)


def evaluation_batches(
    regions: FaceRegions, batch_size: int = 64
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every face once, in order, unperturbed.

    Args:
        regions: the faces.
        batch_size: faces per batch; the last batch may be smaller.

    Yields:
        `(B, S, S, 3)` float32 crops in [0, 255] and `(B, 2L)` float32 shape vectors in
        crop pixels, NaN where unlabelled.
    """
    vectors = geometry.to_shape_vectors(crop_landmarks(regions))
    for start in range(0, len(regions), batch_size):
        rows = slice(start, start + batch_size)
        batch = crops.crop(regions.images[rows], regions.maps[rows], regions.size)
        yield batch, vectors[rows]
