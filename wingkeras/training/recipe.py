"""A recipe: everything that determines the result of a training run."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import keras

from wingkeras import losses, models, serialized_names
from wingkeras.data.augment import Augmentation
from wingkeras.storage.entry_fields import is_plain_name

_LATER_FIELDS = {"group_by": None, "hsm_cap": None, "passes_per_epoch": 1}
"""Fields newer than the descriptions from which recorded results have their keys."""


@dataclass(frozen=True)
class Recipe:
    """A complete description of a training run, reproducible with the same faces.

    Attributes:
        name: of the recipe; also used in file names.
        network: a name of `wingkeras.models.NETWORKS`.
        input_size: side of its input, pixels; the network's usual size by default.
        weights: of a backbone, "imagenet" or a file; random ones by default.
        freeze_fraction: share of the steps in which only the output layer learns and
            all other layers keep their weights, in [0, 1).
        backbone_lr_multiplier: learning rate of all other layers over that of the
            output layer.
        batch_norm: whether a plain CNN is batch-normalised in training; the result is
            a network without batch normalisation, see `folding.fold_batch_norm`.
        loss: in pixels of the network's input.
        optimizer: "sgd" (momentum 0.9), "adamw" or "muon" (see `muon.Muon`); the last
            two with the global gradient norm clipped.
        learning_rate: the highest learning rate; meant for the batch mean of a loss
            that is summed over coordinates.
        final_learning_rate: the learning rate at the end.
        schedule: "exponential" decay from the first to the last step, or "cosine"
            decay after a linear warm-up.
        warmup: share of the steps spent warming up, in [0, 1).
        weight_decay: decoupled, on kernels only.
        epochs: passes over the training faces, repeats included; see
            `passes_per_epoch`.
        batch_size: faces per step.
        ema: momentum of the weight average that is validated and kept, in [0, 1);
            0 uses the last weights, not an average. The momentum warms up to this
            value, see `averaging.WarmingAverage`.
        hsm_bins: K of hard sample mining, which repeats faces in rare poses (see
            `data.balance`); 0 shows every face once per epoch.
        hsm_cap: most repeats of a face; unlimited by default, as in the paper.
        passes_per_epoch: how often an epoch shows the training faces. Validation, log
            and checkpoint come once per epoch: with few faces, or small networks on
            accelerators, they take longer than a pass.
        augmentation: how training faces are perturbed.
        box_scale: side of the crop over that of the face's box; in a cascade, the mean
            of this ratio for the upright crops.
        validation_split: share of the training faces kept for validation, in (0, 1).
        group_by: name of an attribute of the faces, such as a column of their CSV file;
            the split keeps faces of equal value together, see `FaceDataset.split`.
        augment_on: where training faces are perturbed: on the "host", by `tf.data`, or
            on the "device", in the compiled train step.
        seed: of the initial weights, the split, the order and the augmentation.
        precision: a Keras dtype policy, e.g. "float32" or "mixed_bfloat16".
        jit_compile: XLA for the train step; "auto" lets Keras decide by device.

    Example:

    ```python
    recipe = wingkeras.Recipe("mine", network="CNN7", optimizer="muon", epochs=40)
    recipe.size  # 128
    ```
    """

    name: str
    network: str = "CNN6"
    input_size: int | None = None
    weights: str | None = None
    freeze_fraction: float = 0.0
    backbone_lr_multiplier: float = 1.0
    batch_norm: bool = False
    loss: keras.losses.Loss = field(default_factory=losses.WingLoss)
    optimizer: Literal["sgd", "adamw", "muon"] = "adamw"
    learning_rate: float = 2e-3
    final_learning_rate: float = 1e-6
    schedule: Literal["exponential", "cosine"] = "cosine"
    warmup: float = 0.02
    weight_decay: float = 1e-4
    epochs: int = 300
    batch_size: int = 32
    ema: float = 0.999
    hsm_bins: int = 0
    hsm_cap: int | None = None
    passes_per_epoch: int = 1
    augmentation: Augmentation = field(default_factory=Augmentation)
    box_scale: float = 1.1
    validation_split: float = 0.05
    group_by: str | None = None
    augment_on: Literal["host", "device"] = "host"
    seed: int = 0
    precision: str = "float32"
    jit_compile: bool | Literal["auto"] = "auto"

    def __post_init__(self):
        _check(is_plain_name(self.name), "name", "one that a file can have", self)
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
        rates = 0 < self.final_learning_rate <= self.learning_rate < math.inf
        _check(rates, "learning_rate", "a number >= final_learning_rate > 0", self)
        decays = 0 <= self.weight_decay < math.inf
        _check(decays, "weight_decay", "a number >= 0", self)
        scaled = 0 < self.box_scale < math.inf
        _check(scaled, "box_scale", "a number > 0", self)
        inputs = ("host", "device")
        _check(self.augment_on in inputs, "augment_on", " or ".join(inputs), self)
        _check(0 <= self.warmup < 1, "warmup", "a share in [0, 1)", self)
        _check(0 <= self.ema < 1, "ema", "a momentum in [0, 1)", self)
        _check(
            0 < self.validation_split < 1, "validation_split", "a share in (0, 1)", self
        )
        _check(self.group_by != "", "group_by", "the name of an attribute", self)
        _check(self.hsm_bins >= 0, "hsm_bins", "a number >= 0", self)
        capped = self.hsm_cap is None or self.hsm_cap >= 1
        _check(capped, "hsm_cap", "a number >= 1", self)
        _check(self.epochs >= 1, "epochs", "a number >= 1", self)
        _check(self.passes_per_epoch >= 1, "passes_per_epoch", "a number >= 1", self)
        _check(self.batch_size >= 1, "batch_size", "a number >= 1", self)

    @property
    def size(self) -> int:
        """Side of the network's input, pixels."""
        return self.input_size or models.input_size(self.network)

    def describe(self) -> dict:
        """The recipe as JSON-ready values, equal for equal recipes, under the names
        used in files, see `serialized_names`.
        """
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for name, default in _LATER_FIELDS.items():
            if values[name] == default:
                del values[name]
        values = serialized_names.to_file(values, serialized_names.RECIPE)
        values["augmentation"] = serialized_names.to_file(
            dataclasses.asdict(self.augmentation), serialized_names.AUGMENTATION
        )
        values["loss"] = {
            "name": type(self.loss).__name__,
            **{k: v for k, v in self.loss.get_config().items() if k != "name"},
        }
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Recipe":
        """The recipe from the values of `describe` or of a run's `recipe.json`.

        Example:

        ```python
        import json

        values = json.loads(Path("runs/mine/recipe.json").read_text())
        recipe = wingkeras.Recipe.from_dict(values)
        ```

        Args:
            values: the result of `describe`, or a mapping that holds it as "recipe".
                Fields may have their names in files or in the code; missing fields
                take their defaults.

        Raises:
            ValueError: for unknown fields, an unknown loss or values that are invalid
                in a recipe.
        """
        values = values.get("recipe", values)
        values = serialized_names.from_file(values, serialized_names.RECIPE)
        _check_fields(cls, values, "a recipe")
        if isinstance(values.get("augmentation"), Mapping):
            augmentation = serialized_names.from_file(
                values["augmentation"], serialized_names.AUGMENTATION
            )
            _check_fields(Augmentation, augmentation, "an augmentation")
            values["augmentation"] = Augmentation(**augmentation)
        if isinstance(values.get("loss"), Mapping):
            values["loss"] = _loss(values["loss"])
        return cls(**values)


def _check_fields(kind: type, values: Mapping[str, Any], title: str) -> None:
    known = [f.name for f in dataclasses.fields(kind)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ValueError(
            f"Expected the fields of {title} to be among {', '.join(known)}; received "
            f"{', '.join(map(repr, unknown))}."
        )


def _loss(values: Mapping[str, Any]) -> keras.losses.Loss:
    settings = {name: value for name, value in values.items() if name != "name"}
    kind = getattr(losses, values.get("name", ""), None)
    if not (isinstance(kind, type) and issubclass(kind, keras.losses.Loss)):
        raise ValueError(
            "Expected a loss by the name of its class in `wingkeras.losses`, received "
            f"{values.get('name')!r}."
        )
    return kind(**settings)


def _check(holds: bool, name: str, expected: str, recipe: Recipe) -> None:
    if not holds:
        raise ValueError(
            f"Recipe {recipe.name!r}: expected `{name}` to be {expected}, "
            f"received {getattr(recipe, name)!r}."
        )
