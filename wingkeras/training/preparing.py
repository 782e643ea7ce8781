"""From data sets to the decoded faces that a network is trained and validated on."""

import dataclasses
import hashlib
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from wingkeras import geometry, serialized_names
from wingkeras.data.balance import epoch_plan
from wingkeras.data.faces import FaceDataset
from wingkeras.data.near_copies import find_near_copies
from wingkeras.data.order import count_batches
from wingkeras.data.regions import (
    FaceRegions,
    crop_landmarks,
    join_regions,
    load_regions,
    maps_to,
)
from wingkeras.imaging.images import read_bytes
from wingkeras.inference.keras_stages import KerasStage, localize_regions
from wingkeras.inference.localizer import Localizer
from wingkeras.scheme_values import scheme_values
from wingkeras.schemes import LandmarkScheme, is_known
from wingkeras.training.recipe import Recipe
from wingkeras.training.starting import find_start, goes_on

_log = logging.getLogger("wingkeras")


@dataclass(frozen=True)
class Inputs:
    """The inputs of a run, before any picture is read.

    Attributes:
        recipe: describes the training.
        training_faces: without `validation_faces` and `extra_faces`.
        validation_faces: the faces held out for validation.
        first_stage, init_from, extra_faces: see `run.train`.
    """

    recipe: Recipe
    training_faces: FaceDataset
    validation_faces: FaceDataset
    first_stage: Localizer | None
    init_from: Localizer | None
    extra_faces: FaceDataset | None

    @property
    def first_stages(self) -> tuple[KerasStage, ...]:
        """The networks before the one being trained, in a cascade."""
        return self.first_stage.keras_stages if self.first_stage else ()

    @property
    def scheme(self) -> LandmarkScheme:
        """The scheme of the faces."""
        return self.training_faces.scheme

    @property
    def box_scale(self) -> float:
        """Side of the first network's crop over that of the face's box."""
        return self.first_stage.box_scale if self.first_stage else self.recipe.box_scale

    @property
    def licence(self) -> str:
        """The licences of the models that the new one is made from."""
        models = filter(None, (self.first_stage, self.init_from))
        parts = [part for model in models for part in model.licence.split("; ")]
        return "; ".join(filter(None, dict.fromkeys(parts)))

    @cached_property
    def plan(self) -> np.ndarray:
        """`(M,)` indices of the regions that an epoch shows; extra faces come last."""
        recipe = self.recipe
        plan = epoch_plan(self.training_faces, recipe.hsm_bins, recipe.hsm_cap)
        extra = len(self.extra_faces) if self.extra_faces else 0
        plan = np.append(plan, len(self.training_faces) + np.arange(extra, dtype=int))
        return np.tile(plan, recipe.passes_per_epoch)

    @cached_property
    def steps(self) -> int:
        """Batches per epoch.

        Raises:
            ValueError: if there are fewer faces than a batch takes.
        """
        return count_batches(len(self.plan), self.recipe.batch_size)

    def describe(self) -> dict[str, Any]:
        """JSON-ready values that identify a run, under their names in files.

        They are equal for equal recipes, landmarks, boxes, pictures and networks.
        Pictures are compared by their contents, and not by time or size: a copy on
        another machine has another time, and an edited picture may keep its size.

        Raises:
            BrokenFileError: for a picture that cannot be read.
        """
        extra, scheme, start = self.extra_faces, self.scheme, None
        if self.init_from:
            start = find_start(self.init_from, self.recipe, scheme)
        own = {} if is_known(scheme) else {"scheme": scheme_values(scheme)}
        parts = [
            self.training_faces,
            self.validation_faces,
            *([extra] if extra else []),
        ]
        values = {
            **own,
            "recipe": self.recipe.describe(),
            "faces": len(self.training_faces),
            "landmarks": digest([self.training_faces.landmarks]),
            "validation_landmarks": digest([self.validation_faces.landmarks]),
            "boxes": digest([part.boxes for part in parts]),
            "pictures": _digest_pictures([x for part in parts for x in part.images]),
            "num_extra_faces": len(extra) if extra else 0,
            "extra_landmarks": digest([extra.landmarks]) if extra else None,
            "first_stages": [
                digest(stage.network.get_weights()) for stage in self.first_stages
            ],
            "init_from": digest(start.network.get_weights()) if start else None,
        }
        return serialized_names.to_file(values, serialized_names.RUN)


