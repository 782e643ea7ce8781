"""Recipes: everything that decides what a training run ends with."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal

import keras
import numpy as np
from keras import ops

from wingkeras import models, serialized_names
from wingkeras.data.augment import Augmentation
from wingkeras.losses import WingLoss
from wingkeras.training.muon import Muon


@dataclass(frozen=True)
class Recipe:
    """A training run, described completely; with the faces it is reproducible.

    Attributes:
        name: of the recipe; also of files.
        network: a name of `wingkeras.models.NETWORKS`.
        input_size: side of its input, pixels; its usual one by default.
        weights: of a backbone, "imagenet" or a file; random ones by default.
        freeze_fraction: share of the steps in which a backbone keeps its weights and
            the head alone learns, in [0, 1).
        backbone_lr_multiplier: learning rate of a backbone over that of the head.
        batch_norm: whether a plain CNN is batch-normalised in training; the network
            that comes out is plain, see `folding.fold_batch_norm`.
        loss: in pixels of the network's input.
        optimizer: "sgd" (momentum 0.9), "adamw" or "muon" (see `muon.Muon`); the last
            two with the global gradient norm clipped.
        learning_rate: the highest one; meant for the batch mean of a loss that is
            summed over coordinates.
        final_learning_rate: the one at the end.
        schedule: "exponential" decay from the first to the last step, or "cosine"
            decay after a linear warm-up.
        warmup: share of the steps spent warming up, in [0, 1).
        weight_decay: decoupled, on kernels only.
        epochs: passes over the training faces, repeats included.
        batch_size: faces per step.
        ema: momentum of the weight average that is validated and kept, in [0, 1);
            0 keeps the last weights themselves.
        pose_bins: K of hard sample mining, which repeats faces in rare poses (see
            `data.balance`); 0 shows every face once per epoch.
        augmentation: how training faces are perturbed.
        box_scale: side of the crop over that of the face's box; of the upright crop
            on average, in a cascade.
        validation_split: share of the training faces kept for validation, in (0, 1).
        augment_on: where training faces are perturbed: on the "host", by `tf.data`, or
            on the "device", in the compiled train step.
        seed: of the initial weights, the split, the order and the augmentation.
        precision: a Keras dtype policy, e.g. "float32" or "mixed_bfloat16".
        jit_compile: XLA for the train step; "auto" lets Keras decide by device.
    """

    name: str
    network: str = "CNN6"
    input_size: int | None = None
    weights: str | None = None
    freeze_fraction: float = 0.0
    backbone_lr_multiplier: float = 1.0
    batch_norm: bool = False
    loss: keras.losses.Loss = field(default_factory=WingLoss)
    optimizer: Literal["sgd", "adamw", "muon"] = "adamw"
    learning_rate: float = 2e-3
    final_learning_rate: float = 1e-6
    schedule: Literal["exponential", "cosine"] = "cosine"
    warmup: float = 0.02
    weight_decay: float = 1e-4
    epochs: int = 300
    batch_size: int = 32
    ema: float = 0.999
    pose_bins: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)
    box_scale: float = 1.1
    validation_split: float = 0.05
    augment_on: Literal["host", "device"] = "host"
    seed: int = 0
    precision: str = "float32"
    jit_compile: bool | Literal["auto"] = "auto"

    def __post_init__(self):
        named = self.name and self.name == PurePath(self.name).name
        _check(named, "name", "one that a file can have", self)
        known = self.network in models.NETWORKS
        _check(known, "network", f"one of {', '.join(models.NETWORKS)}", self)
        _check(
            0 <= self.freeze_fraction < 1, "freeze_fraction", "a share in [0, 1)", self
        )
        _check(
            self.backbone_lr_multiplier > 0,
            "backbone_lr_multiplier",
            "a number > 0",
            self,
        )
        optimizers = ("sgd", "adamw", "muon")
        _check(self.optimizer in optimizers, "optimizer", " or ".join(optimizers), self)
        schedules = ("exponential", "cosine")
        _check(self.schedule in schedules, "schedule", " or ".join(schedules), self)
        rates = 0 < self.final_learning_rate <= self.learning_rate
        _check(rates, "learning_rate", "a number >= final_learning_rate > 0", self)
        inputs = ("host", "device")
        _check(self.augment_on in inputs, "augment_on", " or ".join(inputs), self)
        _check(0 <= self.warmup < 1, "warmup", "a share in [0, 1)", self)
        _check(0 <= self.ema < 1, "ema", "a momentum in [0, 1)", self)
        _check(
            0 < self.validation_split < 1, "validation_split", "a share in (0, 1)", self
        )
        _check(self.pose_bins >= 0, "pose_bins", "a number >= 0", self)
        _check(self.epochs >= 1, "epochs", "a number >= 1", self)
        _check(self.batch_size >= 1, "batch_size", "a number >= 1", self)

    @property
    def size(self) -> int:
        """Side of the network's input, pixels."""
        return self.input_size or models.input_size(self.network)

    def describe(self) -> dict:
        """The recipe as JSON-ready values, equal for equal recipes; with the names that
        files have, see `serialized_names`.
        """
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        values = serialized_names.to_file(values, serialized_names.RECIPE)
        values["augmentation"] = serialized_names.to_file(
            dataclasses.asdict(self.augmentation), serialized_names.AUGMENTATION
        )
        values["loss"] = {
            "name": type(self.loss).__name__,
            **{k: v for k, v in self.loss.get_config().items() if k != "name"},
        }
        return values


