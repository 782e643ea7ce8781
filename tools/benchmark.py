"""Measure speed and steadiness here and now, all of a result in one run.

    python tools/benchmark.py pipeline --data PATH_TO_300W
    python tools/benchmark.py train --data PATH_TO_300W
    python tools/benchmark.py balance --shapes POSES.npz
    python tools/benchmark.py robustness NAME --data PATH_TO_300W
    python tools/benchmark.py jitter NAME
    python tools/benchmark.py latency NAME [NAME ...] --calibration PATH_TO_300W
    python tools/benchmark.py compare NAME [NAME ...] --peers FOLDER --data PATH_TO_300W

Every result names hardware, versions and commit, and is also written as JSON to
`results/`, pictures and tables beside it. While speed is measured nothing else should
run.
"""

import argparse
import dataclasses
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from benchmarks.machine import REPOSITORY, describe_machine
from benchmarks.time_localizers import time_in_processes
from wingkeras.storage.files import atomic_write

RESULTS = REPOSITORY / "results"
_TRAINING_SECONDS = 15
_STEPS, _WARM_UP = 5, 3


def main() -> int:
    """Run the benchmark that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="BENCHMARK")
    pipeline = commands.add_parser("pipeline", help="input rate beside training rate")
    pipeline.add_argument("--data", type=Path, required=True, help="300-W folder")
    pipeline.add_argument("--precision", default="float32")
    pipeline.set_defaults(run=benchmark_pipeline)
    train = commands.add_parser("train", help="what a training step loses to its input")
    train.add_argument("--data", type=Path, required=True, help="300-W folder")
    train.add_argument("--precision", default="float32")
    train.set_defaults(run=benchmark_train)
    balance = commands.add_parser(
        "balance", help="pose coefficient against labelled yaw, and its speed"
    )
    balance.add_argument(
        "--shapes",
        type=Path,
        required=True,
        help="NPZ with SET_landmarks (N, L, 2) and SET_pose (N, 3): yaw first, degrees",
    )
    balance.add_argument("--set", default="300wpublic", help="prefix of the arrays")
    balance.set_defaults(run=benchmark_balance)
    robustness = commands.add_parser(
        "robustness", help="errors in bad boxes, on tilted faces and turned heads"
    )
    robustness.add_argument("model", metavar="NAME", help="of the zoo, or a folder")
    robustness.add_argument("--data", type=Path, required=True, help="300-W folder")
    robustness.add_argument("--split", default="common")
    robustness.add_argument(
        "--beside", nargs="*", default=[], metavar="NAME", help="further models"
    )
    robustness.set_defaults(run=benchmark_robustness)
    jitter = commands.add_parser("jitter", help="landmarks in a still and a moved clip")
    jitter.add_argument("model", metavar="NAME", help="of the zoo, or a folder")
    jitter.set_defaults(run=benchmark_jitter)
    latency = commands.add_parser("latency", help="milliseconds in every runtime")
    latency.add_argument("models", nargs="+", metavar="NAME", help="of the zoo")
    latency.add_argument("--peers", type=Path, help="folder, see tools/peers.py")
    latency.add_argument("--calibration", type=Path, help="300-W folder, for int8")
    latency.set_defaults(run=benchmark_latency)
    compare = commands.add_parser("compare", help="error, size and speed beside others")
    compare.add_argument("models", nargs="+", metavar="NAME", help="of the zoo")
    compare.add_argument(
        "--peers", type=Path, required=True, help="folder, see tools/peers.py"
    )
    compare.add_argument("--data", type=Path, required=True, help="300-W folder")
    compare.set_defaults(run=benchmark_compare)
    options = parser.parse_args()
    result = {"machine": describe_machine(), **options.run(options)}
    text = json.dumps(result, indent=1)
    print(text)
    with atomic_write(RESULTS / f"benchmark_{result['benchmark']}.json") as scratch:
        scratch.write_text(text + "\n")
    return 0


def measure_rate(step: Callable[[], object], faces: int, seconds: float) -> float:
    """Faces per second of a step that handles `faces`, after a warm-up."""
    for _ in range(10):
        step()
    start, steps = time.perf_counter(), 0
    while time.perf_counter() < start + seconds:
        step()
        steps += 1
    return faces * steps / (time.perf_counter() - start)


def benchmark_pipeline(options) -> dict:
    """CNN-6 crops per second from the pipeline alone, and trained on."""
    import numpy as np

    from wingkeras import models
    from wingkeras.data import pipeline
    from wingkeras.data.datasets import load_faces
    from wingkeras.training import recipes

    recipe = dataclasses.replace(
        recipes.RECIPES["modern_cnn6"], precision=options.precision
    )
    faces = load_faces(options.data, split="train")
    regions = pipeline.load_regions(faces, models.CNN6_SIZE, recipe.box_scale)
    batches = pipeline.training_batches(
        regions, recipe.augmentation, recipe.batch_size, recipe.seed
    )
    pipeline_rate = measure_rate(iter(batches).__next__, recipe.batch_size, 20)

    network = recipes.build_network(
        recipe, len(faces.scheme), pipeline.crop_landmarks(regions).mean(axis=0)
    )
    network.compile(recipes.build_optimizer(recipe, 10_000), recipe.loss)
    batch = [np.asarray(part) for part in next(iter(batches))]
    training_rate = measure_rate(
        lambda: network.train_on_batch(*batch), recipe.batch_size, 20
    )
    return {
        "benchmark": "pipeline",
        "augmentation": dataclasses.asdict(recipe.augmentation),
        "precision": recipe.precision,
        "pipeline_faces_per_second": round(pipeline_rate),
        "training_faces_per_second": round(training_rate),
        "ratio": round(pipeline_rate / training_rate, 1),
    }


def benchmark_train(options) -> dict:
    """Faces per second of whole training steps: faces made up, by `tf.data`, resident.

    The share lost to input is what a step takes longer than on one synthetic batch.
    """
    import tensorflow as tf

    from wingkeras.data import pipeline
    from wingkeras.data.datasets import load_faces
    from wingkeras.training import on_device, recipes
    from wingkeras.training.run import epoch_plan

    rows = []
    faces = load_faces(options.data, split="train")
    for name in ("modern_cnn6", "modern_cnn7", "finetuned_resnet50"):
        recipe = dataclasses.replace(
            recipes.RECIPES[name],
            precision=options.precision,
            weights=None,
            freeze_fraction=0.0,
        )
        plan = epoch_plan(recipe, faces)
        regions = pipeline.load_regions(faces, recipe.size, recipe.box_scale)
        order = (recipe.batch_size, recipe.seed)
        batches = pipeline.training_batches(regions, recipe.augmentation, *order)
        network = recipes.build_network(
            recipe, len(faces.scheme), pipeline.crop_landmarks(regions).mean(axis=0)
        )
        attached = on_device.attach(network, regions, recipe.augmentation, recipe.seed)
        synthetic = tf.data.Dataset.from_tensors(next(iter(batches))).repeat()
        rates = {
            "synthetic": _fit_rate(network, recipe.loss, synthetic, recipe),
            "tf.data": _fit_rate(network, recipe.loss, batches, recipe),
            "device": _fit_rate(
                attached,
                on_device.ResidentLoss(recipe.loss),
                on_device.training_batches(plan, *order),
                recipe,
            ),
        }
        best = max(rates["tf.data"], rates["device"])
        rows.append(
            {"network": recipe.network, "batch_size": recipe.batch_size}
            | {f"{k}_faces_per_second": round(v, 1) for k, v in rates.items()}
            | {"percent_lost_to_input": round(100 * (1 - best / rates["synthetic"]), 1)}
        )
        print(rows[-1], file=sys.stderr, flush=True)
    return {"benchmark": "train", "precision": options.precision, "rows": rows}


def _fit_rate(model, loss, batches, recipe) -> float:
    """Faces per second of `fit`, once it is under way."""
    import keras

    from wingkeras.training import recipes

    ends = []

    def note(epoch, logs):
        ends.append(time.perf_counter())
        model.stop_training = (
            ends[-1] > ends[min(len(ends), _WARM_UP) - 1] + _TRAINING_SECONDS
        )

    model.compile(recipes.build_optimizer(recipe, 10_000), loss, jit_compile="auto")
    model.fit(
        batches,
        steps_per_epoch=_STEPS,
        epochs=10_000,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=note)],
        verbose=0,
        shuffle=False,
    )
    steps = _STEPS * (len(ends) - _WARM_UP)
    return recipe.batch_size * steps / (ends[-1] - ends[_WARM_UP - 1])


def benchmark_balance(options) -> dict:
    """Rank correlation of the pose coefficient with yaw; seconds for 20,000 shapes."""
    import numpy as np

    from wingkeras.data import balance
    from wingkeras.schemes import IBUG68

    file = np.load(options.shapes)
    shapes = file[f"{options.set}_landmarks"]
    yaw = file[f"{options.set}_pose"][:, 0]
    coefficients = balance.pose_coefficients(shapes, IBUG68)
    ranks = [values.argsort().argsort() for values in (coefficients, yaw)]
    many = shapes[np.arange(20_000) % len(shapes)]
    start = time.perf_counter()
    balance.copies(balance.pose_coefficients(many, IBUG68))
    seconds = time.perf_counter() - start
    return {
        "benchmark": "balance",
        "shapes": len(shapes),
        "spearman_correlation_with_yaw": round(float(np.corrcoef(ranks)[0, 1]), 4),
        "seconds_for_20000_shapes": round(seconds, 3),
    }


def benchmark_robustness(options) -> dict:
    """A model, its networks alone and others, on the same disturbed faces."""
    import keras

    from benchmarks import robustness
    from wingkeras import models, plots, zoo
    from wingkeras.data.datasets import load_faces
    from wingkeras.inference.localizer import Localizer
    from wingkeras.metrics import usual_normalizers

    localizer = zoo.load(options.model)
    name = Path(options.model).name
    localizers = {name: localizer}
    if len(localizer.stages) > 1:
        for stage in localizer.stages:
            label = f"its {models.network_name(stage.network)} alone"
            alone = Localizer([stage], localizer.scheme, robustness.box_scale(stage))
            localizers[label] = alone
    localizers |= {other: zoo.load(other) for other in options.beside}
    faces = load_faces(options.data, options.split, localizer.scheme)
    progress = keras.utils.Progbar(len(faces), unit_name="face").update
    normalizer = usual_normalizers(localizer.scheme)[0]
    errors = robustness.robustness(localizers, faces, normalizer, progress)
    table = robustness.summarise(errors, faces)
    robustness.write_csv(table, RESULTS / f"robustness_{name}.csv")
    panels: dict = {}
    for row in table:
        curves = panels.setdefault(row.condition, {})
        x, y = curves.setdefault(row.model, ([], []))
        x.append(row.amount)
        y.append(row.nme)
    plots.save_figure(plots.error_curves(panels), RESULTS / f"robustness_{name}.png")
    return {
        "benchmark": f"robustness_{name}",
        "faces": len(faces),
        "nme_percent": {
            model: {
                f"{row.condition} {row.amount:g}": round(100 * row.nme, 2)
                for row in table
                if row.model == model and row.condition in robustness.CONDITIONS
            }
            for model in localizers
        },
    }


def benchmark_jitter(options) -> dict:
    """How landmarks tremble in a still clip, and lag in one that moves."""
    from matplotlib.cbook import get_sample_data

    from benchmarks import jitter
    from wingkeras import zoo
    from wingkeras.imaging.images import read_image

    portrait = read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))
    return {
        "benchmark": f"jitter_{Path(options.model).name}",
        "picture": "matplotlib's grace_hopper.jpg, 5 grey levels of noise, 30 frames/s",
        "deviation_percent_of_eye_distance": jitter.measure(
            zoo.load(options.model), portrait
        ),
    }


def benchmark_latency(options) -> dict:
    """Networks alone and whole calls, one and two threads, one face and 32."""
    import csv

    from wingkeras import plots

    optional = [
        argument
        for name in ("peers", "calibration")
        if getattr(options, name)
        for argument in (f"--{name}", str(getattr(options, name)))
    ]
    rows = time_in_processes(options.models, *optional)
    table = RESULTS / "latency.csv"
    with atomic_write(table) as scratch, scratch.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    panels: dict = {}
    for row in rows:
        if row["what"] == "call":
            faces = "1 face" if row["faces"] == 1 else f"{row['faces']} faces"
            title = f"{faces}, {row['threads']} thread(s)"
            label = f"{row['model']} {row['runtime']}"
            panels.setdefault(title, {})[label] = row["ms"]
    plots.save_figure(plots.latencies(panels), RESULTS / "latency.png")
    return {"benchmark": "latency", "runtimes": _runtime_versions(), "rows": rows}


def benchmark_compare(options) -> dict:
    """Models of the zoo and of other people, see `comparison.compare`."""
    from benchmarks.comparison import compare

    table = RESULTS / "comparison.csv"
    rows = compare(options.models, options.peers, options.data, table)
    return {"benchmark": "compare", "runtimes": _runtime_versions(), "rows": rows}


def _runtime_versions() -> dict[str, str]:
    from importlib.metadata import version

    return {p: version(p) for p in ("onnxruntime", "openvino", "ai-edge-litert")}


if __name__ == "__main__":
    sys.exit(main())
