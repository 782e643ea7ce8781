"""A network with a heat map for each landmark, trained by integral regression."""

from functools import partial
from pathlib import Path

import keras
from keras import layers, ops

from wingkeras import geometry
from wingkeras.models.heads import HEAD_NAME
from wingkeras.models.trunks import load_trunk

UNET_SIZE = 128
"""Default side of the U-Net's input, pixels."""

_STRIDE = 4
_WIDTHS = (64, 128, 256, 256, 256)  # at strides 2, 4, 8, 16, 32


def UNet(
    num_landmarks: int = 68,
    size: int = UNET_SIZE,
    name: str = "unet",
    weights: str | Path | None = None,
) -> keras.Model:
    """A U-shaped residual network; a landmark is the mean position of its heat map.

    The map's softmax gives the weights of the mean (Sun et al., "Integral Human Pose
    Regression", ECCV 2018), so that it learns with any loss between shape vectors, and
    from far fewer faces than a network whose last layer is fully connected.

    Args:
        num_landmarks: L, the number of points.
        size: side of the input, pixels, a multiple of 32; the maps have a quarter.
        name: of the model.
        weights: a trained model whose layers below the heat maps are taken over; see
            `CNN6`.

    Returns:
        A model from `(batch, size, size, 3)` RGB pixels in [0, 255], uint8 or float,
        to shape vectors `(batch, 2L)` in pixels of the input, float32. 11,888,644
        parameters at 68 points. It is batch-normalised.

    Raises:
        ValueError: for `num_landmarks` < 1, another `size`, or `weights` of a model
            without a U-Net.
        FileNotFoundError, FetchError: if the weight file is not there, see `zoo.load`.

    Example:

    ```python
    model = UNet(num_landmarks=21, size=64)
    model.compile(optimizer="adamw", loss=wingkeras.WingLoss(w=10, epsilon=2))
    ```
    """
    if num_landmarks < 1:
        raise ValueError(f"Expected num_landmarks >= 1, received {num_landmarks}.")
    if size < 32 or size % 32:
        raise ValueError(f"Expected `size` to be a multiple of 32, received {size}.")
    image = keras.Input((size, size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(image)
    x = _convolve(x, _WIDTHS[0], "stem", strides=2)
    x = _residual(x, _WIDTHS[0], "down0")
    passed_on = [x]
    for i, width in enumerate(_WIDTHS[1:], start=1):
        x = layers.MaxPooling2D(name=f"pool{i}")(x)
        x = _residual(x, width, f"down{i}_first")
        x = _residual(x, width, f"down{i}_second")
        passed_on.append(x)
    for i in range(len(_WIDTHS) - 2, 0, -1):
        x = layers.UpSampling2D(name=f"unpool{i}")(x)
        x = layers.Concatenate(name=f"join{i}")([x, passed_on[i]])
        x = _residual(x, _WIDTHS[i], f"up{i}")
    # In float32, as any output: see `heads.landmark_head`.
    x = layers.Conv2D(num_landmarks, 1, dtype="float32", name=HEAD_NAME)(x)
    shape = SoftArgmax(_STRIDE, name="mean_place")(x)
    network = keras.Model(image, shape, name=name)
    if weights:
        load_trunk(network, "UNet", weights, partial(UNet, size=size))
    return network


@keras.saving.register_keras_serializable("wingkeras")
class SoftArgmax(layers.Layer):
    """Turns heat maps `(B, H, W, L)` into shape vectors: means under their softmax.

    Args:
        stride: pixels of the network's input from one place of a map to the next.
        **options: of any Keras layer.
    """

    def __init__(self, stride: int, **options):
        options.setdefault("dtype", "float32")
        super().__init__(**options)
        self.stride = stride

    def call(self, maps):
        """`(B, 2L)` in pixels of the network's input."""
        return ops.concatenate(
            [mean_places(shares, self.stride) for shares in marginals(maps)], axis=1
        )

    def get_config(self) -> dict:
        """What a saved model says of the layer."""
        return super().get_config() | {"stride": self.stride}


def marginals(maps):
    """Sums of columns and of rows of the softmax of heat maps.

    They give mean positions without a matrix product, which OpenVINO would compute in
    bfloat16 where the processor supports it, with a resolution of half a pixel.

    Args:
        maps: `(B, H, W, L)`.

    Returns:
        `(B, W, L)` and `(B, H, L)`; each adds up to 1 along axis 1.
    """
    _, height, width, landmarks = maps.shape
    flat = ops.reshape(maps, (-1, height * width, landmarks))
    shares = ops.reshape(ops.softmax(flat, axis=1), (-1, height, width, landmarks))
    return ops.sum(shares, axis=1), ops.sum(shares, axis=2)


def mean_places(shares, stride: int):
    """Mean positions `(B, L)` along one axis, input pixels, of `(B, W, L)` shares."""
    centres = geometry.cell_centres(shares.shape[1], stride)
    return ops.sum(shares * centres[:, None], axis=1)


def _convolve(x, width, name, size=3, strides=1, activate=True):
    settings = {"strides": strides, "padding": "same", "use_bias": False}
    x = layers.Conv2D(width, size, name=f"{name}_conv", **settings)(x)
    x = layers.BatchNormalization(momentum=0.95, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x) if activate else x


def _residual(x, width, name):
    shortcut = x
    if x.shape[-1] != width:
        shortcut = _convolve(x, width, f"{name}_shortcut", size=1, activate=False)
    x = _convolve(x, width, f"{name}_1")
    x = _convolve(x, width, f"{name}_2", activate=False)
    return layers.ReLU(name=f"{name}_relu")(
        layers.Add(name=f"{name}_add")([x, shortcut])
    )
