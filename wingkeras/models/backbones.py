"""Backbones of `keras.applications` with a regression head, ResNet-50 among them."""

import os
import sys
from functools import partial
from pathlib import Path

import keras
import numpy as np
from keras import layers

from wingkeras.models.heads import landmark_head
from wingkeras.models.trunks import load_trunk
from wingkeras.models.weights import load_weights
from wingkeras.storage.registry import is_model

RESNET50_SIZE = 224
"""Side of ResNet-50's input, pixels."""


BACKBONES = tuple(n for n in dir(keras.applications) if n[0].isupper())
"""Names of the builders in `keras.applications`."""


def ResNet50(
    num_landmarks: int = 68,
    mean_shape: np.ndarray | None = None,
    weights: str | Path | None = None,
    name: str = "resnet50",
) -> keras.Model:
    """ResNet-50, a regression head for its last layer, 224 px (Section 7, Table 5).

    Args:
        num_landmarks: L, the number of points.
        mean_shape: `(L, 2)`, pixels of the input; see `CNN6`.
        weights: of the backbone; see `Regressor`.
        name: of the model.

    Returns:
        A model as from `CNN6`, for `(batch, 224, 224, 3)`. 23,866,376 parameters at
        68 points.

    Raises:
        ValueError, OSError: see `Regressor`.

    Example:

    ```python
    model = ResNet50(num_landmarks=21)
    model.output_shape  # (None, 42)
    ```
    """
    size = RESNET50_SIZE
    return Regressor("ResNet50", num_landmarks, mean_shape, size, weights, name)


def Regressor(
    backbone: str,
    num_landmarks: int = 68,
    mean_shape: np.ndarray | None = None,
    size: int = 224,
    weights: str | Path | None = None,
    name: str | None = None,
) -> keras.Model:
    """Any network of `keras.applications` as the backbone of a landmark regressor.

    Average pooling and one dense layer follow the backbone's features. Its own
    preprocessing is inside the model. With trained weights, batch normalisation stays
    frozen in training: the statistics of small batches of faces would not suit the
    trained filters. With random weights, batch normalisation is trained.

    Args:
        backbone: name of a builder in `keras.applications`, such as
            "MobileNetV3Small" or "ConvNeXtTiny".
        num_landmarks: L, the number of points.
        mean_shape: `(L, 2)`, pixels of the input; see `CNN6`.
        size: side of the input, pixels.
        weights: of the backbone: "imagenet" for Keras' own download, a file that it
            loads, a model of the zoo or folder of a saved one with this backbone, or
            `None` for random ones.
        name: of the model; the backbone's in lower case by default.

    Returns:
        A model from `(batch, size, size, 3)` RGB pixels in [0, 255], uint8 or float,
        to shape vectors `(batch, 2L)` in pixels of the input.

    Raises:
        ValueError: for an unknown backbone, `num_landmarks` < 1, a `mean_shape` of
            another shape, `weights` of a model with another network, or "imagenet" or
            a file for EfficientNetB0 to B7; EfficientNetV2B0 to V2B3 take them.
        FileNotFoundError: if there is no file `weights`.
        FetchError: if the model's weight file cannot be fetched, see `zoo.load`.
        OSError: if the ImageNet weights cannot be fetched; the message says where to
            put the file.

    Example:

    ```python
    model = Regressor("MobileNetV3Small", num_landmarks=21, size=96)
    model.compile(optimizer="adamw", loss=wingkeras.WingLoss(w=10, epsilon=2))
    ```
    """
    check_backbone(backbone)
    if weights is not None and is_model(weights):
        network = Regressor(backbone, num_landmarks, mean_shape, size, None, name)
        load_trunk(network, backbone, weights, partial(Regressor, backbone, size=size))
        freeze_batch_normalization(network.get_layer(index=2))
        return network
    head = landmark_head(num_landmarks, mean_shape)
    image = keras.Input((size, size, 3), name="image")
    features = build_backbone(
        backbone, weights, pooling="avg", input_shape=(size, size, 3)
    )
    if weights:
        freeze_batch_normalization(features)
    x = features(Preprocessing(backbone, name="preprocess")(image))
    return keras.Model(image, head(x), name=name or backbone.lower())


def check_backbone(backbone: str) -> None:
    """Refuse a name that is not a builder of `keras.applications`.

    Raises:
        ValueError: for an unknown name.
    """
    if backbone not in BACKBONES:
        raise ValueError(
            f"Expected `backbone` to be one of {BACKBONES}, received {backbone!r}."
        )


def build_backbone(
    backbone: str, weights: str | Path | None, **settings
) -> keras.Model:
    """A network of `keras.applications` without its classifier.

    Args:
        backbone: name of its builder.
        weights: "imagenet", a file or `None`; see `Regressor`.
        **settings: further arguments of the builder.

    Returns:
        The network, without its preprocessing.

    Raises:
        ValueError: for a file of another network, weights that are not finite, or any
            weights of EfficientNetB0 to B7.
        FileNotFoundError, OSError: see `Regressor`.
    """
    if weights not in (None, "imagenet") and not Path(weights).is_file():
        raise FileNotFoundError(
            "Expected `weights` to be 'imagenet', None, a weight file of "
            f"{backbone} or a trained model with it; there is no {weights}."
        )
    if weights is not None and backbone.startswith("EfficientNetB"):
        # Keras builds it with a further layer for "imagenet" alone, and keeps its mean
        # colours as weights that `set_weights` does not put to use.
        raise ValueError(
            f"Expected `weights` to be None for {backbone}, whose layers depend on "
            f"them, received {str(weights)!r}. EfficientNetV2B0 to V2B3 do not."
        )
    build = getattr(keras.applications, backbone)
    if str(weights).endswith(".weights.h5"):
        network = build(weights=None, include_top=False, **settings)
        load_weights(network, Path(str(weights)))
        return network
    try:
        network = build(weights=weights and str(weights), include_top=False, **settings)
    except Exception as error:  # Keras' downloads raise any type
        if weights != "imagenet":
            raise
        # If the settings are wrong, and not the weights, this call raises too.
        build(weights=None, include_top=False, **settings)
        home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
        raise OSError(
            f"The ImageNet weights of {backbone} could not be had: {error}. Without a "
            f"network, put the file that Keras asks for in {home / 'models'}, or give "
            "a weight file's path as `weights`."
        ) from error
    if not all(np.isfinite(w).all() for w in network.get_weights()):
        raise ValueError(
            f"Expected finite weights of {backbone}; {weights} has others."
        )
    return network


@keras.saving.register_keras_serializable("wingkeras")
class Preprocessing(layers.Layer):
    """The preprocessing of a backbone of `keras.applications`.

    It is a layer, since constants of operations in the functional model would belong to
    no graph, and ONNX files would ask for them as a further input.

    Args:
        backbone: name of the builder.
        **options: of any Keras layer.
    """

    def __init__(self, backbone: str, **options):
        # bfloat16 would round the mean colours that are subtracted.
        options.setdefault("dtype", "float32")
        super().__init__(**options)
        self.backbone = backbone

    def call(self, image):
        """Convert RGB pixels in [0, 255] to the backbone's input, of the same shape."""
        module = sys.modules[getattr(keras.applications, self.backbone).__module__]
        return module.preprocess_input(image)

    def get_config(self) -> dict:
        """The configuration of the layer in a saved model."""
        return super().get_config() | {"backbone": self.backbone}


def freeze_batch_normalization(network: keras.Model) -> None:
    """Keep the statistics, scales and shifts of batch normalisation in training too."""
    # `network(x, training=False)` is not enough: fitting a model around it overrides
    # this with True.
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
