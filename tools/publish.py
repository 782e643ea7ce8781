"""Put a trained model into the zoo: weights, registry entry, curves, measured errors.

    python tools/publish.py RUN [RUN] NAME --data PATH --description TEXT
        [--init-from RUN] [--extra-faces TEXT] [--flip-tta]

RUN is a folder that `wingkeras train` wrote, or a cell of `tools/reproduce.py`; of a
cascade, those of its networks in their order; `--init-from` is the run whose network
the last one went on from. `--extra-faces` says what extra faces are, where a run had
them.
PATH is the folder of 300-W, or for five points MTFL's `aflw.csv`. The errors are those
on the common subset or on that file, with landmark boxes, with the flip test and
without; run it once per finished model.
"""

import argparse
import dataclasses
import json
import os
import shutil
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from wingkeras import models, plots, zoo
from wingkeras.data.datasets import load_faces
from wingkeras.evaluation import evaluate
from wingkeras.inference.entries import entry_values
from wingkeras.metrics import usual_normalizers
from wingkeras.models.folding import fold_batch_norm
from wingkeras.models.weights import load_weights
from wingkeras.storage.files import atomic_write
from wingkeras.training.run import digest

ZOO = Path(__file__).resolve().parents[1] / "zoo"


@dataclasses.dataclass(frozen=True)
class Protocol:
    """Which faces a published model of a scheme has learnt from and is measured on.

    Attributes:
        training: the faces to learn from.
        licence: of the weights.
        test: the faces to measure on.
        options: of `wingkeras evaluate` for those.
    """

    training: str
    licence: str
    test: str
    options: str


PROTOCOLS = {
    "ibug68": Protocol(
        training="300-W: afw, helen/trainset, lfpw/trainset",
        licence="research use only, as the 300-W images and annotations it was trained "
        "on",
        test="300-W common subset",
        options="--data PATH_TO_300W --split common",
    ),
    "five": Protocol(
        training="MTFL: lfw.csv",
        licence="research use only, as the LFW images and MTFL annotations it was "
        "trained on",
        test="MTFL: aflw.csv",
        options="--data aflw.csv",
    ),
}
_OF_FURTHER = " and the photographs of its further faces"


def main() -> int:
    """Copy, measure, register."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("name")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--description", required=True)
    parser.add_argument("--init-from", type=Path, metavar="RUN")
    parser.add_argument("--extra-faces", metavar="TEXT")
    parser.add_argument("--flip-tta", action="store_true", help="see `Localizer`")
    options = parser.parse_args()
    last = options.runs[-1]
    localizer = zoo.load(last).replace(flip_tta=options.flip_tta)
    if len(options.runs) != len(localizer.stages):
        parser.error(
            f"expected the run of each of the {len(localizer.stages)} networks in "
            f"{last}, received {len(options.runs)}"
        )
    if localizer.scheme.name not in PROTOCOLS:
        parser.error(
            f"expected a model of one of the schemes {sorted(PROTOCOLS)}, received "
            f"{localizer.scheme.name!r} in {last}"
        )
    if describe(last)["start"] != (
        digest_of(options.init_from) if options.init_from else None
    ):
        parser.error(
            f"expected --init-from to be the run that {last} went on from, if any; "
            f"received {options.init_from}"
        )
    runs_of_stages = [[run] for run in options.runs]
    if options.init_from:
        runs_of_stages[-1].insert(0, options.init_from)
    described = [describe(run) for runs in runs_of_stages for run in runs]
    further = max(training["further_faces"] for training in described)
    if bool(further) != bool(options.extra_faces):
        parser.error(f"expected --extra-faces for {further} further faces, or neither")
    saved = zoo.save(localizer, last / "published", options.name)
    split = "common" if options.data.is_dir() else None
    faces = load_faces(options.data, split, localizer.scheme)
    protocol = PROTOCOLS[localizer.scheme.name]
    show_cost_of_float16(localizer, last, described[-1]["recipe"], faces)
    entry = dataclasses.replace(
        saved,
        description=options.description,
        recipe=[training["recipe"] for training in described],
        training_data={
            "name": protocol.training,
            "faces": described[-1]["faces"],
            "licence": "research use only",
            "further_faces": further,
            "further": options.extra_faces,
        },
        licence=protocol.licence + (_OF_FURTHER if further else ""),
        metrics=measure(localizer, faces, options.name, protocol),
        card=f"{options.name}.md",
    )
    for stage, runs in zip(entry.stages, runs_of_stages, strict=True):
        with atomic_write(ZOO / stage.file) as scratch:
            shutil.copy(last / "published" / stage.file, scratch)
        picture = ZOO / stage.file.replace(".weights.h5", ".training.png")
        logs = [run / "metrics.csv" for run in runs]
        plots.save_figure(plots.training_curves(*logs), picture)
    register(entry)
    print(json.dumps(entry.metrics, indent=1))
    return 0


def describe(run: Path) -> dict:
    """What `train` wrote of a run."""
    return json.loads((run / "recipe.json").read_text())


def digest_of(run: Path) -> str:
    """Of a run's last network, as runs that start from it write it down."""
    return digest(zoo.load(run).stages[-1].network.get_weights())


def show_cost_of_float16(localizer, run: Path, recipe: dict, faces) -> None:
    """Print the error with the float32 weights of the run beside the saved ones."""
    if not (run / "best.weights.h5").exists():
        print(f"{run} keeps no float32 weights to compare with.")
        return
    batch_norm = recipe.get("batch_norm", False)
    exact = models.build(
        recipe["network"],
        len(localizer.scheme),
        size=localizer.stages[-1].size,
        batch_norm=batch_norm,
    )
    load_weights(exact, run / "best.weights.h5")
    if batch_norm:
        exact = fold_batch_norm(exact)
    stages = [
        *localizer.stages[:-1],
        dataclasses.replace(localizer.stages[-1], network=exact),
    ]
    before = evaluate(localizer.replace(stages=stages), faces)
    after = evaluate(localizer, faces)
    shift = np.linalg.norm(before.predictions - after.predictions, axis=-1)
    for name, result in (("float32", before), ("float16", after)):
        print(f"{name}: {result.summary()[usual_normalizers(faces.scheme)[0]]}")
    print(f"landmarks differ by up to {shift.max():.3f} px, mean {shift.mean():.4f} px")


def measure(localizer, faces, name: str, protocol: Protocol) -> tuple[dict, ...]:
    """Summaries of evaluations, each with the command that prints it again."""
    other = not localizer.flip_tta
    switch = " --flip-tta" if other else " --no-flip-tta"
    variants = {"": localizer, switch: localizer.replace(flip_tta=other)}
    command = f"wingkeras evaluate {name} {protocol.options}"
    return tuple(
        {
            "data": protocol.test,
            **evaluate(variant, faces).summary(),
            "command": command + option,
        }
        for option, variant in variants.items()
    )


def register(entry: zoo.Entry) -> None:
    """Add an entry to the registry, in place of one of the same name."""
    path = ZOO / "registry.json"
    entries = {values["name"]: values for values in json.loads(path.read_text())}
    entries[entry.name] = entry_values(entry)
    with atomic_write(path) as scratch:
        scratch.write_text(json.dumps([entries[n] for n in sorted(entries)], indent=1))


if __name__ == "__main__":
    sys.exit(main())
