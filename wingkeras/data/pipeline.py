"""From a `FaceDataset` to `tf.data` batches of (crops, shape vectors).

Every picture is decoded once and its face region kept as uint8 in memory: 49 KB a
face for CNN-6, 197 KB for CNN-7. Batches are made from there.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from wingkeras import geometry
from wingkeras.data.augment import DRAWS, Augmentation, perturb
from wingkeras.data.faces import FaceDataset, read_image
from wingkeras.imaging import crops
from wingkeras.imaging.tf_crops import warp


@dataclass(frozen=True)
class FaceRegions:
    """The decoded faces of a data set, ready to be cropped.

    Attributes:
        images: `(N, R, R, 3)` uint8 face regions, R = twice the crop's side.
        maps: `(N, 2, 3)` float32, region pixels -> unperturbed crop pixels.
        landmarks: `(N, L, 2)` float32, pixels of the regions; NaN = unlabelled.
        mirror: the scheme's mirror permutation.
        size: side of the crops, pixels.
    """

    images: tf.Tensor
    maps: tf.Tensor
    landmarks: tf.Tensor
    mirror: tuple[int, ...]
    size: int

    def __len__(self) -> int:
        return self.images.shape[0]


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
        images=tf.constant(images),
        maps=tf.constant(to_crop),
        landmarks=tf.constant(geometry.transform(maps, dataset.landmarks)),
        mirror=dataset.scheme.mirror,
        size=size,
    )


def join_regions(regions: FaceRegions, more: FaceRegions) -> FaceRegions:
    """The faces of both, in this order; of the same scheme and size."""
    return replace(
        regions,
        images=tf.concat([regions.images, more.images], axis=0),
        maps=tf.concat([regions.maps, more.maps], axis=0),
        landmarks=tf.concat([regions.landmarks, more.landmarks], axis=0),
    )


def maps_to(regions: FaceRegions, size: int) -> np.ndarray:
    """`FaceRegions.maps` for a network whose input has another size, pixels."""
    crop = geometry.image_box(regions.size, regions.size)[None]
    return geometry.compose(geometry.crop_maps(crop, size), regions.maps.numpy())


def crop_landmarks(regions: FaceRegions) -> np.ndarray:
    """The landmarks `(N, L, 2)` in unperturbed crops, crop pixels."""
    return geometry.transform(regions.maps.numpy(), regions.landmarks.numpy())


def training_batches(
    regions: FaceRegions,
    augmentation: Augmentation,
    batch_size: int,
    seed: int,
    first_epoch: int = 0,
    plan: np.ndarray | None = None,
    part: tuple[int, int] = (0, 1),
) -> tf.data.Dataset:
    """Endless shuffled, augmented batches, a pure function of seed and epoch.

    Args:
        regions: the training faces.
        augmentation: how to perturb them.
        batch_size, seed, first_epoch, plan: see `index_batches`; the seed is also
            that of the augmentation.
        part: which of how many equal parts of every batch to make.

    Returns:
        A data set of `(B, S, S, 3)` float32 crops in [0, 255] and `(B, 2L)` float32
        shape vectors in crop pixels, NaN where unlabelled, B = the part of the batch;
        see `steps_per_epoch` for the length of an epoch.
    """
    plan = np.arange(len(regions)) if plan is None else plan
    rows = part_of(batch_size, *part)

    def make(indices, number):
        indices = indices[rows]
        draws = tf.random.stateless_uniform(
            [batch_size, DRAWS], tf.stack([seed, tf.cast(number, tf.int32)])
        )
        return perturb(
            augmentation,
            tf.gather(regions.images, indices),
            tf.gather(regions.maps, indices),
            tf.gather(regions.landmarks, indices),
            draws[rows],
            regions.size,
            regions.mirror,
        )

    return (
        index_batches(plan, batch_size, seed, first_epoch)
        .map(make, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .prefetch(tf.data.AUTOTUNE)
    )


def index_batches(
    plan: np.ndarray, batch_size: int, seed: int, first_epoch: int = 0
) -> tf.data.Dataset:
    """Endless shuffled batches of indices, a pure function of seed and epoch.

    Args:
        plan: `(M,)` indices of the faces in an epoch, with repeats where a face is
            to come more often.
        batch_size: faces per batch; the last, incomplete batch of an epoch is
            left out, other faces fall into it in the next one.
        seed: of shuffling.
        first_epoch: where to begin; a resumed training sees the batches that an
            uninterrupted one would have seen.

    Returns:
        A data set of `(batch,)` int32 indices and the int64 number of the batch.
    """
    plan = tf.constant(plan, tf.int32)
    steps = steps_per_epoch(plan.shape[0], batch_size)

    def epoch_batches(epoch):
        order = tf.random.experimental.stateless_shuffle(
            plan, seed=tf.stack([seed, tf.cast(epoch, tf.int32)])
        )
        batches = tf.reshape(order[: steps * batch_size], [steps, batch_size])
        indices = tf.data.Dataset.from_tensor_slices(batches)
        numbers = tf.data.Dataset.range(epoch * steps, (epoch + 1) * steps)
        return tf.data.Dataset.zip(indices, numbers)

    epochs = tf.data.Dataset.range(first_epoch, tf.int32.max // max(steps, 1))
    return epochs.flat_map(epoch_batches)


def part_of(batch_size: int, index: int, count: int) -> slice:
    """The rows of a batch that make the given one of `count` equal parts."""
    share = batch_size // count
    return slice(index * share, (index + 1) * share)


def steps_per_epoch(faces: int, batch_size: int) -> int:
    """Batches in an epoch.

    Raises:
        ValueError: if there are fewer faces than a batch takes.
    """
    if faces < batch_size:
        raise ValueError(
            f"Expected at least one batch of {batch_size} faces, received {faces}: "
            "lower the batch size or add faces."
        )
    return faces // batch_size


def evaluation_batches(regions: FaceRegions, batch_size: int = 64) -> tf.data.Dataset:
    """Every face once, in order, unperturbed.

    Args:
        regions: the faces.
        batch_size: faces per batch; the last may be smaller.

    Returns:
        A data set of crops and shape vectors as from `training_batches`.
    """

    def make(indices):
        maps = tf.gather(regions.maps, indices)
        batch = warp(tf.gather(regions.images, indices), maps, regions.size)
        landmarks = tf.gather(regions.landmarks, indices)
        landmarks = geometry.transform(maps, landmarks, xp=tf)
        return batch, geometry.to_shape_vectors(landmarks, xp=tf)

    indices = tf.data.Dataset.range(len(regions)).batch(batch_size)
    return indices.map(make).prefetch(tf.data.AUTOTUNE)
