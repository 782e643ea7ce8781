"""MobileNetV2 as an encoder, with ImageNet weights in torchvision's format.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018.

Keras' own MobileNetV2 pads strided convolutions on one side, so it cannot use weights
that were trained with symmetric padding. This one also has no batch normalisation: that
of the weights is folded into the convolutions. Training on a CPU is then twice as fast,
and does not depend on the statistics of small batches.
"""

import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

# Expansion, channels, blocks, stride of the first: Table 2 of the paper.
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_STEM, _TOP = 32, 1280
_EPSILON = 1e-5  # of the batch normalisation that is folded
_HEADER = 1 << 12  # bytes of an array's description, and more
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def MobileNetV2Encoder(
    size: int = 128,
    top: bool = False,
    image=None,
    name: str = "mobilenetv2_encoder",
) -> keras.Model:
    """MobileNetV2 without its classifier.

    Args:
        size: side of the input, pixels.
        top: whether the last 1x1 convolution, to 1280 channels, is part of it. The
            classifier needs it, heat maps do not.
        image: the `keras.Input` to build on, instead of one with that size.
        name: of the model.

    Returns:
        A model from `(batch, size, size, 3)` RGB pixels in [0, 255], uint8 or float,
        to features `(batch, size / 32, size / 32, 320)`, with `top` of 1280 channels.
        1,795,936 parameters, 2,206,816 with `top`; random ones, see
        `load_torch_weights`.

    Raises:
        ValueError: for a `size` below 32.

    Example:

    ```python
    encoder = MobileNetV2Encoder(128)
    load_torch_weights(encoder, "mobilenet_v2_imagenet.npz")
    ```
    """
    if size < 32:
        raise ValueError(f"Expected `size` >= 32, received {size}.")
    if image is None:
        image = keras.Input((size, size, 3), name="image")
    # In float32: bfloat16 would round the colours.
    offset: Any = [-mean / dev for mean, dev in zip(_MEAN, _DEVIATION, strict=True)]
    x = layers.Rescaling(
        [1 / (255 * deviation) for deviation in _DEVIATION],
        offset,
        dtype="float32",
        name="scale",
    )(image)
    x = _activate(_convolve(x, _STEM, "stem", 3, 2), "stem")
    number = 0
    for expansion, channels, blocks, stride in _STAGES:
        for i in range(blocks):
            number += 1
            name_ = f"block{number}"
            x = _block(x, expansion, channels, stride if i == 0 else 1, name_)
    if top:
        x = _activate(_convolve(x, _TOP, "top"), "top")
    return keras.Model(image, x, name=name)


def load_torch_weights(encoder: keras.Model, path: str | Path) -> None:
    """Put weights in torchvision's format into an encoder.

    Args:
        encoder: from `MobileNetV2Encoder`, or a model that holds all its layers.
        path: of an `.npz` file with the arrays of torchvision's `state_dict` by their
            names (`features.0.0.weight` ...), float16 or float32.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, or an array is missing, larger than its
            layer, of another shape or not finite. The encoder's weights then stay
            unchanged.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"Expected a weight file, there is no {path}.")
    before = encoder.get_weights()
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("it is no .npz file")
        with np.load(path) as file:
            found = {
                layer: _fold(file, layer)
                for layer in encoder.layers
                if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D)
            }
        for layer, weights in found.items():
            layer.set_weights(weights)
    except BaseException as error:
        encoder.set_weights(before)
        if not isinstance(error, Exception):
            raise
        raise ValueError(
            f"Expected torchvision's weights in {path}; {error}"
        ) from error


def _fold(arrays: Any, layer: layers.Layer) -> list[np.ndarray]:
    """Kernel and bias of a convolution, with the batch normalisation folded in."""
    convolution, norm = _torch_names(layer.name)
    kernel = _find(arrays, f"{convolution}.weight", layer)
    depthwise = isinstance(layer, layers.DepthwiseConv2D)
    kernel = kernel.transpose(2, 3, 0, 1) if depthwise else kernel.transpose(2, 3, 1, 0)
    gamma, beta, mean, variance = (
        _find(arrays, f"{norm}.{part}", layer)
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    if kernel.shape != tuple(layer.kernel.shape) or gamma.shape != layer.bias.shape:
        raise ValueError(
            f"Expected {convolution}.weight and {norm} for a kernel of shape "
            f"{tuple(layer.kernel.shape)}, received {kernel.shape} and {gamma.shape}."
        )
    with np.errstate(all="ignore"):  # what is not finite is refused
        scale = gamma / np.sqrt(variance + _EPSILON)
        factors = scale[:, None] if depthwise else scale
        weights = [kernel * factors, beta - mean * scale]
    if not all(np.isfinite(values).all() for values in weights):
        raise ValueError(f"{convolution} and {norm} are not finite.")
    return weights


def _find(arrays, name: str, layer: layers.Layer) -> np.ndarray:
    if name not in arrays:
        raise ValueError(f"Expected an array {name!r}, which {layer.name!r} needs.")
    # A compressed array of a few kilobytes can expand to gigabytes.
    size = arrays.zip.getinfo(f"{name}.npy").file_size
    if size > 8 * layer.count_params() + _HEADER:
        raise ValueError(f"{name!r} has {size} bytes, more than {layer.name!r} takes.")
    return np.asarray(arrays[name], np.float32)


def _torch_names(name: str) -> tuple[str, str]:
    """torchvision's names of a convolution and of the normalisation after it."""
    block, *parts, _ = name.split("_")  # such as block3, expand, conv
    if not parts:
        module = {"stem": "features.0", "top": "features.18"}[block]
        return f"{module}.0", f"{module}.1"
    part = parts[0]
    number = int(block.removeprefix("block"))
    module, expanded = f"features.{number}.conv", int(number > 1)
    if part == "project":
        return f"{module}.{expanded + 1}", f"{module}.{expanded + 2}"
    index = 0 if part == "expand" else expanded
    return f"{module}.{index}.0", f"{module}.{index}.1"


def _block(x, expansion: int, channels: int, stride: int, name: str):
    start = x
    if expansion > 1:
        x = _convolve(x, x.shape[-1] * expansion, f"{name}_expand")
        x = _activate(x, f"{name}_expand")
    x = layers.DepthwiseConv2D(
        3,
        strides=stride,
        padding="same" if stride == 1 else "valid",
        name=f"{name}_depthwise_conv",
    )(_pad(x, stride, f"{name}_depthwise"))
    x = _convolve(_activate(x, f"{name}_depthwise"), channels, f"{name}_project")
    if stride == 1 and start.shape[-1] == channels:
        x = layers.Add(name=f"{name}_add")([start, x])
    return x


def _convolve(x, channels: int, name: str, size: int = 1, stride: int = 1):
    return layers.Conv2D(
        channels,
        size,
        strides=stride,
        padding="same" if stride == 1 else "valid",
        name=f"{name}_conv",
    )(_pad(x, stride, name))


def _pad(x, stride: int, name: str):
    # With a stride of 2, "same" would pad one side only.
    return x if stride == 1 else layers.ZeroPadding2D(1, name=f"{name}_pad")(x)


def _activate(x, name: str):
    return layers.ReLU(6.0, name=f"{name}_relu")(x)
