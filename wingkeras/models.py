"""Functional-API builders of the paper's networks (Sections 3 and 6), and of others."""

import os
import sys
from pathlib import Path

import keras
import numpy as np
from keras import layers

from wingkeras.heatmaps import UNET_SIZE, UNet

CNN6_SIZE = 64
"""Side of CNN-6's input, pixels."""

CNN7_SIZE = 128
"""Side of CNN-7's input, pixels."""

RESNET50_SIZE = 224
"""Side of ResNet-50's input, pixels."""

_PLAIN_SIZES = {"CNN6": CNN6_SIZE, "CNN7": CNN7_SIZE}
_BACKBONES = tuple(n for n in dir(keras.applications) if n[0].isupper())

NETWORKS = (*_PLAIN_SIZES, "UNet", *_BACKBONES)
"""Names that `build` takes."""


def build(
    network: str,
    num_landmarks: int = 68,
    mean_shape: np.ndarray | None = None,
    size: int | None = None,
    weights: str | Path | None = None,
    batch_norm: bool = False,
) -> keras.Model:
    """A network by name.

    Args:
        network: one of `NETWORKS`: a plain CNN, the U-Net or a backbone for
            `Regressor`.
        num_landmarks: L, the number of points.
        mean_shape: `(L, 2)`, pixels of the input; see `CNN6`. The U-Net does without.
        size: side of the input, pixels; `input_size(network)` by default.
        weights: of a backbone; see `Regressor`.
        batch_norm: of a plain CNN; see `CNN6`.

    Returns:
        The model.

    Raises:
        ValueError: for an unknown network, or a size, weights or batch normalisation
            that it cannot have.
        FileNotFoundError, OSError: see `Regressor`.
    """
    size = size or input_size(network)
    if network not in _PLAIN_SIZES and batch_norm:
        raise ValueError(
            f"Expected `batch_norm` for a plain CNN only; {network} has its own "
            "normalisation or none."
        )
    if network == "UNet" and weights:
        raise ValueError(f"Expected no weights of a backbone, received {weights!r}.")
    if network == "UNet":
        return UNet(num_landmarks, size)
    if network not in _PLAIN_SIZES:
        return Regressor(network, num_landmarks, mean_shape, size, weights)
    if size != _PLAIN_SIZES[network] or weights:
        raise ValueError(
            f"Expected size {_PLAIN_SIZES[network]} and no weights of a backbone for "
            f"{network}, received {size} and {weights!r}."
        )
    builder = {"CNN6": CNN6, "CNN7": CNN7}[network]
    return builder(num_landmarks, mean_shape, batch_norm=batch_norm)


def input_size(network: str) -> int:
    """Side of a network's input, pixels, unless one asks for another.

    Raises:
        ValueError: for an unknown network.
    """
    if network not in NETWORKS:
        raise ValueError(
            f"Expected a network of {', '.join(NETWORKS)}; received {network!r}."
        )
    return {**_PLAIN_SIZES, "UNet": UNET_SIZE}.get(network, RESNET50_SIZE)


def network_name(network: keras.Model) -> str:
    """The name that `build` takes for such a network.

    Raises:
        ValueError: if it was not built here.
    """
    names = {name.lower(): name for name in NETWORKS}
    if network.name not in names:
        raise ValueError(
            "Expected a network that `wingkeras.models` built, under its own name; "
            f"received {network.name!r}."
        )
    return names[network.name]


def CNN6(
    num_landmarks: int = 68,
    mean_shape: np.ndarray | None = None,
    name: str = "cnn6",
    batch_norm: bool = False,
) -> keras.Model:
    """CNN-6: five convolutions, one fully connected layer, 64 px (Figure 2).

    Args:
        num_landmarks: L, the number of points.
        mean_shape: `(L, 2)`, pixels of the input, x then y. The output layer's bias
            starts there, which makes training several times faster.
        name: of the model.
        batch_norm: whether batch normalisation stands before every ReLU. The paper
            has none (Section 7.1); it serves training, and
            `folding.fold_batch_norm` makes the plain network of it.

    Returns:
        A model from `(batch, 64, 64, 3)` RGB pixels in [0, 255], uint8 or float, to
        shape vectors `(batch, 2L)` in pixels of the input. 3,806,152 parameters
        at 68 points.

    Raises:
        ValueError: for `num_landmarks` < 1 or a `mean_shape` of another shape.
    """
    filters = (32, 64, 128, 256, 512)
    return _plain_cnn(CNN6_SIZE, filters, num_landmarks, mean_shape, name, batch_norm)


