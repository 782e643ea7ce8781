"""Release a version: build, check, lay out the mirror of the zoo, commit, tag.

    python tools/release.py 0.2.0 --dry-run
    python tools/release.py 0.2.0
    python tools/release.py --mirror FOLDER      # the mirror alone

The version is written into the package, CITATION.cff and CHANGELOG.md, whose section
"Unreleased" becomes that of the version. Distributions and mirror are written to
`dist/VERSION`. With `--dry-run` everything is built and checked in a copy, and the
checkout stays unchanged. Nothing is uploaded.
"""

import argparse
import datetime
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str] | None = None) -> int:
    """Release the version, or check that this would work."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("version", nargs="?", metavar="VERSION", help="such as 0.2.0")
    parser.add_argument("--dry-run", action="store_true", help="change nothing here")
    parser.add_argument("--mirror", type=Path, metavar="FOLDER", help="for the mirror")
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", help="dist/VERSION by default"
    )
    options = parser.parse_args(arguments)
    if not (options.version or options.mirror):
        parser.error("expected VERSION, or --mirror FOLDER")

    from releasing.mirror import lay_out

    try:
        if options.version:
            output = options.output or ROOT / "dist" / options.version
            _release(options.version, output, options.dry_run)
        mirror = options.mirror or output / "mirror"
        lay_out(ROOT / "zoo", mirror)
        print(f"Mirror: {mirror}")
        if options.version and not options.dry_run:
            _tag(options.version)
    except subprocess.CalledProcessError as error:
        print(f"release: {error}\n{error.stderr or ''}", file=sys.stderr)
        return 1
    except (ValueError, OSError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


def _release(version: str, output: Path, dry_run: bool) -> None:
    from releasing.building import build, git
    from releasing.version import with_version

    if git(ROOT, "tag", "--list", f"v{version}"):
        raise ValueError(f"there is a tag v{version} already")
    if not dry_run and git(ROOT, "status", "--porcelain"):
        raise ValueError(
            "expected a checkout without changes; commit them, or --dry-run"
        )
    changed = with_version(ROOT, version, datetime.date.today().isoformat())
    output.mkdir(parents=True, exist_ok=True)
    for path in build(ROOT, changed, output):
        print(f"Distribution: {path}")
    if not dry_run:
        for name, text in changed.items():
            (ROOT / name).write_text(text, encoding="utf-8")


def _tag(version: str) -> None:
    from releasing.building import git

    git(ROOT, "commit", "--all", "--message", f"Version {version}")
    git(ROOT, "tag", "--annotate", f"v{version}", "--message", f"Version {version}")
    print(f"Tag: v{version}, not pushed")


if __name__ == "__main__":
    sys.exit(main())
