"""The two bodies of faces that the tables are run on."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wingkeras.data.augment import Augmentation
from wingkeras.data.datasets import load_faces
from wingkeras.data.faces import FaceDataset


@dataclass(frozen=True)
class Body:
    """Training and test faces with their protocol.

    Attributes:
        name: in file names.
        title: for people.
        normalizer: of the test error.
        normalizer_title: for people.
        pose_bins: K of hard sample mining.
        box_scale: side of the first crop over that of the face's box.
        augmentation: of the first network's training faces.
        protocol: what the test faces are and where their boxes come from.
    """

    name: str
    title: str
    normalizer: str
    normalizer_title: str
    pose_bins: int
    box_scale: float
    augmentation: Augmentation
    protocol: str

    def training_faces(self, data: Path) -> FaceDataset:
        """The faces to learn from, validation faces among them.

        Args:
            data: folder that holds `300w/` (its original layout) and `mtfl5/` (the
                five-point faces, `lfw.csv` and `aflw.csv`).

        Raises:
            FileNotFoundError: if they are not there.
        """
        if self is W300:
            return load_faces(data / "300w", "train")
        return load_faces(data / "mtfl5" / "lfw.csv")

    def test_faces(self, data: Path) -> FaceDataset:
        """The faces to measure on; see `training_faces`."""
        if self is W300:
            return load_faces(data / "300w", "common")
        faces = load_faces(data / "mtfl5" / "aflw.csv")
        return dataclasses.replace(faces, boxes=self._frames(len(faces)))

    def _frames(self, count: int) -> np.ndarray:
        """Boxes whose crops are the whole pictures, whatever face is in them."""
        centre, half = (_PICTURE - 1) / 2, _PICTURE / 2 / self.box_scale
        return np.tile(
            np.repeat([centre - half, centre + half], 2).astype(np.float32), (count, 1)
        )


_PICTURE = 80
"""Side of the five-point pictures, pixels."""

W300 = Body(
    name="300w",
    title="300-W",
    normalizer="inter_ocular",
    normalizer_title="distance of the outer eye corners",
    pose_bins=9,
    box_scale=1.1,
    augmentation=Augmentation(scale=0.1, shift=0.05, colour=0.3, occlusion=0.2),
    protocol=(
        "common subset, 554 faces, 68 points; boxes are the squares around the "
        "landmarks; trained on 2,012 of the protocol's 3,148 faces"
    ),
)

# The square around five points is a third of a picture of AFLW's; what faces of the
# test set look like in theirs, the wide perturbation makes of the training faces.
AFLW = Body(
    name="aflw",
    title="AFLW, five points",
    normalizer="inter_pupil",
    normalizer_title="distance of the eyes",
    pose_bins=17,
    box_scale=2.9,
    augmentation=Augmentation(scale=0.2, shift=0.1, colour=0.3, occlusion=0.2),
    protocol=(
        "MTFL's test set, 2,995 faces; every box is the whole picture; trained on "
        "4,151 faces of LFW"
    ),
)

BODIES = {body.name: body for body in (W300, AFLW)}
"""By name."""
