"""Landmarks of a picture, and a network of one's own, in a script with types.

    python examples/typed_user_script.py PICTURE FACES.csv FOLDER

FACES.csv has the columns image, x1..x5, y1..y5; the trained network goes to FOLDER. A
type checker accepts the script as it is: `pyright examples/typed_user_script.py`.
"""

import dataclasses
import sys
from pathlib import Path

import keras
import numpy as np

import wingkeras
from wingkeras.data.datasets import load_faces
from wingkeras.training.recipes import RECIPES


def find_landmarks(picture: Path) -> np.ndarray:
    """The 68 landmarks of every face, `(N, 68, 2)`, image pixels."""
    localizer: wingkeras.Localizer = wingkeras.zoo.load("cnn6_300w")
    faces = localizer.detect(picture)
    for face, pose in zip(faces, faces.head_pose(), strict=True):
        print(f"face at {face.box.round()}, nose tip at {face.landmarks[30].round()}")
        print(f"yaw, pitch, roll {pose.round()} degrees")
    crops, _ = faces.aligned(picture, size=112)
    print(f"upright crops {crops.shape}, mouths {faces.openness()['mouth'].round(2)}")
    return faces.landmarks


def fit_own_network(images: np.ndarray, targets: np.ndarray) -> keras.Model:
    """A network trained with the Wing loss on `(N, 64, 64, 3)` crops."""
    network: keras.Model = wingkeras.models.CNN6(num_landmarks=5)
    loss = wingkeras.WingLoss(w=10, epsilon=2)
    network.compile(optimizer="adam", loss=loss)
    network.fit(images, targets, epochs=1)
    return network


def train_on_files(csv_file: Path, folder: Path) -> wingkeras.Localizer:
    """A localizer trained on annotated pictures, kept in a folder."""
    faces: wingkeras.FaceDataset = load_faces(csv_file, scheme="five")
    recipe: wingkeras.Recipe = dataclasses.replace(
        RECIPES["modern_cnn6"], epochs=1, batch_size=4
    )
    return wingkeras.train(recipe, faces, folder, verbose=False)


if __name__ == "__main__":
    landmarks = find_landmarks(Path(sys.argv[1]))
    rng = np.random.default_rng(0)
    crops = rng.integers(0, 256, (8, 64, 64, 3), np.uint8)
    fit_own_network(crops, rng.uniform(0, 64, (8, 10)).astype(np.float32))
    trained = train_on_files(Path(sys.argv[2]), Path(sys.argv[3]))
    print(f"{len(landmarks)} faces found; trained: {trained.scheme.name}")
