"""Information in video files that OpenCV does not provide."""

from pathlib import Path

_MATROSKA = b"\x1aE\xdf\xa3"
_FIRST_BOXES = (b"ftyp", b"wide", b"free", b"skip", b"mdat", b"moov")


def is_matroska(path: Path) -> bool:
    """Whether a file is a Matroska or WebM one."""
    with path.open("rb") as file:
        return file.read(len(_MATROSKA)) == _MATROSKA


def is_whole_mp4(path: Path) -> bool:
    """Whether a file is an MP4 or QuickTime one that ends where its last box does.

    Such a file may hold more frames than it shows: phones trim clips by only marking
    the part to be shown.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        place = 0
        while place < size:
            file.seek(place)
            header = file.read(16)
            if place == 0 and header[4:8] not in _FIRST_BOXES:
                return False
            length = int.from_bytes(header[:4])
            if length == 1:
                length = int.from_bytes(header[8:16])
            if length == 0:  # the last box, to the end
                return True
            if length < 8:
                return False
            place += length
    return 0 < place == size
