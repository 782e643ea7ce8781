"""`wingkeras train`: train a network; resumes by itself."""

import dataclasses
from pathlib import Path

from wingkeras.cli import arguments

_RECIPE_OPTIONS = {
    "epochs": int,
    "batch_size": int,
    "optimizer": str,
    "learning_rate": float,
    "weight_decay": float,
    "ema": float,
    "seed": int,
    "precision": str,
    "augment_on": str,
}
_STRATEGIES = ("mirrored", "data-parallel")
_JIT_MODES = {"auto": "auto", "on": True, "off": False}


def add_parser(commands) -> None:
    """Declare the command and its options."""
    parser = commands.add_parser("train", help="train a network; resumes by itself")
    parser.add_argument("--recipe", required=True)
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--output", type=Path, help="folder; runs/RECIPE by default")
    parser.add_argument(
        "--first-stage",
        metavar="NAME",
        help="model of the zoo, or a folder, that aligns the faces for this one",
    )
    parser.add_argument(
        "--init-from", metavar="NAME", help="model to go on from, not random weights"
    )
    parser.add_argument(
        "--extra-faces",
        type=Path,
        metavar="CSV",
        help="more training faces, see tools/label_faces.py",
    )
    parser.add_argument(
        "--scheme", help="of a CSV or COCO file: ibug68, aflw19 or five"
    )
    changes = parser.add_argument_group("instead of what the recipe says")
    for name, kind in _RECIPE_OPTIONS.items():
        changes.add_argument(f"--{name.replace('_', '-')}", type=kind)
    changes.add_argument("--jit-compile", choices=_JIT_MODES)
    several = parser.add_argument_group("more than one device")
    several.add_argument(
        "--strategy",
        choices=_STRATEGIES,
        help="mirrored: TensorFlow's local GPUs; data-parallel: all devices of JAX",
    )
    several.add_argument(
        "--coordinator", metavar="HOST:PORT", help="of process 0, for several processes"
    )
    several.add_argument("--num-processes", type=int, default=1, metavar="N")
    several.add_argument("--process-id", type=int, default=0, metavar="I")
    arguments.add_incomplete(parser)
    parser.set_defaults(run=run)


def run(options) -> int:
    """Do it; the exit code."""
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
        options.data, split, options.scheme, options.on_broken, options.allow_missing
    )
    folder = options.output or Path("runs") / recipe.name
    first_stage = zoo.load(options.first_stage) if options.first_stage else None
    init_from = zoo.load(options.init_from) if options.init_from else None
    extra_faces = None
    if options.extra_faces:
        extra_faces = load_faces(
            options.extra_faces, None, faces.scheme, options.on_broken
        )
    train(recipe, faces, folder, first_stage, init_from, extra_faces, strategy=strategy)
    print(f"Model: {folder.resolve()}")
    return 0


def _strategy(options):
    from wingkeras.training import distribution

    processes = (options.coordinator, options.num_processes, options.process_id)
    if options.strategy == "data-parallel":
        return distribution.DataParallel(*processes)
    if processes != (None, 1, 0):
        raise ValueError(
            "--coordinator, --num-processes and --process-id go with --strategy "
            f"data-parallel; received --strategy {options.strategy}."
        )
    return distribution.Mirrored() if options.strategy else None