@dataclass(frozen=True)
class Prepared:
    """The decoded faces of a run.

    Attributes:
        regions: the training faces; `Inputs.plan` indexes them.
        validation: the faces held out.
        mean_shape: `(L, 2)`, pixels of the network's input.
    """

    regions: FaceRegions
    validation: FaceRegions
    mean_shape: np.ndarray


def prepare(inputs: Inputs) -> Prepared:
    """Decode the faces; in a cascade, turn them upright by its first stages.

    Raises:
        BrokenFileError: for a picture that cannot be decoded.
    """
    size, box_scale = inputs.recipe.size, inputs.box_scale
    regions, validation = (
        load_regions(part, size, box_scale)
        for part in (inputs.training_faces, inputs.validation_faces)
    )
    mean_shape = np.nanmean(crop_landmarks(regions), axis=0)
    if inputs.extra_faces:
        more = load_regions(inputs.extra_faces, size, box_scale)
        regions = join_regions(regions, more)
    _warn_of_near_copies(inputs, regions, validation)
    if inputs.first_stage:
        factor = box_scale / inputs.recipe.box_scale
        mean_shape = geometry.scale_about_centre(mean_shape, size, factor)
        if inputs.init_from and goes_on(inputs.init_from, inputs.scheme):
            mean_shape = inputs.init_from.stages[-1].mean_shape
        regions, validation = (
            align(part, inputs.first_stages, mean_shape)
            for part in (regions, validation)
        )
    return Prepared(regions, validation, mean_shape)


def _warn_of_near_copies(
    inputs: Inputs, regions: FaceRegions, validation: FaceRegions
) -> None:
    pairs = find_near_copies(validation, regions)
    if not len(pairs):
        return
    pictures = inputs.training_faces.images
    if inputs.extra_faces:
        pictures += inputs.extra_faces.images
    copied, shown = pairs[0]
    _log.warning(
        "%d of the %d faces held out for validation are nearly the same as a face that "
        "is trained on, or its mirror image, such as %s and %s. The validation error "
        "is too low, and the epoch is chosen by what was learnt by heart. Remove the "
        "copies, or keep them on one side of the split: give them the same entry in a "
        "column of their CSV file and name it in `Recipe.group_by`, on the command "
        "line --group-by.",
        len(pairs),
        len(validation),
        inputs.validation_faces.images[copied],
        pictures[shown],
    )


def align(
    regions: FaceRegions, stages: Sequence[KerasStage], mean_shape: np.ndarray
) -> FaceRegions:
    """The upright faces, as the next network of a cascade sees them.

    Args:
        regions: whose maps lead to the first network's crop.
        stages: the networks before the next one.
        mean_shape: `(L, 2)`, pixels of the next network's input, which the landmarks
            that they find are fitted to.
    """
    to_first = maps_to(regions, stages[0].size)
    maps = []
    for start in range(0, len(regions), 64):
        chunk = slice(start, start + 64)
        found = localize_regions(stages, regions.images[chunk], to_first[chunk])
        maps.append(geometry.fit_similarity(np.asarray(found), mean_shape))
    return dataclasses.replace(regions, maps=np.concatenate(maps).astype(np.float32))


def digest(arrays: Sequence[np.ndarray]) -> str:
    """SHA-256 of arrays, by which a run identifies faces and networks."""
    sha256 = hashlib.sha256()
    for array in arrays:
        sha256.update(array.tobytes())
    return sha256.hexdigest()


def _digest_pictures(paths: Sequence[Path]) -> str:
    """SHA-256 of the contents of the faces' files, in the order of the faces."""
    different = dict.fromkeys(paths)
    with ThreadPoolExecutor() as pool:
        hashes = dict(zip(different, pool.map(_digest_file, different), strict=True))
    return hashlib.sha256(b"".join(hashes[path] for path in paths)).hexdigest()


def _digest_file(path: Path) -> bytes:
    return hashlib.sha256(read_bytes(path)).digest()