def CNN7(
    num_landmarks: int = 68,
    mean_shape: np.ndarray | None = None,
    name: str = "cnn7",
    batch_norm: bool = False,
) -> keras.Model:
    """CNN-7: six convolutions, one fully connected layer, 128 px (Section 6).

    Args:
        num_landmarks: L, the number of points.
        mean_shape: `(L, 2)`, pixels of the input, x then y; see `CNN6`.
        name: of the model.
        batch_norm: see `CNN6`.

    Returns:
        A model from `(batch, 128, 128, 3)` RGB pixels in [0, 255], uint8 or float,
        to shape vectors `(batch, 2L)` in pixels of the input. 8,508,168 parameters
        at 68 points.

    Raises:
        ValueError: for `num_landmarks` < 1 or a `mean_shape` of another shape.
    """
    filters = (64, 128, 256, 512, 512, 512)
    return _plain_cnn(CNN7_SIZE, filters, num_landmarks, mean_shape, name, batch_norm)


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
    as it came, in training too: the statistics of small batches of faces would undo
    what the filters were trained for. From random weights it learns.

    Args:
        backbone: name of a builder in `keras.applications`, such as
            "MobileNetV3Small" or "ConvNeXtTiny".
        num_landmarks: L, the number of points.
        mean_shape: `(L, 2)`, pixels of the input; see `CNN6`.
        size: side of the input, pixels.
        weights: of the backbone: "imagenet" for Keras' own download, a file that it
            loads, or `None` for random ones.
        name: of the model; the backbone's in lower case by default.

    Returns:
        A model from `(batch, size, size, 3)` RGB pixels in [0, 255], uint8 or float,
        to shape vectors `(batch, 2L)` in pixels of the input.

    Raises:
        ValueError: for an unknown backbone, `num_landmarks` < 1 or a `mean_shape` of
            another shape.
        FileNotFoundError: if there is no file `weights`.
        OSError: if the ImageNet weights cannot be fetched; the message says what to
            put where.
    """
    if backbone not in _BACKBONES:
        raise ValueError(
            f"Expected `backbone` to be one of {_BACKBONES}, received {backbone!r}."
        )
    build = getattr(keras.applications, backbone)
    if weights not in (None, "imagenet") and not Path(weights).is_file():
        raise FileNotFoundError(
            "Expected `weights` to be 'imagenet', None or a weight file of "
            f"{backbone}; there is no {weights}."
        )
    head = landmark_head(num_landmarks, mean_shape)
    image = keras.Input((size, size, 3), name="image")
    settings = {"include_top": False, "pooling": "avg", "input_shape": (size, size, 3)}
    try:
        features = build(weights=weights and str(weights), **settings)
    except Exception as error:  # Keras raises a bare Exception where a URL fails
        if weights != "imagenet" or "URL fetch failure" not in str(error):
            raise
        url = str(error).split(" on ", 1)[1].split(": ")[0]
        file = url.rsplit("/", 1)[1]
        home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
        raise OSError(
            f"The ImageNet weights of {backbone} could not be fetched: {error}. Fetch "
            f"{url} elsewhere and put it at "
            f"{home / 'models' / file}, or give its path as `weights`."
        ) from error
    if weights:
        _freeze_batch_normalisation(features)
    x = features(Preprocessing(backbone, name="preprocess")(image))
    return keras.Model(image, head(x), name=name or backbone.lower())


@keras.saving.register_keras_serializable("wingkeras")
class Preprocessing(layers.Layer):
    """What a backbone of `keras.applications` expects to be done to its input.

    As a layer, not as operations in the functional model: there its constants would
    belong to no graph, and ONNX files would ask for them as a further input.

    Args:
        backbone: name of the builder.
        **options: of any Keras layer.
    """

    def __init__(self, backbone: str, **options):
        # bfloat16 would round the mean colours that are subtracted.
        super().__init__(**{"dtype": "float32"} | options)
        self.backbone = backbone

    def call(self, image):
        """Pixels in [0, 255], RGB, to the backbone's input, of the same shape."""
        module = sys.modules[getattr(keras.applications, self.backbone).__module__]
        return module.preprocess_input(image)

    def get_config(self) -> dict:
        """What a saved model says of the layer."""
        return super().get_config() | {"backbone": self.backbone}


def _freeze_batch_normalisation(network: keras.Model) -> None:
    # `network(x, training=False)` would not do: fitting a model around it overrides
    # that with True.
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False


def _plain_cnn(
    size, filters, num_landmarks, mean_shape, name, batch_norm
) -> keras.Model:
    kind = {"use_bias": False} if batch_norm else {"activation": "relu"}
    image = keras.Input((size, size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(image)
    for i, channels in enumerate(filters, start=1):
        x = layers.Conv2D(channels, 3, padding="same", name=f"conv{i}", **kind)(x)
        x = layers.MaxPooling2D(name=f"pool{i}")(x)
        if batch_norm:
            x = _normalise(x, f"conv{i}")
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(1024, name="fully_connected", **kind)(x)
    if batch_norm:
        x = _normalise(x, "fully_connected")
    shape = landmark_head(num_landmarks, mean_shape)(x)
    return keras.Model(image, shape, name=name)


def norm_name(layer_name: str) -> str:
    """Name of the batch normalisation that follows a layer of a plain CNN."""
    return f"{layer_name}_norm"


def _normalise(x, layer_name: str):
    # After the pooling, where it costs a quarter. Maxima pass through it unchanged, as
    # they do through a ReLU, as long as its scale is not negative.
    x = layers.BatchNormalization(
        gamma_constraint="non_neg", name=norm_name(layer_name)
    )(x)
    return layers.ReLU(name=f"{layer_name}_relu")(x)


def landmark_head(num_landmarks: int, mean_shape: np.ndarray | None) -> layers.Layer:
    """The output layer: a shape vector in float32, started at the mean shape.

    Args:
        num_landmarks: L.
        mean_shape: `(L, 2)`, pixels of the input, or `None` for a zero bias.

    Returns:
        A dense layer with 2L outputs; float32 under mixed precision as well, since
        bfloat16 resolves no more than half a pixel at 128 px.

    Raises:
        ValueError: for `num_landmarks` < 1 or a `mean_shape` of another shape.
    """
    if num_landmarks < 1:
        raise ValueError(f"Expected num_landmarks >= 1, received {num_landmarks}.")
    bias = "zeros"
    if mean_shape is not None:
        mean_shape = np.asarray(mean_shape, np.float32)
        if mean_shape.shape != (num_landmarks, 2):
            raise ValueError(
                f"Expected `mean_shape` of shape ({num_landmarks}, 2), "
                f"received {mean_shape.shape}."
            )
        bias = keras.initializers.Constant(mean_shape.T.ravel().tolist())
    return layers.Dense(
        2 * num_landmarks, bias_initializer=bias, dtype="float32", name="landmarks"
    )
