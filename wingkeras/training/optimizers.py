"""The optimizer of a recipe: schedules, thawing and the weight average."""

import keras
from keras import ops

from wingkeras.training.averaging import AveragingAdamW, AveragingMuon, AveragingSGD
from wingkeras.training.recipe import Recipe


def build_optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of a recipe, its schedule stretched over `steps` batches.

    If the backbone has a learning rate of its own, the result is a
    `keras.optimizers.MultiOptimizer`, whose first optimizer is that of the head.
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
        optimizer = AveragingSGD(momentum=0.9, **settings)
    elif recipe.optimizer == "muon":
        optimizer = AveragingMuon(
            adam_weight_decay=recipe.weight_decay,
            exclude_layers=["landmarks"],
            global_clipnorm=_CLIP_NORM,
            **settings,
        )
    else:
        optimizer = AveragingAdamW(global_clipnorm=_CLIP_NORM, **settings)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


_CLIP_NORM = 100.0


class _Thawing(keras.optimizers.schedules.LearningRateSchedule):
    """A multiple of a schedule, and zero for the first `frozen_steps`."""

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
