import io
import os
import pickle
import random
import struct
import zlib

import cv2
import numpy as np
import PIL.Image
import pytest
from matplotlib.cbook import get_sample_data

from faults import pictures
from faults.kinds import attempt_all
from faults.mutations import mutated_bytes
from faults.pictures import ENCODINGS
from wingkeras.imaging.images import BrokenFileError, as_image, read_image, read_size

HEIGHT, WIDTH = 40, 60


@pytest.fixture
def picture():
    """Smooth, so that JPEG changes it little; every corner differs."""
    corners = np.array(
        [[[220, 30, 30], [30, 220, 30]], [[30, 30, 220], [220, 220, 30]]], np.uint8
    )
    return cv2.resize(corners, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)


@pytest.fixture(scope="module")
def portrait():
    return read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))


def encode(rgb, suffix=".jpg", parameters=()):
    _, data = cv2.imencode(suffix, rgb[..., ::-1], parameters)
    return data.tobytes()


def with_exif(jpeg, orientation):
    """Insert an APP1 segment with one EXIF tag, 0x0112, after the SOI marker."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1) + entry + b"\0" * 4
    payload = b"Exif\0\0" + tiff
    return (
        jpeg[:2]
        + b"\xff\xe1"
        + struct.pack(">H", len(payload) + 2)
        + payload
        + jpeg[2:]
    )


def with_segment(jpeg, payload):
    size = struct.pack(">H", len(payload) + 2)
    return jpeg[:2] + b"\xff\xef" + size + payload + jpeg[2:]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp"])
def test_reads_rgb(tmp_path, picture, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(encode(picture, suffix))
    image = read_image(path)
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert image.dtype == np.uint8
    assert np.abs(image.astype(int) - picture).mean() < 4
    assert image.flags.c_contiguous


def test_path_may_be_a_string_in_any_script(tmp_path, picture):
    folder = tmp_path / "Gesichter ä"
    folder.mkdir()
    path = folder / "ひと нос.png"
    path.write_bytes(encode(picture, ".png"))
    np.testing.assert_array_equal(read_image(str(path)), picture)


def test_grey_becomes_three_equal_channels(tmp_path, picture):
    path = tmp_path / "a.png"
    path.write_bytes(cv2.imencode(".png", picture[..., 0])[1].tobytes())
    np.testing.assert_array_equal(
        read_image(path), np.repeat(picture[..., :1], 3, axis=2)
    )


def test_alpha_is_left_out(tmp_path, picture):
    path = tmp_path / "a.png"
    alpha = np.full((HEIGHT, WIDTH, 1), 7, np.uint8)
    bgra = np.concatenate([picture[..., ::-1], alpha], axis=2)
    path.write_bytes(cv2.imencode(".png", bgra)[1].tobytes())
    np.testing.assert_array_equal(read_image(path), picture)


def test_16_bits_become_8(tmp_path, picture):
    path = tmp_path / "a.png"
    deep = picture[..., ::-1].astype(np.uint16) * 257
    path.write_bytes(cv2.imencode(".png", deep)[1].tobytes())
    image = read_image(path)
    assert image.dtype == np.uint8
    np.testing.assert_allclose(image.astype(int), picture, atol=1)


def test_pixels_are_as_stored_unless_upright_is_asked_for(tmp_path, picture):
    path = tmp_path / "a.jpg"
    plain = encode(picture, parameters=[cv2.IMWRITE_JPEG_QUALITY, 100])
    path.write_bytes(with_exif(plain, orientation=6))  # shown turned clockwise
    stored, upright = read_image(path), read_image(path, upright=True)
    assert np.abs(stored.astype(int) - picture).mean() < 4
    np.testing.assert_array_equal(upright, np.rot90(stored, k=-1))


def save(rgb, **how):
    file = io.BytesIO()
    PIL.Image.fromarray(rgb).save(file, **how)
    return file.getvalue()


@pytest.mark.parametrize("how", ENCODINGS.values(), ids=list(ENCODINGS))
def test_truncated_is_never_half_read(tmp_path, picture, how):
    path = tmp_path / "cut"
    data = save(picture, **how)
    path.write_bytes(data)
    assert read_image(path).shape == (HEIGHT, WIDTH, 3)
    end = len(data)
    for length in {*range(1, end, end // 40), *range(end - 9, end)}:
        path.write_bytes(data[:length])
        with pytest.raises(BrokenFileError, match=r"cut: (truncated|not a picture)"):
            read_image(path)


def test_damaged_jpeg_is_refused(tmp_path, portrait):
    """A block of zeros in its middle, as broken disks leave; Pillow reads on."""
    path = tmp_path / "a.jpg"
    data = bytearray(encode(portrait))
    data[len(data) // 2 : len(data) // 2 + 512] = bytes(512)
    path.write_bytes(data)
    with pytest.raises(BrokenFileError, match="damaged: Corrupt JPEG data"):
        read_image(path)


def test_damaged_png_is_refused(tmp_path, portrait):
    """Pixels with the checksum of others, which Pillow decodes without a word."""
    right, wrong = (encode(portrait[y : y + 99, :99], ".png") for y in (0, 1))
    checksum = slice(right.index(b"\0\0\0\0IEND") - 4, right.index(b"\0\0\0\0IEND"))
    end = wrong.index(b"\0\0\0\0IEND")
    path = tmp_path / "a.png"
    path.write_bytes(wrong[: end - 4] + right[checksum] + wrong[end:])
    with pytest.raises(BrokenFileError, match="wrong checksum of the PNG's IDAT"):
        read_image(path)


def test_a_comment_with_a_wrong_checksum_does_not_cost_the_png(tmp_path, portrait):
    whole = encode(portrait[:100, :100], ".png")
    comment = b"\0\0\0\4tEXta\0bc" + b"\0" * 4
    end = whole.index(b"\0\0\0\0IEND")
    (tmp_path / "a.png").write_bytes(whole[:end] + comment + whole[end:])
    image = read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(image, portrait[:100, :100])


def test_jpeg_pixels_are_those_of_opencv(tmp_path, portrait):
    """Landmarks, and the tables of errors, rest on them."""
    for parameters in ([], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]):
        data = encode(portrait, parameters=parameters)
        (tmp_path / "a.jpg").write_bytes(data)
        expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        np.testing.assert_array_equal(
            read_image(tmp_path / "a.jpg"), expected[..., ::-1]
        )


def test_a_thumbnail_in_front_is_not_the_picture(tmp_path, picture):
    path = tmp_path / "a.jpg"
    data = with_segment(encode(picture), b"thumbnail" + encode(picture[:8, :8]))
    path.write_bytes(data)
    assert read_image(path).shape == (HEIGHT, WIDTH, 3)
    path.write_bytes(data[: int(len(data) * 0.9)])
    with pytest.raises(BrokenFileError, match="truncated"):
        read_image(path)


UPRIGHT = {
    1: lambda x: x,
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.transpose(1, 0, 2),
    6: lambda x: np.rot90(x, -1),
    7: lambda x: x[::-1, ::-1].transpose(1, 0, 2),
    8: lambda x: np.rot90(x, 1),
}


@pytest.mark.parametrize("name", sorted(set(ENCODINGS) - {"bmp"}))
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_orientation_in_every_format(tmp_path, picture, name, orientation):
    how = ENCODINGS[name]
    path = tmp_path / "a"
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    path.write_bytes(save(picture, exif=exif, **how))
    stored, upright = read_image(path), read_image(path, upright=True)
    assert np.abs(stored.astype(int) - picture).mean() < 6
    np.testing.assert_array_equal(upright, UPRIGHT[orientation](stored))
    assert upright.flags.c_contiguous
    assert read_size(path) == (WIDTH, HEIGHT)


def test_damaged_exif_data_do_not_cost_the_picture(tmp_path, picture):
    path = tmp_path / "a.jpg"
    path.write_bytes(with_exif(encode(picture), 6).replace(b"II*", b"II?"))
    assert read_image(path, upright=True).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
def test_the_limit_of_pixels(tmp_path, picture, format):
    path = tmp_path / "a"
    path.write_bytes(save(picture, format=format))
    message = r"at most 2,399 pixels, received 60 x 40; .*raise `max_pixels`"
    with pytest.raises(BrokenFileError, match=message):
        read_image(path, max_pixels=HEIGHT * WIDTH - 1)
    assert read_image(path, max_pixels=HEIGHT * WIDTH).shape == (HEIGHT, WIDTH, 3)


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path, picture, monkeypatch):
    """Its header alone says 30,000 x 30,000; no pixel is there to be decoded."""
    data = bytearray(save(picture, format="PNG"))
    data[16:24] = struct.pack(">II", 30_000, 30_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(BrokenFileError, match="at most 100,000,000 pixels, received 3"):
        read_image(path)
    with pytest.raises(BrokenFileError, match=r"at most 100,000,000.*`max_pixels`"):
        as_image(path)


def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    for read in (read_image, read_size):
        with pytest.raises(
            BrokenFileError, match=r"pipe\.jpg: expected a regular file"
        ):
            read(tmp_path / "pipe.jpg")


@pytest.mark.parametrize(
    "start", [b"", b"\xff\xd8\xff", b"II*\0", b"\x89PNG\r\n\x1a\n"]
)
def test_the_size_of_what_has_none(tmp_path, start):
    path = tmp_path / "a"
    path.write_bytes(start + b"hello")
    with pytest.raises(BrokenFileError, match=r"not a picture|truncated or damaged"):
        read_size(path)


@pytest.mark.parametrize("first", range(0, 1000, 250))
def test_damaged_files_are_read_or_refused(tmp_path, first):
    attempt_all(pictures.PICTURES, tmp_path, range(first, first + 250))


@pytest.mark.parametrize("how", ENCODINGS.values(), ids=list(ENCODINGS))
def test_no_library_writes_to_the_terminal(tmp_path, picture, how, capfd):
    if how["format"] == "TIFF":
        pytest.skip("libtiff reports in its own way")
    whole, rng, refused = save(picture, **how), random.Random(7), 0
    for _ in range(100):
        (tmp_path / "a").write_bytes(mutated_bytes(whole, rng))
        try:
            read_image(tmp_path / "a", upright=True, max_pixels=1_000_000)
        except BrokenFileError:
            refused += 1
    assert refused and capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "trailer", [b"\0" * 5000, b"\xff\xda\x00\x01 clip", b"\n", b"\xff\xff\xff"]
)
def test_data_after_a_complete_jpeg_is_no_error(tmp_path, picture, trailer):
    path = tmp_path / "a.jpg"
    path.write_bytes(encode(picture) + trailer)
    assert read_image(path).shape == (HEIGHT, WIDTH, 3)


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
