"""Videos as tests need them: cut off, damaged, trimmed, or as browsers record them."""

import struct

import cv2
import numpy as np

MJPEG = (cv2.CAP_OPENCV_MJPEG, "MJPG")
MPEG4 = (cv2.CAP_FFMPEG, "mp4v")


def write(path, frames, rate=25.0, how=MPEG4):
    """Encode RGB frames."""
    backend, codec = how
    size = frames[0].shape[1::-1]
    code = cv2.VideoWriter.fourcc(*codec)
    writer = cv2.VideoWriter(str(path), backend, code, rate, size)
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def write_webm(path, frames, stamps):
    """As browsers record: frames at any time (ms), no frame rate, no duration.

    The pictures in it are JPEG.
    """

    def element(name, body):
        size = struct.pack(">Q", len(body) | 1 << 56)
        return bytes.fromhex(name) + size + body

    def number(name, value):
        return element(name, value.to_bytes(max(1, -(-value.bit_length() // 8))))

    height, width = frames[0].shape[:2]
    versions = number("4286", 1) + number("42f7", 1) + number("42f2", 4)
    versions += number("42f3", 8) + element("4282", b"matroska")
    head = element("1a45dfa3", versions + number("4287", 4) + number("4285", 2))
    millisecond = number("2ad7b1", 1_000_000)
    info = element("1549a966", millisecond + element("4d80", b"x"))
    track = number("d7", 1) + number("73c5", 1) + number("83", 1)
    track += element("86", b"V_MJPEG")
    track += element("e0", number("b0", width) + number("ba", height))
    body = info + element("1654ae6b", element("ae", track))
    for frame, stamp in zip(frames, stamps, strict=True):
        jpeg = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))[1]
        block = element("a3", b"\x81\0\0\x80" + jpeg.tobytes())
        body += element("1f43b675", number("e7", stamp) + block)
    path.write_bytes(head + element("18538067", body))
    return path


def damage_avi(path, first, count):
    """Overwrite frames of an AVI file with zeros."""
    data, place = bytearray(path.read_bytes()), -1
    for i in range(first + count):
        place = data.index(b"00dc", place + 1)
        if i >= first:
            length = struct.unpack("<I", data[place + 4 : place + 8])[0]
            data[place + 8 : place + 8 + length] = bytes(length)
    path.write_bytes(data)


def put_index_first(path):
    """Reorder an MP4 file as web sites do, for it to play before it is there."""
    data, place, boxes = path.read_bytes(), 0, {}
    while place < len(data):
        length = int.from_bytes(data[place : place + 4])
        boxes[data[place + 4 : place + 8]] = data[place : place + length]
        place += length
    index = bytearray(boxes.pop(b"moov"))
    place = index.index(b"stco")
    chunks = int.from_bytes(index[place + 8 : place + 12])
    offsets = np.frombuffer(bytes(index), ">u4", chunks, place + 12) + len(index)
    index[place + 12 : place + 12 + 4 * chunks] = offsets.astype(">u4").tobytes()
    path.write_bytes(boxes.pop(b"ftyp") + index + b"".join(boxes.values()))


def trim_mp4(path, share):
    """Show only the first part of an MP4 file, as phones do: the rest stays in it."""
    data = bytearray(path.read_bytes())
    place = data.index(b"elst") + 12
    length = int.from_bytes(data[place : place + 4])
    data[place : place + 4] = round(share * length).to_bytes(4)
    path.write_bytes(data)
