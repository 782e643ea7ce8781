"""A small picture, and files of it."""

import io
import struct

import cv2
import numpy as np
import PIL.Image

HEIGHT, WIDTH = 40, 60


def make_picture():
    """Smooth, so that JPEG changes it little; every corner differs."""
    corners = np.array(
        [[[220, 30, 30], [30, 220, 30]], [[30, 30, 220], [220, 220, 30]]], np.uint8
    )
    return cv2.resize(corners, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)


def encode(rgb, suffix=".jpg", parameters=()):
    """A file as OpenCV writes it."""
    _, data = cv2.imencode(suffix, rgb[..., ::-1], parameters)
    return data.tobytes()


def save(rgb, **how):
    """A file as Pillow writes it."""
    file = io.BytesIO()
    PIL.Image.fromarray(rgb).save(file, **how)
    return file.getvalue()


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
