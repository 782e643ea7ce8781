"""`tf.data` batches of (crops, shape vectors) for training.

TensorFlow is imported inside the functions: training on faces that stay on the device
does not need it.
"""

from typing import TYPE_CHECKING

import numpy as np

from wingkeras.data.augment import DRAWS, Augmentation, perturb
from wingkeras.data.balance import epoch_plan
from wingkeras.data.faces import FaceDataset
from wingkeras.data.order import count_batches, index_batches, part_of
from wingkeras.data.regions import FaceRegions, load_regions

if TYPE_CHECKING:
    import tensorflow as tf


def training_dataset(
    faces: FaceDataset,
    size: int,
    augmentation: Augmentation | None = None,
    batch_size: int = 32,
    box_scale: float = 1.1,
    hsm_bins: int = 0,
    seed: int = 0,
    hsm_cap: int | None = None,
) -> "tf.data.Dataset":
    """Endless augmented batches for `keras.Model.fit`.

    The call decodes every picture once, and keeps its face regions in memory.

    Example:

    ```python
    faces = wingkeras.data.datasets.load_faces("faces.csv", scheme="ibug68")
    batches = wingkeras.data.training_dataset(faces, size=64, hsm_bins=9)
    steps = wingkeras.data.steps_per_epoch(faces, hsm_bins=9)
    model = wingkeras.models.CNN6(num_landmarks=68)
    model.compile("adamw", wingkeras.WingLoss(w=10, epsilon=2))
    model.fit(batches, steps_per_epoch=steps, epochs=100, shuffle=False)
    ```

    Args:
        faces: the training faces.
        size: S, side of the network's input, pixels.
        augmentation: how to perturb the faces; the paper's perturbation by default.
        batch_size: faces per batch.
        box_scale: side of the crop over that of the face's box.
        hsm_bins: K of hard sample mining, which repeats faces in rare poses; 0 shows
            every face once per epoch.
        seed: of the order and the augmentation.
        hsm_cap: most repeats of a face; unlimited by default, as in the paper.

    Returns:
        An endless data set of `(batch_size, S, S, 3)` float32 crops in [0, 255] and
        `(batch_size, 2L)` float32 shape vectors in crop pixels, NaN where unlabelled.
        Its length per epoch is `steps_per_epoch`.

    Raises:
        BrokenFileError: for a picture that cannot be decoded.
        ValueError: if there are fewer faces than a batch takes, or too few complete
            ones for hard sample mining.
    """
    plan = epoch_plan(faces, hsm_bins, hsm_cap)
    count_batches(len(plan), batch_size)
    regions = load_regions(faces, size, box_scale)
    return training_batches(
        regions, augmentation or Augmentation(), batch_size, seed, plan=plan
    )


def steps_per_epoch(
    faces: FaceDataset,
    batch_size: int = 32,
    hsm_bins: int = 0,
    hsm_cap: int | None = None,
) -> int:
    """Number of batches of `training_dataset` in an epoch, repeated faces included.

    Args:
        faces, batch_size, hsm_bins, hsm_cap: as for `training_dataset`.

    Raises:
        ValueError: see `training_dataset`.

    Example:

    ```python
    faces = wingkeras.data.load_faces("faces.csv", scheme="ibug68")
    steps_per_epoch(faces, batch_size=8)  # 5
    ```
    """
    return count_batches(len(epoch_plan(faces, hsm_bins, hsm_cap)), batch_size)


def training_batches(
    regions: FaceRegions,
    augmentation: Augmentation,
    batch_size: int,
    seed: int,
    first_epoch: int = 0,
    plan: np.ndarray | None = None,
    part: tuple[int, int] = (0, 1),
) -> "tf.data.Dataset":
    """Endless shuffled, augmented batches, a pure function of seed and epoch.

    Args:
        regions: the training faces.
        augmentation: how to perturb them.
        batch_size, seed, first_epoch, plan: see `order.index_batches`; the seed is
            also that of the augmentation.
        part: the index of the part of every batch to make, and the number of equal
            parts.

    Returns:
        A data set as from `training_dataset`, whose batches hold that part only.

    Raises:
        ValueError: if there are fewer faces than a batch takes.
    """
    import tensorflow as tf
    from tensorflow.experimental import numpy as tnp

    from wingkeras.imaging.tf_crops import warp

    plan = np.arange(len(regions)) if plan is None else plan
    count_batches(len(plan), batch_size)
    rows = part_of(batch_size, *part)
    # The graph of `make` refers to tensors, but would hold copies of arrays.
    images, maps, landmarks = (
        tf.constant(x) for x in (regions.images, regions.maps, regions.landmarks)
    )
    size, mirror = regions.size, regions.mirror

    def make(indices, number):
        indices = indices[rows]
        draws = tf.random.stateless_uniform(
            [batch_size, DRAWS], tf.stack([seed, tf.cast(number, tf.int32)])
        )
        return perturb(
            augmentation,
            tf.gather(images, indices),
            tf.gather(maps, indices),
            tf.gather(landmarks, indices),
            draws[rows],
            size,
            mirror,
            xp=tnp,
            sample=warp,
        )

    batches = tf.data.Dataset.from_generator(
        lambda: index_batches(plan, batch_size, seed, first_epoch),
        output_signature=(
            tf.TensorSpec([batch_size], tf.int32),
            tf.TensorSpec([], tf.int64),
        ),
    )
    endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
    return (
        batches.apply(endless)
        .map(make, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .prefetch(tf.data.AUTOTUNE)
    )
