"""The two datasets of faces that the tables are run on."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from accelerator.packing import is_unpacked, read_faces
from wingkeras import geometry, head_pose
from wingkeras.data.augment import Augmentation
from wingkeras.data.datasets import load_300w, load_faces
from wingkeras.data.faces import FaceDataset
from wingkeras.training.recipes import RECIPES


@dataclass(frozen=True)
class Dataset:
    """Training and test faces with their protocol.

    Attributes:
        name: in file names.
        training: path below the folder of all data, and split of 300-W.
        test: the same of the test faces.
        normalizer: of the test error, see `metrics.NORMALIZERS`.
        hsm_bins: K of hard sample mining (Section 7.1).
        box_scale: side of the first crop over that of the face's box.
        augmentation: of the first network's training faces.
        picture: side of the test pictures, pixels, if the box of a face is to be such
            that its first crop is the whole picture, whatever face is in it; by
            default it is the square around the landmarks.
    """

    name: str
    training: tuple[str, str | None]
    test: tuple[str, str | None]
    normalizer: str
    hsm_bins: int
    box_scale: float
    augmentation: Augmentation
    picture: int | None = None

    def training_faces(self, data: Path) -> FaceDataset:
        """The faces to learn from, validation faces among them.

        Args:
            data: folder that holds `300w/` (its original layout) and `mtfl5/` (the
                five-point faces, `lfw.csv` and `aflw.csv`), or one that
                `accelerator.packing.unpack_faces` filled.

        Raises:
            FileNotFoundError: if they are not there.
        """
        return _load(data, f"{self.name}_training", *self.training)

    def test_faces(self, data: Path) -> FaceDataset:
        """The faces to measure on; see `training_faces`.

        Where the labels tell a face's yaw, the attribute "head_pose" holds its class,
        as MTFL has them: 2 to 4 for -30 to 30 degrees, 0 where it is not known or
        beyond the 45 degrees of `wingkeras.head_pose`.
        """
        faces = _load(data, f"{self.name}_test", *self.test)
        if head_pose.is_known_for(faces.scheme):
            yaw = head_pose.head_poses(faces.landmarks, faces.scheme)[:, 0]
            classes = np.where(
                np.isfinite(yaw), 3 + np.rint(np.nan_to_num(yaw) / 30), 0
            )
            faces = dataclasses.replace(
                faces, attributes=faces.attributes | {"head_pose": classes.astype(int)}
            )
        if self.picture is None:
            return faces
        whole = geometry.image_box(self.picture, self.picture)
        box = geometry.scale_boxes(whole, 1 / self.box_scale)
        return dataclasses.replace(faces, boxes=np.tile(box, (len(faces), 1)))


def _load(data: Path, packed: str, path: str, split: str | None) -> FaceDataset:
    if is_unpacked(data):
        return read_faces(data, packed)
    if split is None:
        return load_faces(data / path)
    return load_300w(data / path, split, allow_missing=True)


# 68 points; 554 test faces of the common subset, 135 more where `ibug` is at hand.
W300 = Dataset(
    name="300w",
    training=("300w", "train"),
    test=("300w", "full"),
    normalizer="inter_ocular",
    hsm_bins=9,
    box_scale=RECIPES["modern_cnn6"].box_scale,
    augmentation=RECIPES["modern_cnn6"].augmentation,
)

# MTFL's test set, 2,995 faces, five points. The square around them is a third of a
# picture; what faces of the test set look like in theirs, the wide perturbation makes
# of the training faces, which are LFW's.
AFLW = Dataset(
    name="aflw",
    training=("mtfl5/lfw.csv", None),
    test=("mtfl5/aflw.csv", None),
    normalizer="inter_pupil",
    hsm_bins=17,
    box_scale=2.9,
    augmentation=Augmentation(scale=0.2, translate=0.1, colour=0.3, random_erasing=0.2),
    picture=80,
)

DATASETS = {dataset.name: dataset for dataset in (W300, AFLW)}
"""A model by name."""
