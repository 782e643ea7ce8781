"""A light network with a heat map for each landmark, around a pretrained encoder."""

from functools import partial
from pathlib import Path

import keras
from keras import layers

from wingkeras.models.backbones import (
    BACKBONES,
    Preprocessing,
    build_backbone,
    check_backbone,
    freeze_batch_normalization,
)
from wingkeras.models.heads import HEAD_NAME
from wingkeras.models.heatmap import SoftArgmax
from wingkeras.models.pretrained import MobileNetV2Encoder, load_torch_weights
from wingkeras.models.trunks import load_trunk
from wingkeras.storage.registry import is_model

HEATMAP_SIZE = 112
"""Default side of its input, pixels."""

_NAME = "Heatmap"
_PORTED = "MobileNetV2"  # of `pretrained`, which has weights for this task

HEATMAP_NETWORKS = tuple(f"{_NAME}{backbone}" for backbone in BACKBONES)
"""Names that `build.build` takes for the default network around each backbone."""

_STRIDE = 4
_WIDTHS = {16: 128, 8: 128, _STRIDE: 96}
_CONVOLUTIONS = {16: 1, 8: 1, _STRIDE: 2}


def HeatmapRegressor(
    backbone: str = "MobileNetV2",
    num_landmarks: int = 68,
    size: int = HEATMAP_SIZE,
    weights: str | Path | None = None,
    name: str | None = None,
) -> keras.Model:
    """An encoder, a light decoder, and the mean position of a heat map per landmark.

    The decoder goes from stride 32 to stride 4 in three steps. Each step doubles the
    features' side, adds the encoder's features of that stride, and mixes them by
    separable convolutions. A landmark is the mean of all places under the softmax of
    its map (Sun et al., "Integral Human Pose Regression", ECCV 2018), so the network
    learns with any loss between shape vectors.

    If the encoder's weights are trained, its layers before stride 4 stay frozen: they
    see edges and colours, and their gradients would cost a quarter of a step.

    Args:
        backbone: "MobileNetV2", or the name of another builder in
            `keras.applications`, such as "EfficientNetV2B0".
        num_landmarks: L, the number of points.
        size: side of the input, pixels, a multiple of 16; the maps have a quarter.
        weights: of the encoder: an `.npz` file for "MobileNetV2" (see
            `pretrained.load_torch_weights`); a file that Keras loads, or
            "imagenet" for its own download, for the others; or a trained model with
            this network, see `CNN6`; `None` for random ones.
        name: of the model; "heatmap" and the backbone in lower case by default.

    Returns:
        A model from `(batch, size, size, 3)` RGB pixels in [0, 255], uint8 or float,
        to shape vectors `(batch, 2L)` in pixels of the input, float32. 1,947,684
        parameters with the default arguments.

    Raises:
        ValueError: for an unknown backbone, one without features at strides 4, 8 and
            16, `num_landmarks` < 1, another `size`, or weights that do not fit.
        FileNotFoundError, FetchError, OSError: if the weights are not there; see
            `Regressor`.

    Example:

    ```python
    network = HeatmapRegressor(num_landmarks=21, size=64)
    network.compile("adamw", loss=wingkeras.WingLoss(w=13, epsilon=2.6))
    ```
    """
    if num_landmarks < 1:
        raise ValueError(f"Expected num_landmarks >= 1, received {num_landmarks}.")
    if size < 32 or size % 16:
        raise ValueError(f"Expected `size` as a multiple of 16, received {size}.")
    check_backbone(backbone)
    trained = weights if weights is not None and is_model(weights) else None
    image = keras.Input((size, size, 3), name="image")
    encoder = _build_encoder(backbone, image, None if trained else weights)
    if weights:
        _freeze(encoder, size // _STRIDE)
    x = encoder.output
    for stride, features in _passed_on(encoder, backbone, size).items():
        x = _enlarge(x, features, _WIDTHS[stride], f"up{stride}")
        for i in range(1, _CONVOLUTIONS[stride] + 1):
            x = _separable(x, _WIDTHS[stride], f"up{stride}_{i}")
    # In float32, as any output: see `heads.landmark_head`.
    maps = layers.Conv2D(num_landmarks, 1, dtype="float32", name=HEAD_NAME)(x)
    places = SoftArgmax(_STRIDE, name="mean_place")(maps)
    kind = f"{_NAME}{backbone}"
    network = keras.Model(image, places, name=name or kind.lower())
    if trained:
        build = partial(HeatmapRegressor, backbone, size=size)
        load_trunk(network, kind, trained, build)
    return network


def backbone_of(network: str) -> str:
    """The backbone that one of `HEATMAP_NETWORKS` names."""
    return network.removeprefix(_NAME)


def _build_encoder(backbone: str, image, weights) -> keras.Model:
    if backbone == _PORTED:
        encoder = MobileNetV2Encoder(image=image)
        if weights:
            load_torch_weights(encoder, weights)
        return encoder
    pixels = Preprocessing(backbone, name="preprocess")(image)
    return build_backbone(backbone, weights, input_tensor=pixels)


def _freeze(encoder: keras.Model, side: int) -> None:
    """Keep the weights of the layers whose output is larger than `side`."""
    freeze_batch_normalization(encoder)
    for layer in encoder.layers:
        shape = layer.output.shape
        if len(shape) == 4 and shape[1] > side:
            layer.trainable = False


def _passed_on(encoder: keras.Model, backbone: str, size: int) -> dict:
    """The encoder features that the decoder adds, by stride: the deepest of each.

    If blocks end with an addition, these are of the last addition, else of the last
    layer.
    """
    deepest, found = {}, {}
    for layer in encoder.layers:
        shape = layer.output.shape
        if len(shape) == 4:
            added = isinstance(layer, layers.Add)
            if added or not isinstance(deepest.get(shape[1]), layers.Add):
                deepest[shape[1]] = layer
    for stride in _WIDTHS:
        if size // stride not in deepest:
            raise ValueError(
                f"Expected a backbone with features at stride {stride}; {backbone} "
                f"has none for an input of {size} px."
            )
        found[stride] = deepest[size // stride].output
    return found


def _enlarge(x, features, width: int, name: str):
    """Double the side, and crop it where halving had rounded up."""
    x = layers.Conv2D(width, 1, name=f"{name}_deep_conv")(x)
    x = layers.UpSampling2D(name=name)(x)
    surplus = x.shape[1] - features.shape[1]
    if surplus:
        x = layers.Cropping2D(((0, surplus), (0, surplus)), name=f"{name}_crop")(x)
    features = layers.Conv2D(width, 1, name=f"{name}_passed_conv")(features)
    x = layers.Add(name=f"{name}_add")([x, features])
    return layers.ReLU(name=f"{name}_relu")(x)


def _separable(x, width: int, name: str):
    x = layers.DepthwiseConv2D(3, padding="same", name=f"{name}_depthwise_conv")(x)
    x = layers.Conv2D(width, 1, kernel_initializer="he_normal", name=f"{name}_conv")(x)
    return layers.ReLU(name=f"{name}_relu")(x)
