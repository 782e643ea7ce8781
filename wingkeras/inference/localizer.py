"""From a picture and face boxes to landmarks, through one network or two."""

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wingkeras.imaging import crops
from wingkeras.imaging.images import as_image
from wingkeras.inference import batches, cascade, pipelined, recropping
from wingkeras.inference.detections import Detections, Detector, detect_faces
from wingkeras.inference.detectors import default_detector
from wingkeras.inference.faces import Faces
from wingkeras.inference.runtimes import in_streams
from wingkeras.inference.sharing import check_process
from wingkeras.inference.stages import Stage
from wingkeras.schemes import LandmarkScheme

if TYPE_CHECKING:
    from wingkeras.inference.keras_stages import KerasStage


class Localizer:
    """Facial landmark localisation in pictures.

    Pictures are paths, PIL images or arrays, see `images.as_image`.

    Several threads may share a localizer, with any runtime and either detector of this
    package. It belongs to the process that made it: a forked process must make its own.
    A pickled or deep copy is built anew, with the same weights.

    Example:

    ```python
    localizer = wingkeras.zoo.load("cnn6_300w")
    faces = localizer.detect("portrait.jpg")
    landmarks = localizer("portrait.jpg", faces.boxes)
    ```

    Args:
        stages: the networks in their order; Keras runs all of them or none. The
            second one sees the face upright: fitting the landmarks of the first to
            the mean shape corrects in-plane rotation and a bad box (Section 6).
        scheme: of the points that the networks find.
        box_scale: side of the first network's crop over that of the face's box,
            the square around its landmarks.
        detector: finds the faces for `detect`: `image -> Detections`, or `(N, 4)`
            boxes. By default YuNet; none for a scheme without eyes, as no detector
            finds its objects.
        flip_tta: flip test-time augmentation: whether the last network sees every face
            flipped as well, and the landmarks are the means of both, but for the
            sideways position of the whole face, which is that of the unflipped one.
        recrop: whether a face that is not well framed by its box is cropped again,
            upright and by its landmarks, and goes through the networks again, up to
            twice.
        licence: of the weights; saved files and what is trained from them have it too.

    Raises:
        ValueError: if `stages` is empty, a network does not fit the scheme, the
            inputs' sizes do not fit each other (see `crops.check_sizes`), Keras runs
            only some of them, or `flip_tta` is asked of a scheme without a mirror.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        scheme: LandmarkScheme,
        box_scale: float,
        detector: Detector | None = None,
        flip_tta: bool = False,
        recrop: bool = False,
        licence: str = "",
    ):
        cascade.check_stages(stages, scheme, flip_tta)
        self.stages = tuple(stages)
        self.scheme, self.box_scale = scheme, box_scale
        self.flip_tta, self.recrop, self.licence = flip_tta, recrop, licence
        self._arguments = {
            "stages": self.stages,
            "scheme": scheme,
            "box_scale": box_scale,
            "detector": detector,
            "flip_tta": flip_tta,
            "recrop": recrop,
            "licence": licence,
        }
        if detector is None:
            first = self.stages[0]
            detector = default_detector(scheme, first.mean_shape, first.size, box_scale)
        self._detector = detector
        self._process = os.getpid()
        self._compute = self._compile()

    def _compile(self) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        if self.stages[0].runtime == "keras":
            from wingkeras.inference import keras_stages

            return keras_stages.compile_stages(
                self.keras_stages, self.flip_scheme, self.region_size
            )
        return functools.partial(
            cascade.localize_regions, self.stages, flip_scheme=self.flip_scheme
        )

    def replace(self, **changes: Any) -> "Localizer":
        """A localizer with some arguments changed and the others kept.

        Example:

        ```python
        steadier = localizer.replace(flip_tta=True)
        ```
        """
        made = Localizer(**{**self._arguments, **changes})
        if "stages" not in changes:
            made._process = self._process
        return made

    def __reduce__(self):
        return Localizer, tuple(self._arguments.values())

    def __repr__(self) -> str:
        sizes = " + ".join(f"{stage.size} px" for stage in self.stages)
        parts = [
            f"{len(self.stages)} stage{'s' * (len(self.stages) > 1)} of {sizes}",
            f"scheme {self.scheme.name!r}",
            f"runtime {self.stages[0].runtime!r}",
            f"detector {self.detector!r}",
        ]
        parts += ["flip_tta"] * self.flip_tta + ["recrop"] * self.recrop
        return f"Localizer({', '.join(parts)})"

    @property
    def detector(self) -> Detector:
        """The detector that `detect` uses; `replace(detector=...)` changes it."""
        return self._detector

    @property
    def region_size(self) -> int:
        """Side of the face regions that the networks' crops are taken from, pixels."""
        return round(crops.REGION_FACTOR * self.stages[-1].size)

    @property
    def flip_scheme(self) -> LandmarkScheme | None:
        """The scheme, if the last network sees the faces flipped as well."""
        return self.scheme if self.flip_tta else None

    @functools.cached_property
    def without_flip_tta(self) -> "Localizer":
        """The same localizer without flip test-time augmentation."""
        return self.replace(flip_tta=False) if self.flip_tta else self

    @functools.cached_property
    def in_streams(self) -> "Localizer":
        """The same localizer, with files that several threads run at once, each on one
        core.
        """
        return self.replace(stages=[*map(in_streams, self.stages)])

    @property
    def keras_stages(self) -> "tuple[KerasStage, ...]":
        """The stages, if Keras runs them.

        Raises:
            ValueError: if another runtime does.
        """
        if self.stages[0].runtime != "keras":
            raise ValueError(
                "Expected a localizer that Keras runs; load it with runtime='keras'."
            )
        return self.stages  # type: ignore[return-value]

    def __call__(self, image: Any, boxes: Any) -> np.ndarray:
        """The landmarks of all faces in a picture, in one call of the networks.

        Args:
            image: see `images.as_image`.
            boxes: `(N, 4)` left, top, right, bottom of the squares around the
                faces' landmarks, image pixels, as `detectors` return them; `(4,)` is
                one face. A box that is not square counts as the square of its longer
                side.

        Returns:
            `(N, L, 2)` float32 landmarks, image pixels; none for no boxes.

        Raises:
            ValueError: for an image or boxes of another form.
            FloatingPointError: if the networks' landmarks are not finite.
            RuntimeError: in a forked process.
        """
        face_regions = batches.cut_regions(self, as_image(image), boxes)
        return batches.localize(self, [face_regions])[0]

    def localize_batch(
        self, pictures: Iterable[tuple[Any, Any]], batch_size: int = 32
    ) -> Iterator[np.ndarray]:
        """The landmarks of many pictures; their faces share the calls of the networks.

        Args:
            pictures: pairs of a picture and its boxes, see `__call__`; they are taken
                one after the other, so that they need not fit in memory.
            batch_size: how many faces go through the networks at a time.

        Yields:
            For each picture, in order, `(N, L, 2)` float32 landmarks, image pixels.

        Raises:
            ValueError: for a batch size below 1, and for an image or boxes of another
                form.
            FloatingPointError: if the networks' landmarks are not finite.
            RuntimeError: in a forked process.
        """
        return batches.localize_all(self, pictures, batch_size)

    def in_regions(self, regions: np.ndarray, maps: np.ndarray) -> np.ndarray:
        """The landmarks of face regions, which may come from many pictures.

        Args:
            regions: `(N, R, R, 3)` uint8, see `crops.face_regions`; R is
                `region_size`.
            maps: `(N, 2, 3)`, region pixels -> pixels of the first network's crop.

        Returns:
            `(N, L, 2)` float32, region pixels.

        Raises:
            FloatingPointError: if the networks' landmarks are not finite.
            RuntimeError: in a forked process.
        """
        check_process(self._process)
        compute = functools.partial(cascade.finite, self._compute)
        maps = maps.astype(np.float32)
        landmarks = compute(regions, maps)
        if not self.recrop:
            return landmarks
        return recropping.localize_again(
            compute, regions, maps, landmarks, self.stages[0], self.box_scale
        )

    def detect(self, image: Any) -> Faces:
        """Find the faces of a picture, and their landmarks.

        Args:
            image: see `images.as_image`.

        Returns:
            The faces, the largest first; finding none is not an error.

        Raises:
            ValueError, FloatingPointError, RuntimeError: see `detect_batch`.
        """
        image = as_image(image)
        faces = self.find_faces(image)
        return Faces(self(image, faces.boxes), *faces, self.scheme)

    def detect_batch(self, images: Iterable[Any], batch_size: int = 32) -> list[Faces]:
        """Find the faces of many pictures, and their landmarks, on all cores.

        Reading, detection, crops and networks overlap, and the faces of several
        pictures go through the networks together. A detector of your own is called by
        one thread, in the order of the pictures.

        Args:
            images: see `images.as_image`; they are taken one after the other, a few
                ahead of the results, so that they need not fit in memory.
            batch_size: how many faces go through the networks at a time.

        Returns:
            The faces of every picture, in the order of the pictures.

        Raises:
            ValueError: for a batch size below 1, and for an image of another form.
            FloatingPointError: if the networks' landmarks are not finite.
            RuntimeError: in a forked process.

        Example:

        ```python
        paths = sorted(Path("photographs").glob("*.jpg"))
        for path, faces in zip(paths, localizer.detect_batch(paths)):
            print(path, faces)
        ```
        """
        batches.check_batch_size(batch_size)
        return [
            Faces(landmarks, *faces, self.scheme)
            for faces, landmarks in pipelined.detect_all(self, images, batch_size)
        ]

    def find_faces(self, image: Any) -> Detections:
        """The detector's boxes and scores, image pixels, the largest face first.

        Raises:
            ValueError: for an image of another form.
            RuntimeError: in a forked process.
        """
        check_process(self._process)
        return detect_faces(self.detector, as_image(image))
