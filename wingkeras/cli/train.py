"""`wingkeras train`: train a network; resumes by itself."""

import dataclasses
import os
import sys
from pathlib import Path
from typing import Any

from wingkeras.cli import arguments
from wingkeras.cli.output import hold_native_output, shown
from wingkeras.cli.parsers import add_command, add_rule

_EXAMPLE = """
wingkeras train --init-from cnn6_300w --data mine.csv --scheme points.json
wingkeras train --init-from cnn6_300w --data coco.json
wingkeras train --recipe modern_cnn6 --data PATH_TO_300W
wingkeras train --recipe modern_cnn6 --data faces.csv --scheme five --epochs 50
"""
_RECIPE_OPTIONS: dict[str, dict[str, Any]] = {
    "epochs": {"type": int, "help": "passes over the training faces"},
    "batch_size": {"type": int, "help": "faces per step"},
    "optimizer": {"choices": ("sgd", "adamw", "muon"), "help": "name of the optimizer"},
    "learning_rate": {"type": float, "help": "highest learning rate"},
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
    "box_scale": {
        "type": float,
        "metavar": "FACTOR",
        "help": "side of the crop that the network sees over that of the square around "
        "the landmarks",
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
        metavar="NAME",
        help="what decides the training: a name in wingkeras.training.RECIPES; by "
        "default one that suits the number of faces, for the network of --init-from or "
        "a CNN-6",
    )
    parser.add_argument(
        "--data",
        required=True,
        type=Path,
        metavar="PATH",
        help="annotated faces, or other things: a folder with 300-W's layout, a .csv "
        "file, a .json file (COCO) or a .yaml file (Ultralytics)",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help="of the run; by default runs/ and the name of the recipe or, without "
        "one, of --data",
    )
    parser.add_argument(
        "--first-stage",
        metavar="MODEL",
        help="model that aligns the faces for this network; by default the annotations "
        "do",
    )
    parser.add_argument(
        "--init-from",
        metavar="MODEL",
        help="model to start from; if it finds other points, only its layers below the "
        "output are kept; by default the weights are random",
    )
    parser.add_argument(
        "--extra-faces",
        type=Path,
        metavar="CSV",
        help="more training faces, such as pseudo-labelled ones",
    )
    parser.add_argument(
        "--scheme",
        metavar="SCHEME",
        help="landmark scheme of the faces: ibug68, aflw19, five, or a JSON file with "
        "the names of your points; needed for a .csv file, which does not name them",
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
    # TensorFlow leaves oneDNN off on processors without AVX-512, which train faster
    # with it.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    with hold_native_output():
        strategy = _strategy(options)

        from wingkeras import zoo
        from wingkeras.data.datasets import default_split, load_faces
        from wingkeras.training.run import train

    _check_recipe(options.recipe)
    faces = load_faces(
        options.data,
        default_split(options.data, "train"),
        _scheme(options.scheme),
        options.on_error,
        options.allow_missing,
    )
    first_stage = zoo.load(options.first_stage) if options.first_stage else None
    init_from = zoo.load(options.init_from) if options.init_from else None
    recipe = _recipe(options, faces, init_from)
    folder = options.output or Path("runs") / recipe.name
    extra_faces = None
    if options.extra_faces:
        extra_faces = load_faces(
            options.extra_faces, None, faces.scheme, options.on_error
        )
    print(_summary(recipe, faces), file=sys.stderr)
    shows_bar = sys.stdout.isatty()
    localizer = train(
        recipe,
        faces,
        folder,
        first_stage=first_stage,
        init_from=init_from,
        extra_faces=extra_faces,
        callbacks=[] if shows_bar else [_lines(recipe.epochs)],
        verbose=shows_bar,
        strategy=strategy,
    )
    if options.process_id == 0:
        print(_outcome(folder, localizer.licence), file=sys.stderr)
    print(f"Model: {shown(folder.resolve())}")
    return 0


def _lines(epochs: int):
    """A callback that writes a line after every epoch, for log files."""
    import keras

    from wingkeras.training.run_folder import VALIDATION_ERROR

    def write(epoch, logs):
        error = f"validation NME {logs[VALIDATION_ERROR]:.2%}"
        print(f"Epoch {epoch + 1} of {epochs}: {error}", file=sys.stderr, flush=True)

    return keras.callbacks.LambdaCallback(on_epoch_end=write)


def _outcome(folder: Path, licence: str) -> str:
    """Lines that say how good the model is, and what it may be used for."""
    from wingkeras.training.run_folder import RunFolder

    errors = RunFolder(folder).validation_errors()
    epoch = errors.index(min(errors))
    lines = [
        f"Lowest validation NME: {errors[epoch]:.2%}, in epoch {epoch + 1}; "
        f"{shown(folder / 'metrics.csv')} has all of them."
    ]
    if licence:
        lines.append(f"Licence of the weights, from what they started from: {licence}")
    return "\n".join(lines)


def _check_recipe(name: str | None) -> None:
    from wingkeras.training.recipes import RECIPES

    if name is not None and name not in RECIPES:
        raise ValueError(
            f"Expected --recipe to be one of {', '.join(RECIPES)}; received {name!r}."
        )


def _scheme(given: str | None):
    """The scheme of `--scheme`, a name or a file."""
    from wingkeras.data.scheme_files import load_scheme
    from wingkeras.schemes import get_scheme

    if given is None:
        return None
    if given.lower().endswith(".json") or Path(given).is_file():
        return load_scheme(given)
    try:
        return get_scheme(given)
    except ValueError as error:
        raise ValueError(
            f"Expected --scheme as a name or a JSON file, there is no {given}: {error}"
        ) from error


def _recipe(options, faces, init_from):
    """The chosen recipe, or one that suits the faces, with the options' changes."""
    from wingkeras.training.recipes import RECIPES
    from wingkeras.training.small_sets import suitable_recipe

    changes = {
        name: getattr(options, name)
        for name in _RECIPE_OPTIONS
        if getattr(options, name) is not None
    }
    if options.jit_compile:
        changes["jit_compile"] = _JIT_MODES[options.jit_compile]
    if options.recipe:
        recipe = RECIPES[options.recipe]
    else:
        name = options.data.resolve().stem
        recipe = suitable_recipe(len(faces), faces.scheme, init_from, name)
    return dataclasses.replace(recipe, **changes)


def _summary(recipe, faces) -> str:
    """One line that describes the training."""
    points = "1 point" if len(faces.scheme) == 1 else f"{len(faces.scheme)} points"
    things = "faces" if faces.scheme.has_eyes else "objects"
    flips = ", never flipped" if faces.scheme.mirror is None else ", also mirrored"
    times = f" times {recipe.passes_per_epoch}" if recipe.passes_per_epoch > 1 else ""
    return (
        f"{len(faces)} {things}, scheme {faces.scheme.name!r}: {points}{flips}. "
        f"{recipe.network} at {recipe.size} px, {recipe.epochs} epochs of all {things}"
        f"{times}, {recipe.validation_split:.0%} held out."
    )


def _strategy(options):
    from wingkeras.training import distribution

    if options.strategy == _PARALLEL:
        return distribution.DataParallel(
            options.coordinator, options.num_processes, options.process_id
        )
    return distribution.Mirrored() if options.strategy else None
