import os
import pickle

import numpy as np
import PIL.Image
import pytest

from made_pictures import HEIGHT, WIDTH, encode, with_exif
from wingkeras.imaging.images import BrokenFileError, as_image, read_image, read_size


def test_path_may_be_a_string_in_any_script(tmp_path, picture):
    folder = tmp_path / "Gesichter ä"
    folder.mkdir()
    path = folder / "ひと нос.png"
    path.write_bytes(encode(picture, ".png"))
    np.testing.assert_array_equal(read_image(str(path)), picture)


def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    for read in (read_image, read_size):
        with pytest.raises(
            BrokenFileError, match=r"pipe\.jpg: expected a regular file"
        ):
            read(tmp_path / "pipe.jpg")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"", "empty"),
        (b"hello, this is no picture", "not a picture: expected JPEG, PNG"),
        (b"\xff\xd8", "truncated"),
        (b"\x89PNG\r\n\x1a\n", "truncated"),
    ],
)
def test_no_picture(tmp_path, content, reason):
    path = tmp_path / "a.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BrokenFileError, match=reason) as caught:
        read_image(path)
    assert caught.value.path == path
    assert str(path) in str(caught.value)


def test_a_folder_is_no_picture(tmp_path):
    with pytest.raises(BrokenFileError, match="directory"):
        read_image(tmp_path)


def test_error_travels_between_processes():
    error = pickle.loads(pickle.dumps(BrokenFileError("a.jpg", "cut off")))
    assert str(error) == "a.jpg: cut off"
    assert isinstance(error, ValueError)


def test_control_characters_in_a_name_are_escaped():
    error = BrokenFileError("a\x1b[31m\n\udcff.jpg", "cut\x07 off")
    assert str(error) == r"a\x1b[31m\n\udcff.jpg: cut\x07 off"
    assert error.path.name == "a\x1b[31m\n\udcff.jpg"


def test_an_rgb_array_is_taken_as_it_is(picture):
    assert as_image(picture) is picture
    flipped = as_image(picture[:, ::-1])
    np.testing.assert_array_equal(flipped, picture[:, ::-1])
    assert flipped.flags.c_contiguous


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_a_path_is_read_upright(tmp_path, picture, kind):
    path = tmp_path / "a.jpg"
    path.write_bytes(with_exif(encode(picture), orientation=6))
    np.testing.assert_array_equal(as_image(kind(path)), read_image(path, upright=True))


def test_grey_and_alpha_as_in_files(picture):
    grey = picture[..., 0]
    for array in (grey, grey[..., None]):
        np.testing.assert_array_equal(as_image(array), np.stack([grey] * 3, axis=2))
    alpha = np.dstack([picture, np.full((HEIGHT, WIDTH), 7, np.uint8)])
    np.testing.assert_array_equal(as_image(alpha), picture)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "1", "P", "CMYK"])
def test_pil_images_of_8_bits(picture, mode):
    image = PIL.Image.fromarray(picture).convert(mode)
    expected = np.asarray(image.convert("RGB"))
    received = as_image(image)
    assert received.shape == (HEIGHT, WIDTH, 3) and received.dtype == np.uint8
    np.testing.assert_array_equal(received, expected)


@pytest.mark.parametrize(
    "form",
    [
        lambda x: x.astype(np.uint16) * 257,
        lambda x: x / 255,
        lambda x: (x / 255).astype(np.float32)[..., 0],
        lambda x: x.astype(np.float32),
        lambda x: x.astype(np.int64),
        lambda x: x.transpose(2, 0, 1),
    ],
    ids=["16 bits", "share", "grey share", "float", "integer", "channels first"],
)
def test_what_is_refused_names_the_line_that_converts_it(picture, form):
    image = form(picture)
    with pytest.raises(ValueError, match=f"dtype {image.dtype}") as caught:
        as_image(image)
    line = str(caught.value).split("`")[-2]
    converted = as_image(eval(line, {"np": np, "image": image}))
    expected = picture if image.ndim == 3 else picture[..., :1].repeat(3, axis=2)
    np.testing.assert_array_equal(converted, expected)


def test_truth_values_become_black_and_white():
    mask = np.array([[True, False]])
    with pytest.raises(ValueError, match="dtype bool") as caught:
        as_image(mask)
    line = str(caught.value).split("`")[-2]
    white = eval(line, {"np": np, "image": mask})
    np.testing.assert_array_equal(as_image(white)[..., 0], [[255, 0]])


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_deep_pil_images_are_refused(mode):
    with pytest.raises(ValueError, match=r"uint8 RGB.*dtype (uint16|int32|float32)"):
        as_image(PIL.Image.new(mode, (9, 9)))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (None, r"None\. cv2\.imread returns None for a file that is missing"),
        (np.zeros((2, 9, 9, 3), np.uint8), "one by one, or all to .*detect_batch"),
        (np.zeros((0, 9, 3), np.uint8), r"shape \(0, 9, 3\)"),
        (np.zeros((9, 9, 2), np.uint8), r"shape \(9, 9, 2\)"),
        (7, r"shape \(\)"),
        ([["a"]], "dtype <U1"),
    ],
)
def test_what_is_no_picture_is_refused(image, message):
    with pytest.raises(ValueError, match=message):
        as_image(image)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BrokenFileError, match=r"none\.jpg: No such file"):
        as_image(tmp_path / "none.jpg")
