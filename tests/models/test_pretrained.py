import cv2
import keras
import numpy as np
import pytest

from wingkeras.imaging.images import read_image
from wingkeras.models.pretrained import MobileNetV2Encoder, load_torch_weights


def _torch_arrays(rng) -> dict[str, np.ndarray]:
    """Random weights in torchvision's format, of all layers but the classifier."""
    arrays = {}

    def add(convolution: str, norm: str, shape) -> None:
        arrays[f"{convolution}.weight"] = rng.normal(0, 0.3, shape)
        for part, low in (("weight", 0.5), ("bias", -1), ("running_mean", -1)):
            arrays[f"{norm}.{part}"] = rng.uniform(low, 1, shape[0])
        arrays[f"{norm}.running_var"] = rng.uniform(0.2, 2, shape[0])

    add("features.0.0", "features.0.1", (32, 3, 3, 3))
    inside, number = 32, 0
    stages = ((1, 16, 1), (6, 24, 2), (6, 32, 3), (6, 64, 4), (6, 96, 3))
    for expansion, channels, blocks in (*stages, (6, 160, 3), (6, 320, 1)):
        for _ in range(blocks):
            number += 1
            name, wide, i = f"features.{number}.conv", inside * expansion, 0
            if expansion > 1:
                add(f"{name}.0.0", f"{name}.0.1", (wide, inside, 1, 1))
                i = 1
            add(f"{name}.{i}.0", f"{name}.{i}.1", (wide, 1, 3, 3))
            add(f"{name}.{i + 1}", f"{name}.{i + 2}", (channels, wide, 1, 1))
            inside = channels
    add("features.18.0", "features.18.1", (1280, 320, 1, 1))
    return arrays


def test_size():
    assert MobileNetV2Encoder(64).count_params() == 1_795_936
    assert MobileNetV2Encoder(64).output_shape == (None, 2, 2, 320)
    assert MobileNetV2Encoder(64, top=True).count_params() == 2_206_816
    assert MobileNetV2Encoder(112).output_shape == (None, 4, 4, 320)


def test_batch_normalization_is_folded_into_the_layer_before(tmp_path):
    arrays = _torch_arrays(np.random.default_rng(0))
    np.savez(tmp_path / "weights.npz", **arrays)
    encoder = MobileNetV2Encoder(32, top=True)
    load_torch_weights(encoder, tmp_path / "weights.npz")
    image = np.random.default_rng(1).integers(0, 256, (1, 32, 32, 3), np.uint8)
    first = keras.Model(encoder.input, encoder.get_layer("stem_conv").output)
    found = np.array(first(image))[0]
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    padded = np.pad((image[0] / 255 - mean) / deviation, ((1, 1), (1, 1), (0, 0)))
    kernel = arrays["features.0.0.weight"]
    gamma, beta, moving, variance = (
        arrays[f"features.0.1.{part}"]
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    for row, column in ((0, 0), (3, 7), (15, 15)):
        window = padded[2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
        plain = np.einsum("hwi,oihw->o", window, kernel)
        expected = (plain - moving) / np.sqrt(variance + 1e-5) * gamma + beta
        np.testing.assert_allclose(found[row, column], expected, rtol=1e-3, atol=1e-3)


def test_every_layer_takes_its_weights(tmp_path):
    arrays = _torch_arrays(np.random.default_rng(0))
    np.savez(tmp_path / "weights.npz", **arrays)
    encoder = MobileNetV2Encoder(32, top=True)
    before = encoder.get_weights()
    load_torch_weights(encoder, tmp_path / "weights.npz")
    for old, new in zip(before, encoder.get_weights(), strict=True):
        assert not np.array_equal(old, new)


def test_missing_arrays_are_named_and_nothing_is_changed(tmp_path):
    arrays = _torch_arrays(np.random.default_rng(0))
    del arrays["features.17.conv.2.weight"]
    np.savez(tmp_path / "weights.npz", **arrays)
    encoder = MobileNetV2Encoder(32)
    before = encoder.get_weights()
    with pytest.raises(ValueError, match=r"'features\.17\.conv\.2\.weight'.*block17"):
        load_torch_weights(encoder, tmp_path / "weights.npz")
    for old, new in zip(before, encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_arrays_of_another_shape_are_refused(tmp_path):
    arrays = _torch_arrays(np.random.default_rng(0))
    arrays["features.0.0.weight"] = np.zeros((16, 3, 3, 3))
    np.savez(tmp_path / "weights.npz", **arrays)
    with pytest.raises(ValueError, match=r"features\.0\.0\.weight.*\(3, 3, 3, 16\)"):
        load_torch_weights(MobileNetV2Encoder(32), tmp_path / "weights.npz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features.0.0.weight": np.full((32, 3, 3, 3), np.inf)}, "are not finite"),
        ({"features.0.1.running_var": np.full(32, -1.0)}, "are not finite"),
        ({"features.0.1.bias": np.zeros(10**7)}, "'features.0.1.bias' has 80000128"),
        ({"features.0.1.bias": np.array(["a"] * 32)}, "could not convert"),
    ],
    ids=["infinite", "negative variance", "bomb", "text"],
)
def test_values_that_are_no_weights(tmp_path, change, message):
    arrays = _torch_arrays(np.random.default_rng(0)) | change
    np.savez_compressed(tmp_path / "weights.npz", **arrays)
    encoder = MobileNetV2Encoder(32)
    before = encoder.get_weights()
    with pytest.raises(ValueError, match=rf"weights\.npz; .*{message}"):
        load_torch_weights(encoder, tmp_path / "weights.npz")
    for old, new in zip(before, encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("content", [b"", b"PK\3\4 no zip", b"x" * 100])
def test_files_that_are_no_archive(tmp_path, content):
    (tmp_path / "weights.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"Expected torchvision's .*weights\.npz;"):
        load_torch_weights(MobileNetV2Encoder(32), tmp_path / "weights.npz")


def test_a_missing_file_and_a_small_size_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no"):
        load_torch_weights(MobileNetV2Encoder(32), tmp_path / "none.npz")
    with pytest.raises(ValueError, match="`size` >= 32, received 16"):
        MobileNetV2Encoder(16)


def test_names_what_a_portrait_shows(real_data):
    from matplotlib.cbook import get_sample_data

    path = real_data.parent / "pretrained" / "mobilenet_v2_imagenet.npz"
    if not path.is_file():
        pytest.skip(f"needs {path}")
    image = read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))
    scale = 256 / min(image.shape[:2])
    width, height = (round(n * scale) for n in image.shape[1::-1])
    image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    top, left = (height - 224) // 2, (width - 224) // 2
    encoder = MobileNetV2Encoder(224, top=True)
    load_torch_weights(encoder, path)
    crop = image[None, top : top + 224, left : left + 224]
    features = np.array(encoder(crop)).mean(axis=(1, 2))[0]
    with np.load(path) as file:
        kernel, bias = file["classifier.1.weight"], file["classifier.1.bias"]
    scores = np.exp(kernel.astype(np.float32) @ features + bias)
    scores /= scores.sum()
    # Bow tie, military uniform, mortarboard: measured with torchvision's own network.
    assert scores.argsort()[::-1][:3].tolist() == [457, 652, 667]
    np.testing.assert_allclose(scores[[457, 652, 667]], [0.36, 0.30, 0.13], atol=0.02)
