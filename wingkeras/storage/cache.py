"""The files that the package keeps in the cache, and their removal."""

import re
from collections.abc import Iterator
from pathlib import Path

from wingkeras.storage.download import cache_home

# Converted networks, weights by the start of their SHA-256, and the detector that
# earlier versions fetched. The user may name any folder, which may hold other files.
_KEPT = re.compile(r"converted-.+|[0-9a-f]{16}|face_detection_yunet_.+\.onnx")


def clear_cache() -> Iterator[tuple[Path, int]]:
    """Remove the files that the package keeps in `cache_home()`, and no others.

    Yields:
        The path and the size, in bytes, of every file as it is removed.

    Raises:
        OSError: if one cannot be removed, or the user has no cache.
    """
    home = cache_home()
    if not home.is_dir():
        return
    for path in sorted(home.iterdir()):
        if not _KEPT.fullmatch(path.name) or path.is_symlink():
            continue
        if path.is_dir():
            for file in sorted(path.iterdir()):
                yield _removed(file)
            path.rmdir()
        else:
            yield _removed(path)


def _removed(file: Path) -> tuple[Path, int]:
    size = file.lstat().st_size
    file.unlink()
    return file, size
