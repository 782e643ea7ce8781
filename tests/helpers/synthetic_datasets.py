"""A dataset of made faces for the paper's tables."""

from faces_on_disk import make_faces
from reproduction.datasets import AFLW


class SyntheticDataset:
    """A dataset of faces that needs no files but its own."""

    hsm_bins, box_scale, augmentation = 3, 1.1, AFLW.augmentation
    normalizer = "inter_pupil"

    def __init__(self, folder):
        self._folder = folder

    def training_faces(self, data):
        """To learn from, wherever the data are."""
        return make_faces(self._folder / "train", 40)

    def test_faces(self, data):
        """To measure on."""
        return make_faces(self._folder / "test", 6, seed=1)
