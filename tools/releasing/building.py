"""The distributions of a version, from a copy of what is tracked."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path


def git(root: Path, *arguments: str) -> str:
    """What a command of git prints, without the last newline.

    Raises:
        subprocess.CalledProcessError: if it fails.
    """
    command = ["git", "-c", "safe.directory=*", "-C", str(root), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def build(root: Path, changed: Mapping[str, str], output: Path) -> list[Path]:
    """Build the source distribution and the wheel, and check their descriptions.

    Args:
        root: of the checkout.
        changed: content of files that differ from those in it, by their path.
        output: folder for the distributions.

    Returns:
        Their paths.

    Raises:
        subprocess.CalledProcessError: if building or checking fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch)
        for name in git(root, "ls-files", "-z").split("\0"):
            if name and (root / name).is_file():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(root / name, source / name)
        for name, text in changed.items():
            (source / name).write_text(text, encoding="utf-8")
        python = [sys.executable, "-m"]
        outdir = ["--outdir", str(output.resolve())]
        _run([*python, "build", "--no-isolation", *outdir, str(source)])
        found = sorted(output.glob("wingkeras-*"))
        _run([*python, "twine", "check", "--strict", *map(str, found)])
    return found


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)
