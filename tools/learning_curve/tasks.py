"""What is learnt from few faces, and what the trainings start from."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reproduction.datasets import AFLW, W300, Dataset
from wingkeras.data.faces import FaceDataset
from wingkeras.schemes import IBUG68, LandmarkScheme

SCRATCH = "random weights"


@dataclass(frozen=True)
class Task:
    """Points to be learnt.

    Attributes:
        name: in files.
        title: for people.
        dataset: of the faces, with their protocol.
        starts: what the trainings start from: models of the zoo, or `SCRATCH`.
        scheme: of the points, if they are some of those that the faces have.
        subsets: of the test faces to measure on; all of them by default.
        informed: those of `starts` that learnt from the training faces, with these
            points among others.
    """

    name: str
    title: str
    dataset: Dataset
    starts: tuple[str, ...]
    scheme: LandmarkScheme | None = None
    subsets: tuple[str, ...] | None = None
    informed: tuple[str, ...] = ()

    def training_faces(self, data: Path) -> FaceDataset:
        """The faces to choose some of, without the points that are left out."""
        return self._with_points(self.dataset.training_faces(data))

    def test_faces(self, data: Path) -> FaceDataset:
        """The faces to measure on."""
        faces = self._with_points(self.dataset.test_faces(data))
        if self.subsets is None:
            return faces
        return faces.select(np.flatnonzero(np.isin(faces.subsets, self.subsets)))

    def _with_points(self, faces: FaceDataset) -> FaceDataset:
        if self.scheme is None:
            return faces
        places = [faces.scheme.points.index(point) for point in self.scheme.points]
        landmarks = faces.landmarks[:, places]
        return dataclasses.replace(faces, landmarks=landmarks, scheme=self.scheme)


def some_points(
    scheme: LandmarkScheme, indices: Sequence[int], name: str
) -> LandmarkScheme:
    """A scheme of some of another's points, the outer eye corners among them."""
    place = {index: i for i, index in enumerate(indices)}
    assert scheme.mirror and scheme.outer_eye_corners
    left, right = scheme.outer_eye_corners
    return LandmarkScheme(
        name=name,
        points=tuple(scheme.points[i] for i in indices),
        mirror=tuple(place[scheme.mirror[i]] for i in indices),
        left_eye=tuple(place[i] for i in scheme.left_eye if i in place),
        right_eye=tuple(place[i] for i in scheme.right_eye if i in place),
        outer_eye_corners=(place[left], place[right]),
    )


def choose(faces: FaceDataset, count: int, seed: int) -> FaceDataset:
    """Some faces at random; with the same seed, fewer are among more.

    Raises:
        ValueError: if there are not so many.
    """
    if count > len(faces):
        raise ValueError(f"Expected up to {len(faces)} faces, received {count}.")
    return faces.select(np.random.default_rng(seed).permutation(len(faces))[:count])


# Brows, eye corners, nose, mouth and chin, as AFLW has them but for the eyes' centres.
NINETEEN = some_points(
    IBUG68,
    (17, 19, 21, 22, 24, 26, 36, 39, 42, 45, 27, 31, 30, 35, 48, 51, 54, 57, 8),
    "ibug19",
)

FIVE_POINTS = Task(
    name="mtfl5",
    title="five points of MTFL (learnt from LFW's faces, tested on AFLW's)",
    dataset=AFLW,
    starts=(SCRATCH, "cnn6_300w"),
)

# What `cnn6_300w` learnt from are the faces and points that some are chosen of here:
# beside it stands a model that has seen neither.
NINETEEN_POINTS = Task(
    name="300w19",
    title="19 of 68 points of 300-W (common subset)",
    dataset=W300,
    starts=(SCRATCH, "cnn6_aflw5", "cnn6_300w"),
    scheme=NINETEEN,
    subsets=("helen/testset", "lfpw/testset"),
    informed=("cnn6_300w",),
)

TASKS = {task.name: task for task in (FIVE_POINTS, NINETEEN_POINTS)}
