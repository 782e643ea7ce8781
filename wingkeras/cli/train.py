"""`wingkeras train`: train a network; resumes by itself."""

import dataclasses
import sys
from pathlib import Path
from typing import Any

from wingkeras.cli import arguments
from wingkeras.cli.output import hold_native_output, shown
from wingkeras.cli.parsers import add_command, add_rule

_EXAMPLE = """
wingkeras train --recipe modern_cnn6 --data PATH_TO_300W
wingkeras train --recipe modern_cnn6 --data faces.csv --scheme five --epochs 50
"""
_RECIPE_OPTIONS: dict[str, dict[str, Any]] = {
    "epochs": {"type": int, "help": "passes over the training faces"},
    "batch_size": {"type": int, "help": "faces per step"},
    "optimizer": {"choices": ("sgd", "adamw", "muon"), "help": "what takes the steps"},
    "learning_rate": {"type": float, "help": "the highest one"},
    "weight_decay": {"type": float, "help": "decoupled, on kernels only"},
    "hsm_bins": {"type": int, "help": "bins of hard sample mining, 0 for none"},
    "hsm_cap": {"type": int, "help": "most copies of a face in rare poses"},
    "ema": {"type": float, "help": "momentum of the weight average, 0 for none"},
    "seed": {"type": int, "help": "of weights, split, order and augmentation"},
    "group_by": {
        "metavar": "COLUMN",
        "help": "of a .csv file: faces with the same entry, such as those of a video, "
        "are all trained on or all validated on",
    },
    "precision": {"help": "a Keras dtype policy, such as mixed_bfloat16"},
    "augment_on": {
        "choices": ("host", "device"),
        "help": "where training faces are perturbed",
    },
}
_PARALLEL = "data-parallel"
_JIT_MODES = {"auto": "auto", "on": True, "off": False}


def add_parser(commands) -> None:
    """Declare the command and its options."""
    summary = "train a network; run again, it resumes"
    parser = add_command(commands, "train", summary, _EXAMPLE, run)
    parser.add_argument(
        "--recipe",
        required=True,
        metavar="NAME",
        help="what decides the training: a name in wingkeras.training.RECIPES",
    )
    parser.add_argument(
        "--data",
        required=True,
        type=Path,
        metavar="PATH",
        help="annotated faces: a folder with 300-W's layout, a .csv or a .json file",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help="of the run; runs/RECIPE by default",
    )
    parser.add_argument(
        "--first-stage",
        metavar="MODEL",
        help="aligns the faces for this network; by default the annotations do",
    )
    parser.add_argument(
        "--init-from",
        metavar="MODEL",
        help="to go on from; by default the weights are random",
    )
    parser.add_argument(
        "--extra-faces",
        type=Path,
        metavar="CSV",
        help="more training faces, such as pseudo-labelled ones",
    )
    parser.add_argument(
        "--scheme",
        choices=("ibug68", "aflw19", "five"),
        help="of a .csv or .json file, which does not say it",
    )
    changes = parser.add_argument_group("instead of what the recipe says")
    for name, settings in _RECIPE_OPTIONS.items():
        changes.add_argument(f"--{name.replace('_', '-')}", **settings)
    changes.add_argument(
        "--jit-compile", choices=_JIT_MODES, help="XLA for the train step"
    )
    _add_devices(parser)
    arguments.add_incomplete(parser)


def _add_devices(parser) -> None:
    several = parser.add_argument_group("more than one device")
    several.add_argument(
        "--strategy",
        choices=("mirrored", _PARALLEL),
        help="mirrored: TensorFlow's local GPUs; data-parallel: all devices of JAX; by "
        "default one device",
    )
    several.add_argument(
        "--coordinator",
        metavar="HOST:PORT",
        help="address of process 0, for several processes",
    )
    several.add_argument(
        "--num-processes", type=int, default=1, metavar="N", help="of the run"
    )
    several.add_argument(
        "--process-id", type=int, default=0, metavar="I", help="of this process"
    )
    for option in ("--coordinator", "--num-processes", "--process-id"):
        relation = "goes with --strategy data-parallel only"
        add_rule(
            parser, option, relation, lambda options: options.strategy == _PARALLEL
        )


def run(options) -> int:
    """Run the command and return its exit code."""
    with hold_native_output():
        strategy = _strategy(options)

        from wingkeras import zoo
        from wingkeras.data.datasets import load_faces
        from wingkeras.training.recipes import RECIPES
        from wingkeras.training.run import train

    if options.recipe not in RECIPES:
        raise ValueError(
            f"Expected --recipe to be one of {', '.join(RECIPES)}; "
            f"received {options.recipe!r}."
        )
    changes = {
        name: getattr(options, name)
        for name in _RECIPE_OPTIONS
        if getattr(options, name) is not None
    }
    if options.jit_compile:
        changes["jit_compile"] = _JIT_MODES[options.jit_compile]
    recipe = dataclasses.replace(RECIPES[options.recipe], **changes)
    split = "train" if options.data.is_dir() else None
    faces = load_faces(
        options.data, split, options.scheme, options.on_error, options.allow_missing
    )
    folder = options.output or Path("runs") / recipe.name
    first_stage = zoo.load(options.first_stage) if options.first_stage else None
    init_from = zoo.load(options.init_from) if options.init_from else None
    extra_faces = None
    if options.extra_faces:
        extra_faces = load_faces(
            options.extra_faces, None, faces.scheme, options.on_error
        )
    train(
        recipe,
        faces,
        folder,
        first_stage=first_stage,
        init_from=init_from,
        extra_faces=extra_faces,
        verbose=sys.stdout.isatty(),
        strategy=strategy,
    )
    print(f"Model: {shown(folder.resolve())}")
    return 0


def _strategy(options):
    from wingkeras.training import distribution

    if options.strategy == _PARALLEL:
        return distribution.DataParallel(
            options.coordinator, options.num_processes, options.process_id
        )
    return distribution.Mirrored() if options.strategy else None
