"""Train a light heat-map network on wholly, partly and pseudo-labelled faces.

    python tools/label_faces.py cnn67_300w --data helen.csv --output runs/helen68.csv \\
        --largest-distance 0.35
    python tools/train_heatmaps.py --data PATH_TO_300W --encoder mobilenet_v2.npz \\
        --partly-labelled cfp.csv --extra-faces runs/helen68.csv=0.13:0.1 \\
        --output runs/heatmap

`--extra-faces` takes a file and its share of the faces shown in the first 65 % of the
steps and afterwards. The shares of 300-W are 0.42 and 0.64, that of the partly labelled
faces is 0.16.

Labels are moved so that all of them, and those of mirrored faces, lie on the side that
those of 300-W lie on, see `heatmaps.side_bias`. `--teacher` measures that; it must have
been trained on 300-W.

With `--first-stage`, the network is the second one of a cascade: the first network of a
model of the zoo turns the faces upright. The crop is 1.45 times the mean shape's box.

`--encoder` is an `.npz` file of torchvision's MobileNetV2, or the folder of another
run, whose network the training goes on from but for its last layer.
"""

import argparse
import dataclasses
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_SHARES, _HALF_SHARES = (0.42, 0.64), (0.16, 0.16)
_STEPS = 250  # in an epoch
_UPRIGHT_SCALE = 1.45


def main(arguments: list[str] | None = None) -> int:
    """Train the network and save it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of 300-W")
    parser.add_argument("--encoder", type=Path, help="weights, see above")
    parser.add_argument(
        "--partly-labelled",
        type=Path,
        help="CSV, see heatmaps/cfp.py",
    )
    parser.add_argument(
        "--teacher",
        default="cnn67_300w",
        help="completes them, and measures on which side labels lie",
    )
    parser.add_argument(
        "--extra-faces", nargs="*", default=[], metavar="CSV=FIRST:LAST"
    )
    parser.add_argument("--first-stage", metavar="NAME", help="of the zoo, see above")
    parser.add_argument("--epochs", type=int, help="of 250 steps each")
    parser.add_argument("--size", type=int, help="of the input, pixels")
    parser.add_argument("--output", type=Path, required=True, help="folder")
    options = parser.parse_args(arguments)

    import numpy as np

    from heatmaps import cfp, side_bias
    from heatmaps import faces as sources
    from heatmaps.fitting import fit
    from heatmaps.held_out import split_300w
    from heatmaps.upright import make_upright
    from wingkeras import zoo
    from wingkeras.data.datasets import load_faces
    from wingkeras.training.recipes import RECIPES

    changes = {"weights": options.encoder and str(options.encoder)}
    if options.epochs:
        changes["epochs"] = options.epochs
    if options.size:
        changes["input_size"] = options.size
    if options.first_stage:
        changes["box_scale"] = _UPRIGHT_SCALE
    recipe = dataclasses.replace(RECIPES["heatmap_mobilenetv2"], **changes)
    training, validation = split_300w(options.data)
    scheme, upright = training.scheme, None
    if options.first_stage:
        upright = make_upright(zoo.load(options.first_stage), training, recipe)
    box_scale = upright.first.box_scale if upright else recipe.box_scale
    frame = (recipe.size, box_scale)
    teacher = zoo.load(options.teacher)
    bias = side_bias.measure(teacher, training)
    print(f"Labels lie {bias:.3%} of the box's side to the right.", flush=True)
    moved = side_bias.shifts(bias, bias)
    shown = [sources.make_source(training, *frame, _SHARES, shifts=moved)]
    if options.partly_labelled:
        half = cfp.for_training(
            load_faces(options.partly_labelled, scheme=scheme, on_error="skip")
        )
        frontal = cfp.views(half) == "frontal"
        whole = sources.complete(teacher, half, frontal)
        in_whole_boxes = dataclasses.replace(half, boxes=whole.boxes)
        frontals = in_whole_boxes.select(np.flatnonzero(frontal))
        own = side_bias.measure(teacher, frontals) if len(frontals) else bias
        print(f"Those of {options.partly_labelled}: {own:.3%}.", flush=True)
        # What the model added lies on neither side.
        added = ~np.isfinite(half.landmarks[..., 0])
        whole = side_bias.move(whole, added, own)
        moved = side_bias.shifts(bias, own)
        shown.append(sources.make_source(half, *frame, _HALF_SHARES, whole, moved))
    moved = side_bias.shifts(bias, 0.0)  # models' labels lie on neither side
    for entry in options.extra_faces:
        path, shares = entry.rsplit("=", 1)
        more = load_faces(path, scheme=scheme, on_error="skip")
        shares_of_more = tuple(map(float, shares.split(":")))
        shown.append(sources.make_source(more, *frame, shares_of_more, shifts=moved))
    if upright:
        shown = [upright.source(source) for source in shown]
    fit(recipe, shown, validation, _STEPS, options.output, upright)
    print(f"Model: {options.output.resolve()}")
    return 0


if __name__ == "__main__":
    # Convolutions by oneDNN, which TensorFlow leaves off on processors without AVX-512,
    # and in bfloat16 where the processor supports it, without a cast in the graph. Set
    # here, for this process only, and not when the file is imported.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("ONEDNN_DEFAULT_FPMATH_MODE", "BF16")
    sys.exit(main())
