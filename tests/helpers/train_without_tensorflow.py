"""A tiny training run on KERAS_BACKEND with TensorFlow blocked.

Usage: train_without_tensorflow.py FACES_FOLDER RUN_FOLDER

Prints the mean error of the localizer that comes out, on the faces held out.
"""

import no_tensorflow  # noqa: F401, I001

import dataclasses
import sys
from pathlib import Path

from faces_on_disk import make_faces
from train_made_faces import RECIPE
from wingkeras.evaluation import evaluate
from wingkeras.training.run import train


def main(faces_folder: str, run_folder: str) -> None:
    faces = make_faces(Path(faces_folder), 15)
    recipe = dataclasses.replace(RECIPE, augment_on="device", epochs=3)
    localizer = train(recipe, faces, run_folder, verbose=False)
    _, validation = faces.split(recipe.validation_split, recipe.seed)
    errors = evaluate(localizer, validation).errors["inter_pupil"]
    assert "tensorflow" not in sys.modules
    print(errors.mean())


if __name__ == "__main__":
    main(*sys.argv[1:])
