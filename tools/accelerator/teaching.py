"""Teacher and students: networks trained on all faces that were packed."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from accelerator.packing import read_faces
from accelerator.speed import precision
from wingkeras import zoo
from wingkeras.data.faces import FaceDataset
from wingkeras.training.recipe import Recipe
from wingkeras.training.recipes import RECIPES
from wingkeras.training.run import train
from wingkeras.training.run_folder import RunFolder

LABELLED, EXTRA = "300w_training", ("partly", "extra")
"""Names of packed sets: the faces to validate on are among the first."""

_RECIPES = {
    "teacher": "cascade_unet",
    "student_heatmap": "heatmap_mobilenetv2",
    "student_cnn7": "refined_cnn7",
    "student_cnn6": "modern_cnn6",
}
_FIRST_STAGE = "cnn67_300w"
_EPOCHS = 60  # with a validation after each


def teach(
    network: str,
    data: Path,
    folder: Path,
    length: float,
    callbacks: Sequence[keras.callbacks.Callback],
    log: Callable[[str], None],
) -> dict[str, Any]:
    """Train a network; an interrupted training goes on.

    Args:
        network: "teacher" or a student.
        data: folder that `packing.unpack_faces` filled.
        folder: of the run.
        length: of the training, as a multiple of its recipe's.
        callbacks: of the training.
        log: called with a line before it.

    Returns:
        The error on the faces held out, which are of 300-W's training faces. Test faces
        are left alone: the localizer in the folder is measured once, at home.
    """
    faces = read_faces(data, LABELLED)
    extra = _extra_faces(data, faces)
    recipe = _recipe(network, length, data)
    first_stage = None
    if recipe.name.startswith(("cascade", "refined")):
        whole = zoo.load(_FIRST_STAGE)
        first_stage = whole.replace(stages=whole.stages[:1], flip_tta=False)
    count = len(extra) if extra else 0
    log(f"{network}: {recipe.name} on {len(faces)} faces and {count} extra ones")
    train(
        recipe,
        faces,
        folder,
        first_stage=first_stage,
        extra_faces=extra,
        callbacks=callbacks,
        verbose=False,
    )
    errors = RunFolder(folder).validation_errors()
    RunFolder(folder).drop_weights()
    return {
        "recipe": recipe.name,
        "faces": len(faces),
        "extra_faces": count,
        "epochs": len(errors),
        "held_out_nme_percent": round(100 * min(errors), 3),
    }


def _recipe(network: str, length: float, data: Path) -> Recipe:
    recipe = RECIPES[_RECIPES[network]]
    passes = max(1, round(recipe.epochs * length))
    in_epoch = max(1, passes // _EPOCHS)
    encoder = data / "encoder.npz"
    return dataclasses.replace(
        recipe,
        epochs=max(1, round(passes / in_epoch)),
        passes_per_epoch=in_epoch,
        augment_on="device",
        precision=precision(),
        jit_compile="auto",
        weights=str(encoder) if "heatmap" in network and encoder.exists() else None,
    )


def _extra_faces(data: Path, faces: FaceDataset) -> FaceDataset | None:
    """All extra faces that were packed, partly labelled ones among them."""
    found = []
    for name in EXTRA:
        try:
            found.append(read_faces(data, name))
        except FileNotFoundError:
            continue
    if not found:
        return None
    return FaceDataset(
        images=tuple(image for more in found for image in more.images),
        landmarks=np.concatenate([more.landmarks for more in found]),
        scheme=faces.scheme,
        subsets=tuple(subset for more in found for subset in more.subsets),
        boxes=np.concatenate([more.boxes for more in found]),
    )
