import random
import struct
import zlib

import cv2
import numpy as np
import PIL.features
import PIL.Image
import pytest
from matplotlib.cbook import get_sample_data

from faults import pictures
from faults.kinds import attempt_all
from faults.mutations import mutated_bytes
from faults.pictures import ENCODINGS
from made_pictures import HEIGHT, WIDTH, encode, save, with_exif
from wingkeras.imaging.images import (
    BrokenFileError,
    as_image,
    read_image,
    read_orientation,
    read_size,
)


@pytest.fixture(scope="module")
def portrait():
    return read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))


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
    assert read_orientation(path) == orientation


@pytest.mark.parametrize("kind", [b"P2", b"P5"])
def test_deep_grey_ppm_files_become_8_bits(tmp_path, kind):
    values = np.arange(6, dtype=np.uint16) * 13_000
    text = b" ".join(str(v).encode() for v in values)
    pixels = text if kind == b"P2" else values.astype(">u2").tobytes()
    path = tmp_path / "a.pgm"
    path.write_bytes(kind + b" 3 2 65535\n" + pixels)
    image = read_image(path)
    assert (image == image[..., :1]).all()
    np.testing.assert_array_equal(image[..., 0].ravel(), values >> 8)


def test_avif_is_known_by_its_compatible_brands(tmp_path, picture):
    if not PIL.features.check("avif"):
        pytest.skip("needs a Pillow that reads AVIF")
    data = bytearray(save(picture, format="AVIF"))
    assert data[8:12] == b"avif" and b"mif1" in data[16:40]
    data[8:12] = b"mif1"
    path = tmp_path / "a.avif"
    path.write_bytes(data)
    assert read_image(path).shape == (HEIGHT, WIDTH, 3)


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
