"""From a picture and face boxes to landmarks, through one network or two."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from wingkeras import geometry
from wingkeras.imaging import crops, graph_crops
from wingkeras.inference.detectors import HaarDetector
from wingkeras.schemes import LandmarkScheme


@dataclass(frozen=True)
class Stage:
    """One network of a localizer, run by Keras.

    `runtimes.FileStage` is the same thing run by another runtime.

    Attributes:
        network: from `(N, S, S, 3)` pixels in [0, 255] to shape vectors `(N, 2L)`
            in pixels of that input.
        mean_shape: `(L, 2)`, pixels of the input.
    """

    network: keras.Model
    mean_shape: np.ndarray

    @property
    def size(self) -> int:
        """Side of the input, pixels."""
        return self.network.input_shape[1]

    @property
    def num_landmarks(self) -> int:
        """L."""
        return self.network.output_shape[-1] // 2

    def run(self, crops):
        """Shape vectors `(N, 2L)` float32 of `(N, S, S, 3)` crops, in `keras.ops`."""
        return ops.cast(self.network(crops, training=False), "float32")


class Localizer:
    """Facial landmark localisation in pictures.

    Example:

    ```python
    localizer = wingkeras.zoo.load("cnn6_300w")
    landmarks, boxes = localizer.detect(image)
    landmarks = localizer(image, boxes)
    ```

    Args:
        stages: the networks in their order; Keras runs all of them or none. The
            second one sees the face upright: the landmarks of the first, fitted to
            the mean shape, take out in-plane rotation and a bad box (Section 6).
        scheme: which points the networks find.
        box_scale: side of the first network's crop over that of the face's box,
            the square around its landmarks.
        detector: called by `detect`: `image -> (N, 4)` boxes; OpenCV's Haar
            cascade by default.
        flip_tta: whether the last network sees every face a second time, in the
            mirror, and the landmarks are the means of both.

    Raises:
        ValueError: if `stages` is empty, a network does not fit the scheme, the
            inputs' sizes do not fit each other (see `crops.check_sizes`), or Keras
            runs only some of them.
    """

    def __init__(
        self,
        stages: list[Stage] | tuple[Stage, ...],
        scheme: LandmarkScheme,
        box_scale: float,
        detector: Callable[[np.ndarray], np.ndarray] | None = None,
        flip_tta: bool = False,
    ):
        if not stages:
            raise ValueError("Expected at least one stage, received none.")
        for i, stage in enumerate(stages, start=1):
            if stage.num_landmarks != len(scheme):
                raise ValueError(
                    f"Expected networks for the {len(scheme)} landmarks of scheme "
                    f"{scheme.name!r}; that of stage {i} finds {stage.num_landmarks}."
                )
        crops.check_sizes([stage.size for stage in stages])
        self.stages = tuple(stages)
        self.scheme = scheme
        self.box_scale = box_scale
        self.detector = detector
        self.flip_tta = flip_tta
        self._region_size = round(crops.REGION_FACTOR * self.stages[-1].size)
        by_keras = {isinstance(stage, Stage) for stage in self.stages}
        if len(by_keras) > 1:
            raise ValueError("Expected all stages to be run by Keras, or none.")
        if by_keras == {True}:
            self._compute = _compile(self.localize, self._region_size)
        else:
            self._compute = functools.partial(self.localize, xp=np, crop=crops.crop)

    def replace(self, **changes) -> "Localizer":
        """A localizer with some arguments changed and the others kept."""
        names = ("stages", "scheme", "box_scale", "detector", "flip_tta")
        return Localizer(**{name: getattr(self, name) for name in names} | changes)

    @functools.cached_property
    def without_flip_tta(self) -> "Localizer":
        """The same one, its networks seeing every face once."""
        return self.replace(flip_tta=False) if self.flip_tta else self

    def localize(self, regions, maps, xp=ops, crop=graph_crops.crop):
        """The whole way, of face regions; see `localize_regions`."""
        mirrored_by = self.scheme if self.flip_tta else None
        return localize_regions(self.stages, regions, maps, xp, crop, mirrored_by)

    @property
    def keras_stages(self) -> tuple[Stage, ...]:
        """The stages, if Keras runs them.

        Raises:
            ValueError: if another runtime does.
        """
        if not all(isinstance(stage, Stage) for stage in self.stages):
            raise ValueError(
                "Expected a localizer that Keras runs; load it with runtime='keras'."
            )
        return self.stages

    def __call__(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """The landmarks of all faces in a picture, in one call of the networks.

        Args:
            image: `(H, W, 3)` uint8 RGB.
            boxes: `(N, 4)` left, top, right, bottom of the squares around the
                faces' landmarks, image pixels, as `detectors` return them. A box
                that is not square counts as the square of its longer side.

        Returns:
            `(N, L, 2)` float32 landmarks, image pixels; none for no boxes.

        Raises:
            ValueError: for an image or boxes of another form.
        """
        boxes = np.asarray(boxes, np.float32)
        if boxes.size == 0:
            return np.zeros((0, len(self.scheme), 2), np.float32)
        crops.check_boxes(boxes, np.shape(image))
        squares = geometry.square_boxes(boxes)
        crop_boxes = geometry.scale_boxes(squares, self.box_scale)
        regions, to_region = crops.face_regions(
            image,
            geometry.scale_boxes(crop_boxes, crops.REGION_FACTOR),
            self._region_size,
        )
        to_crop = geometry.crop_maps(crop_boxes, self.stages[0].size)
        maps = geometry.compose(to_crop, geometry.invert(to_region))
        landmarks = self.in_regions(regions, maps)
        return geometry.transform(geometry.invert(to_region), landmarks)

    def in_regions(self, regions: np.ndarray, maps: np.ndarray) -> np.ndarray:
        """The landmarks of face regions, which may come from many pictures.

        Args:
            regions: `(N, R, R, 3)` uint8, see `crops.face_regions`; R is twice the
                input of the last network.
            maps: `(N, 2, 3)`, region pixels -> pixels of the first network's crop.

        Returns:
            `(N, L, 2)` float32, region pixels.
        """
        return self._compute(regions, maps.astype(np.float32))

    def detect(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Find the faces of a picture first.

        Args:
            image: `(H, W, 3)` uint8 RGB.

        Returns:
            `(N, L, 2)` landmarks and the `(N, 4)` boxes they were found in, image
            pixels, the largest face first.

        Raises:
            ValueError: for an image of another form.
        """
        boxes = self.find_faces(image)
        return self(image, boxes), boxes

    def find_faces(self, image: np.ndarray) -> np.ndarray:
        """The detector's boxes `(N, 4)`, image pixels, the largest first.

        Raises:
            ValueError: for an image of another form.
        """
        if self.detector is None:
            self.detector = HaarDetector(scheme=self.scheme)
        return self.detector(image)


