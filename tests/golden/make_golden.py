"""Make `tensorflow_addons.npz`: what tensorflow-addons computes, kept for the tests.

Needs Python 3.11 or older in an environment of its own:

    pip install "tensorflow-cpu==2.15.*" "tensorflow-addons==0.23.0"
    python tests/golden/make_golden.py

`tfa.image.rotate` turns by `angles`, radians, counter-clockwise as seen on the screen.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa

ANGLES = np.radians([30.0, -10.0, 90.0]).astype(np.float32)


def make_images(height: int, width: int, seed: int) -> np.ndarray:
    """Smooth waves with some noise, float32 in [0, 255]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 3 + c) + np.cos(y / (2 + c)) for c in range(3)]
    image = 127 + 50 * np.stack(waves, axis=-1)
    noisy = image + rng.normal(0, 8, image.shape)
    return np.clip(noisy, 0, 255).round().astype(np.float32)


def main() -> None:
    """Compute and save all arrays."""
    arrays = {"angles": ANGLES}
    for name, (height, width) in {"square": (24, 24), "odd": (17, 17)}.items():
        images = np.stack([make_images(height, width, i) for i in range(len(ANGLES))])
        arrays[f"{name}_images"] = images.astype(np.uint8)
        arrays[f"{name}_rotated"] = tfa.image.rotate(
            images, ANGLES, interpolation="bilinear", fill_mode="nearest"
        ).numpy()
        arrays[f"{name}_blurred"] = tfa.image.gaussian_filter2d(
            images, filter_shape=(5, 5), sigma=1.0, padding="REFLECT"
        ).numpy()
    arrays["versions"] = np.array([tf.__version__, tfa.__version__])
    path = Path(__file__).with_name("tensorflow_addons.npz")
    np.savez_compressed(path, **arrays)
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
