"""Publishing: whatever can fail first, then the files, then the registry."""

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path

from publishing.candidates import Candidate
from publishing.measuring import cost_of_float16, measure
from publishing.protocols import OF_EXTRA_FACES
from publishing.zoo_folder import CURVES, ZooFolder, addressed_name
from wingkeras import plots, zoo
from wingkeras.data.faces import FaceDataset
from wingkeras.storage.entries import Entry
from wingkeras.training.run_folder import RunFolder


def publish(
    candidate: Candidate,
    description: str,
    faces: FaceDataset,
    folder: ZooFolder,
    log: Callable[[str], None] = print,
) -> Entry:
    """Measure a model and put it into the zoo, or leave the zoo as it is.

    Args:
        candidate: the model.
        description: of it, one line.
        faces: to measure on, of the candidate's protocol.
        folder: of the zoo.
        log: called with lines for people.

    Returns:
        The new entry.

    Raises:
        OSError: if a file cannot be read or written.
        ValueError: if something does not fit; in either case the zoo is as before.
    """
    with tempfile.TemporaryDirectory() as scratch:
        prepared, files = _prepare(candidate, Path(scratch), log)
        # What is measured is what was saved, read back.
        saved = zoo.load(Path(scratch))
        for line in cost_of_float16(candidate, faces):
            log(line)
        entry = dataclasses.replace(
            prepared,
            description=description,
            recipe=tuple(training["recipe"] for training in candidate.described),
            training_data=_training_data(candidate),
            licence=candidate.protocol.licence
            + (OF_EXTRA_FACES if _has_extra_faces(candidate) else ""),
            metrics=measure(saved, faces, candidate.name, candidate.protocol),
            card=f"{candidate.name}.md",
        )
        with folder.adding(files):
            folder.register(entry)
    try:
        for path in folder.prune(candidate.name, files):
            log(f"Removed: {path}")
    except OSError as error:
        log(f"Files of before are left: {error}")
    return folder.entries()[candidate.name]


def _prepare(
    candidate: Candidate, scratch: Path, log: Callable[[str], None]
) -> tuple[Entry, dict[str, Path]]:
    """The entry without its measurements, and the files by their names in the zoo."""
    saved = zoo.save(candidate.localizer, scratch, candidate.name)
    files = {}
    for number, runs in enumerate(candidate.runs, start=1):
        stage = saved.stages[number - 1]
        files[stage.file] = scratch / stage.file
        if not runs:
            continue
        picture = scratch / f"{saved.name}.stage{number}{CURVES}"
        curves = [RunFolder(run).curves() for run in runs]
        plots.save_figure(plots.training_curves(*curves), picture)
        shown = addressed_name(picture, CURVES)
        files[shown] = picture
        log(f"Curves for the model card: {shown}")
    return saved, files


def _has_extra_faces(candidate: Candidate) -> bool:
    inherited = (entry.training_data for entry in candidate.inherited)
    return bool(
        candidate.num_extra_faces
        or any(data.get("num_extra_faces") for data in inherited)
    )


def _training_data(candidate: Candidate) -> dict:
    return {
        "name": candidate.protocol.training,
        "faces": candidate.described[-1]["faces"],
        "licence": "research use only",
        "num_extra_faces": candidate.num_extra_faces,
        "extra_faces": candidate.extra_faces,
    }
