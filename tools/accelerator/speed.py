"""How fast a network is trained and run, and what share of the card's peak that is."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras import ops

from accelerator.packing import read_faces
from wingkeras.data import regions as face_regions
from wingkeras.training import on_device
from wingkeras.training.building import build_network
from wingkeras.training.optimizers import build_optimizer
from wingkeras.training.recipes import RECIPES

_RECIPES = {
    "CNN6": "modern_cnn6",
    "CNN7": "modern_cnn7",
    "UNet": "cascade_unet",
    "HeatmapMobileNetV2": "heatmap_mobilenetv2",
}
_FACES, _STEPS = 512, 128
_BACKWARD = 3  # multiply-adds of a training step over those of running the network


class _Still(keras.layers.Layer):
    """Indices of faces in, their crops out as they lie there: input without work."""

    def __init__(self, regions: face_regions.FaceRegions):
        super().__init__(dtype="float32", trainable=False)
        crops, targets = zip(*face_regions.evaluation_batches(regions), strict=True)
        self._kept = [
            self._keep(np.rint(np.concatenate(crops)), "uint8"),
            self._keep(np.concatenate(targets), "float32"),
        ]
        self.built = True

    def _keep(self, values, dtype):
        weight = self.add_weight(
            shape=values.shape, initializer="zeros", dtype=dtype, trainable=False
        )
        weight.assign(values.astype(dtype))
        return weight

    def call(self, indices):
        """Crops and shape vectors."""
        images, targets = (ops.take(kept, indices, axis=0) for kept in self._kept)
        return ops.cast(images, "float32"), targets


def measure(network: str, data: Path, faces: str, seconds: float) -> dict[str, Any]:
    """Training and inference throughput, in bfloat16 on accelerators.

    Args:
        network: a name of `models.NETWORKS` that there is a recipe for here.
        data: folder that `packing.unpack_faces` filled.
        faces: name of a set in it.
        seconds: how long each rate is measured.

    Returns:
        Faces/s of training with faces in the accelerator's memory, perturbed in the
        compiled step, and of the same without perturbation: what is lost to input. The
        same in multiply-adds, as a share of the peak that a matrix product reaches.
        Faces/s of inference, by batch size.
    """
    recipe = dataclasses.replace(
        RECIPES[_RECIPES[network]], precision=precision(), weights=None
    )
    dataset = read_faces(data, faces)
    regions = face_regions.load_regions(
        dataset.select(np.arange(min(_FACES, len(dataset)))),
        recipe.size,
        recipe.box_scale,
    )
    mean_shape = np.nanmean(face_regions.crop_landmarks(regions), axis=0)
    built = build_network(recipe, len(dataset.scheme), mean_shape)
    on_gpu = jax.default_backend() != "cpu"
    peak = _peak(8192 if on_gpu else 256)
    products = _multiply_adds(built, recipe.size)
    rows = []
    for batch in {recipe.batch_size, 512 if on_gpu else recipe.batch_size}:
        layers = {
            "still": _Still(regions),
            "perturbed": on_device.ResidentFaces(regions, recipe.augmentation, 0),
        }
        rates = {
            name: _training_rate(
                layer, built, recipe, len(regions), batch, seconds, on_gpu
            )
            for name, layer in layers.items()
        }
        used = _BACKWARD * products * rates["perturbed"]
        rows.append(
            {"batch_size": batch}
            | {f"{name}_faces_per_second": round(r, 1) for name, r in rates.items()}
            | {
                "percent_lost_to_input": round(
                    100 * (1 - rates["perturbed"] / rates["still"]), 1
                ),
                "percent_of_peak": round(100 * used / peak, 2),
            }
        )
    batches = (1, 64, 1024) if on_gpu else (1,)
    return {
        "network": network,
        "multiply_adds_of_a_face": round(products),
        "peak_multiply_adds_per_second": round(peak),
        "training": rows,
        "inference_faces_per_second": {
            batch: round(_inference_rate(built, recipe.size, batch, seconds), 1)
            for batch in batches
        },
    }


def precision() -> str:
    """The dtype policy for this machine: JAX computes bfloat16 slowly on CPUs."""
    return "float32" if jax.default_backend() == "cpu" else "mixed_bfloat16"


def _peak(size: int) -> float:
    """Multiply-adds a second of a square matrix product in bfloat16."""
    keys = jax.random.split(jax.random.key(0))
    a, b = (jax.random.normal(key, (size, size), jnp.bfloat16) for key in keys)
    product = jax.jit(jnp.matmul)
    product(a, b).block_until_ready()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(10):
            result = product(a, b)
        result.block_until_ready()
        times.append((time.perf_counter() - start) / 10)
    return size**3 / float(np.median(times))


def _runner(network: keras.Model):
    """The network as a function of its variables and crops."""
    variables = (
        [v.value for v in network.trainable_variables],
        [v.value for v in network.non_trainable_variables],
    )

    def run(variables, crops):
        return network.stateless_call(*variables, crops, training=False)[0]

    return run, variables


def _multiply_adds(network: keras.Model, size: int) -> float:
    run, variables = _runner(network)
    crops = jnp.zeros((1, size, size, 3), jnp.float32)
    return jax.jit(run).lower(variables, crops).cost_analysis()["flops"] / 2


def _inference_rate(network, size: int, batch: int, seconds: float) -> float:
    run, variables = _runner(network)
    values = np.random.default_rng(0).integers(0, 256, (batch, size, size, 3))
    crops, compiled = jnp.asarray(values, jnp.float32), jax.jit(run)
    compiled(variables, crops).block_until_ready()
    start, count = time.perf_counter(), 0
    while time.perf_counter() < start + seconds:
        for _ in range(10):
            result = compiled(variables, crops)
        result.block_until_ready()
        count += 10
    return batch * count / (time.perf_counter() - start)


def _training_rate(layer, network, recipe, faces, batch, seconds, looped) -> float:
    """Faces/s of `fit`, once it is under way."""
    model = on_device.connect(layer, network, looped)
    loops = [_STEPS] if looped else [1]
    plan = np.arange(max(faces, batch)) % faces
    batches = on_device.training_batches(
        plan, batch, 0, loops=loops if looped else None
    )
    ends = []

    def note(epoch, logs):
        ends.append(time.perf_counter())
        model.stop_training = len(ends) > 2 and ends[-1] > ends[0] + seconds

    model.compile(
        build_optimizer(recipe, 100_000),
        on_device.ResidentLoss(recipe.loss),
        jit_compile=True,
    )
    model.fit(
        batches,
        steps_per_epoch=1 if looped else 2,
        epochs=100_000,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=note)],
        verbose=0,
        shuffle=False,
    )
    steps = (len(ends) - 1) * (loops[0] if looped else 2)
    return batch * steps / (ends[-1] - ends[0])
