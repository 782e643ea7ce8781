"""Reports the result of every picture and video of a command, and counts them."""

import logging
import sys
from collections import Counter
from pathlib import Path

from wingkeras.cli.output import shown

_log = logging.getLogger("wingkeras")


class Tally:
    """Reports the result of every source, and counts.

    Attributes:
        counts: numbers of pictures, videos, faces and so on, by name.
    """

    def __init__(self):
        self.counts: Counter[str] = Counter()

    def fail(self, error: Exception) -> None:
        """Report a source that failed; the error names it."""
        self.counts["failed"] += 1
        print(f"wingkeras: {shown(error)}", file=sys.stderr)

    def found(self, source, faces: int, output: Path | None) -> None:
        """Report a source, its number of faces and the first file written for it."""
        self.counts["videos" if source.is_video else "pictures"] += 1
        self.counts["faces"] += faces
        self.counts["without a face"] += not faces
        written = f", {shown(output)}" if output else ""
        print(f"{shown(source.origin)}: {_number(faces, 'faces')}{written}")

    def __str__(self) -> str:
        nouns = ["pictures", "videos"] if self.counts["videos"] else ["pictures"]
        parts = [_number(self.counts[noun], noun) for noun in (*nouns, "faces")]
        ends = ["without a face", "failed"] + ["skipped"] * ("skipped" in self.counts)
        parts += [f"{self.counts[end]} {end}" for end in ends]
        return ", ".join(parts)


def _number(count: int, plural: str) -> str:
    return f"{count} {plural.removesuffix('s') if count == 1 else plural}"


def named(origin: Path | int, error: Exception) -> Exception:
    """An error of a source, as one that names the source, for `Tally.fail`."""
    from wingkeras.imaging.images import BrokenFileError

    if isinstance(error, BrokenFileError):
        return error
    _log.info("What went wrong, in full:", exc_info=error)
    return OSError(f"{origin}: {_reason(error)}")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        # If a scratch file cannot be moved, the second name is that of its target.
        return f"{error.strerror}: {error.filename2 or error.filename}"
    return str(error) or type(error).__name__