def _check(holds: bool, name: str, expected: str, recipe: Recipe) -> None:
    if not holds:
        raise ValueError(
            f"Recipe {recipe.name!r}: expected `{name}` to be {expected}, "
            f"received {getattr(recipe, name)!r}."
        )


def build_network(
    recipe: Recipe, num_landmarks: int, mean_shape: np.ndarray
) -> keras.Model:
    """The untrained network of a recipe, in its precision and from its seed.

    Args:
        recipe: names the network.
        num_landmarks: L.
        mean_shape: `(L, 2)`, pixels of the network's input.

    Returns:
        A model as from `models.CNN6`.
    """
    keras.utils.set_random_seed(recipe.seed)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(recipe.precision)
    try:
        return models.build(
            recipe.network,
            num_landmarks,
            mean_shape,
            recipe.size,
            recipe.weights,
            recipe.batch_norm,
        )
    finally:
        keras.config.set_dtype_policy(before)


def build_optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of a recipe, its schedule stretched over `steps` batches.

    Where the backbone learns at a rate of its own, that of the head comes first in
    the `optimizers` of the `keras.optimizers.MultiOptimizer` returned.
    """
    schedule = _build_schedule(recipe, steps)
    if recipe.freeze_fraction == 0 and recipe.backbone_lr_multiplier == 1:
        return _build_optimizer(recipe, schedule)
    slower = _Thawing(
        schedule, recipe.backbone_lr_multiplier, round(recipe.freeze_fraction * steps)
    )
    return keras.optimizers.MultiOptimizer(
        keras.optimizers.OptimizerMap(
            default_optimizer=_build_optimizer(recipe, slower),
            optimizer_map={"(.*/)?landmarks/.*": _build_optimizer(recipe, schedule)},
        )
    )


def _build_optimizer(recipe: Recipe, schedule) -> keras.optimizers.Optimizer:
    settings = {
        "learning_rate": schedule,
        "weight_decay": recipe.weight_decay,
        "use_ema": recipe.ema > 0,
        "ema_momentum": recipe.ema,
    }
    if recipe.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(momentum=0.9, **settings)
    elif recipe.optimizer == "muon":
        optimizer = Muon(
            adam_weight_decay=recipe.weight_decay,
            exclude_layers=["landmarks"],
            global_clipnorm=_CLIP_NORM,
            **settings,
        )
    else:
        optimizer = keras.optimizers.AdamW(global_clipnorm=_CLIP_NORM, **settings)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


_CLIP_NORM = 100.0


class _Thawing(keras.optimizers.schedules.LearningRateSchedule):
    """A multiple of a schedule, nothing at all before its time."""

    def __init__(self, schedule, multiple: float, frozen_steps: int):
        self._schedule, self._multiple = schedule, multiple
        self._frozen_steps = frozen_steps

    def __call__(self, step):
        rate = self._schedule(step) * self._multiple
        return ops.where(step < self._frozen_steps, ops.zeros_like(rate), rate)

    def get_config(self):
        return {
            "schedule": self._schedule,
            "multiple": self._multiple,
            "frozen_steps": self._frozen_steps,
        }


def _build_schedule(recipe: Recipe, steps: int):
    schedules = keras.optimizers.schedules
    ratio = recipe.final_learning_rate / recipe.learning_rate
    if recipe.schedule == "exponential":
        return schedules.ExponentialDecay(recipe.learning_rate, steps, ratio)
    warmup = round(recipe.warmup * steps)
    return schedules.CosineDecay(
        0.0 if warmup else recipe.learning_rate,
        decay_steps=max(steps - warmup, 1),
        alpha=ratio,
        warmup_target=recipe.learning_rate if warmup else None,
        warmup_steps=warmup,
    )


_MODERN = Augmentation(scale=0.1, translate=0.05, colour=0.3, random_erasing=0.2)
_UPRIGHT = Augmentation(
    rotation=10.0, scale=0.05, translate=0.03, colour=0.3, random_erasing=0.2
)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        # Section 7.1. The paper's learning rates, 3e-5 to 3e-7, belong to a loss
        # summed over its batch of 8; on the batch mean they are 8 times larger.
        # 120,000 iterations of 8 faces are 477 passes over 2,012 faces.
        Recipe(
            name="paper_cnn6",
            optimizer="sgd",
            learning_rate=2.4e-4,
            final_learning_rate=2.4e-6,
            schedule="exponential",
            weight_decay=5e-4,
            epochs=477,
            batch_size=8,
            ema=0.0,
        ),
        Recipe(
            name="paper_cnn7",
            network="CNN7",
            loss=WingLoss(w=15, epsilon=3),
            optimizer="sgd",
            learning_rate=8e-5,
            final_learning_rate=8e-7,
            schedule="exponential",
            weight_decay=5e-4,
            epochs=477,
            batch_size=8,
            ema=0.0,
            augmentation=Augmentation(rotation=10.0),
        ),
        Recipe(
            name="modern_cnn6",
            epochs=500,
            augmentation=_MODERN,
        ),
        Recipe(
            name="modern_cnn7",
            network="CNN7",
            loss=WingLoss(w=15, epsilon=3),
            epochs=300,
            augmentation=_UPRIGHT,
        ),
        # Finds the face in whatever box it is given, so that the next network
        # meets it upright and centred.
        Recipe(
            name="cascade_cnn6",
            optimizer="muon",
            epochs=40,
            ema=0.99,
            pose_bins=9,
            augmentation=Augmentation(
                rotation=60.0, scale=0.3, translate=0.15, colour=0.3, random_erasing=0.2
            ),
        ),
        Recipe(
            name="cascade_cnn7",
            network="CNN7",
            loss=WingLoss(w=15, epsilon=3),
            epochs=140,
            pose_bins=9,
            # Upright crops of one size for all shapes: wide faces need the margin.
            box_scale=1.25,
            augmentation=_UPRIGHT,
        ),
        # The most accurate network on the upright crops: it labels further faces for
        # the next one. For GPUs.
        Recipe(
            name="cascade_unet",
            network="UNet",
            loss=WingLoss(w=15, epsilon=3),
            weight_decay=1e-3,
            epochs=120,
            batch_size=128,
            ema=0.995,
            pose_bins=9,
            box_scale=1.15,
            augmentation=Augmentation(
                rotation=15.0, scale=0.1, translate=0.03, colour=0.4, random_erasing=0.3
            ),
        ),
        # With further faces, which the U-Net labelled: they narrow the gap between
        # faces trained on and held out, and they allow a milder perturbation.
        # Batch-normalised: with Muon a CNN-6 so fitted closest in a given number of
        # faces shown.
        Recipe(
            name="refined_cnn7",
            network="CNN7",
            batch_norm=True,
            loss=WingLoss(w=15, epsilon=3),
            optimizer="muon",
            learning_rate=3e-3,
            weight_decay=1e-3,
            epochs=24,
            batch_size=64,
            ema=0.99,
            pose_bins=9,
            box_scale=1.1,
            augmentation=Augmentation(
                rotation=7.0,
                corner_jitter=0.04,
                scale=0.05,
                translate=0.02,
                colour=0.3,
                random_erasing=0.2,
            ),
        ),
        # Section 7, Table 5: ResNet-50 fine-tuned. The head learns first, the rest
        # then follows more slowly, so that random gradients do not undo its filters.
        Recipe(
            name="finetuned_resnet50",
            network="ResNet50",
            weights="imagenet",
            freeze_fraction=0.1,
            backbone_lr_multiplier=0.1,
            loss=WingLoss(w=26, epsilon=5),  # CNN-7's, scaled to 224 px
            learning_rate=1e-3,
            epochs=100,
            augmentation=_MODERN,
        ),
        # From scratch, at a size that two cores can train; meant for further faces.
        Recipe(
            name="modern_mobilenetv3",
            network="MobileNetV3Small",
            input_size=128,
            loss=WingLoss(w=15, epsilon=3),
            optimizer="muon",
            learning_rate=3e-3,
            weight_decay=1e-3,
            epochs=80,
            batch_size=64,
            ema=0.99,
            box_scale=1.2,
            augmentation=_MODERN,
        ),
        # As light as the one before, with a heat map per landmark. Meant for ImageNet's
        # weights in its encoder; tools/train_heatmaps.py adds faces of several kinds.
        Recipe(
            name="heatmap_300w",
            network="HeatmapMobileNetV2",
            loss=WingLoss(w=13, epsilon=2.6),  # CNN-7's, scaled to 112 px
            learning_rate=1e-3,
            final_learning_rate=3e-6,
            weight_decay=5e-4,
            epochs=70,
            batch_size=16,
            ema=0.9987,
            box_scale=1.15,
            augmentation=_MODERN,
            jit_compile=False,
        ),
    )
}
