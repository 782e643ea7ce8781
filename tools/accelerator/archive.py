"""A folder's files in few parts of limited size, and back."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from wingkeras.storage.files import atomic_write

_PART = 15 * 2**20
_MOST = 4 * _PART
_NAME = "results.zip."


def collect(folder: Path, files: Iterable[Path], parts: Path) -> list[Path]:
    """Write files into parts of at most 15 MiB, 60 MiB together.

    Args:
        folder: that the files are named relative to.
        files: in the order of their worth; those for which there is no room are left
            out.
        parts: folder to write to; parts of an earlier call are replaced.

    Returns:
        The files left out.
    """
    parts.mkdir(parents=True, exist_ok=True)
    left_out, used = [], 0
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            # Weights hardly compress.
            if used + path.stat().st_size > _MOST:
                left_out.append(path)
                continue
            archive.write(path, path.relative_to(folder))
            used = sum(info.compress_size for info in archive.infolist())
    content = whole.getvalue()
    count = -(-len(content) // _PART)
    for i in range(count):
        with atomic_write(parts / f"{_NAME}{i}of{count}") as scratch:
            scratch.write_bytes(content[i * _PART : (i + 1) * _PART])
    for old in parts.glob(f"{_NAME}*"):
        if not old.name.endswith(f"of{count}"):
            old.unlink()
    return left_out


def restore(parts: Path, folder: Path) -> None:
    """Write the files of `collect` into a folder again.

    Raises:
        ValueError: if a part is missing.
    """
    found = sorted(parts.glob(f"{_NAME}*"), key=lambda path: path.name)
    counts = {path.name.rpartition("of")[2] for path in found}
    if len(counts) != 1 or len(found) != int(*counts):
        raise ValueError(
            f"Expected all parts {_NAME}* of one archive in {parts}, received "
            f"{[path.name for path in found]}."
        )
    whole = io.BytesIO(b"".join(path.read_bytes() for path in found))
    with zipfile.ZipFile(whole) as archive:
        archive.extractall(folder)
