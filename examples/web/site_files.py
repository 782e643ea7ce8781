"""The service worker and the licences of the page."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[2]
_YUNET_LICENCE = "face_detection_yunet_2026may.LICENSE"


def write_service_worker(site: Path, later: Iterable[str]) -> None:
    """Put the list of files and their version into `service_worker.js`.

    The version is a hash of all files, so that a browser keeps the new ones as soon as
    one of them has changed.

    Args:
        site: folder of the page, complete but for this.
        later: files that are kept once used; all others are kept on the first load.
    """
    worker = site / "service_worker.js"
    later = sorted(later)
    files = sorted(path for path in site.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(site).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    names = [path.relative_to(site).as_posix() for path in files if path != worker]
    first = [name for name in names if name not in later]
    lines = (
        f"const VERSION = {json.dumps(digest.hexdigest()[:16])};",
        f"const FIRST = {json.dumps(first)};",
        f"const LATER = {json.dumps(later)};",
    )
    text = worker.read_text(encoding="utf-8")
    worker.write_text("\n".join((*lines, "", text)), encoding="utf-8")


def write_licences(site: Path, source: Path) -> None:
    """Put the licences of everything in the site into `licences.txt`.

    Args:
        site: folder of the page.
        source: folder of this file.
    """
    licences = {
        "The page: Apache-2.0": _REPOSITORY / "LICENSE",
        "The weights of the zoo's models": _REPOSITORY / "zoo" / "LICENSE-WEIGHTS.md",
        "The face detector YuNet: MIT": _REPOSITORY / "zoo" / _YUNET_LICENCE,
        "ONNX Runtime: MIT": source / "onnxruntime-web.LICENSE",
    }
    parts = [
        f"{title}\n{'=' * len(title)}\n\n{path.read_text(encoding='utf-8').strip()}\n"
        for title, path in licences.items()
    ]
    (site / "licences.txt").write_text("\n\n".join(parts), encoding="utf-8")