def localize_regions(
    stages, regions, maps, xp=ops, crop=graph_crops.crop, mirrored_by=None
):
    """The way through the networks of a localizer.

    Args:
        stages: see `Localizer`.
        regions: `(N, R, R, 3)` face regions.
        maps: `(N, 2, 3)`, region pixels -> pixels of the first network's crop.
        xp: namespace to compute with.
        crop: `graph_crops.crop`, or its twin for arrays.
        mirrored_by: scheme of the landmarks if the last network is to see every face
            in the mirror as well, see `Localizer`.

    Returns:
        `(N, L, 2)` float32 landmarks, region pixels.
    """
    landmarks = None
    for stage in stages:
        if landmarks is not None:
            maps = geometry.fit_similarity(landmarks, stage.mean_shape, xp)
        seen = crop(regions, maps, stage.size)
        if mirrored_by and stage is stages[-1]:
            landmarks = _run_with_mirror(stage, seen, mirrored_by, xp)
        else:
            landmarks = geometry.from_shape_vectors(stage.run(seen), xp)
        landmarks = geometry.transform(geometry.invert(maps, xp), landmarks, xp)
    return landmarks


def _run_with_mirror(stage, seen, scheme: LandmarkScheme, xp):
    """Means of the landmarks in crops and in their mirror images, crop pixels."""
    vectors = stage.run(xp.concatenate([seen, xp.flip(seen, axis=2)]))
    both = geometry.from_shape_vectors(vectors, xp)
    # The number of faces is not known in a graph, that of halves is.
    both = xp.reshape(both, (2, -1, len(scheme), 2))
    return (both[0] + scheme.flip(both[1], stage.size, xp)) / 2


def _compile(function, region_size: int):
    """`function` from arrays to arrays, compiled without a trace per batch size."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        shape = (None, region_size, region_size, 3)
        signature = [
            tf.TensorSpec(shape, tf.uint8),
            tf.TensorSpec((None, 2, 3), tf.float32),
        ]
        compiled = tf.function(function, input_signature=signature)
        return lambda regions, maps: compiled(regions, maps).numpy()
    if backend == "jax":
        import jax

        return _in_powers_of_two(jax.jit(function))
    return lambda regions, maps: ops.convert_to_numpy(function(regions, maps))


def _in_powers_of_two(function):
    """Pad batches, since XLA compiles for every batch size it meets."""

    def padded(regions, maps):
        count = len(regions)
        padding = (1 << (count - 1).bit_length()) - count
        regions, maps = (
            np.concatenate([x, x[:1].repeat(padding, axis=0)]) for x in (regions, maps)
        )
        return np.asarray(function(regions, maps))[:count]

    return padded
