"""Fill the tables of README, docs and model cards from `results/` and the registry.

    python tools/write_tables.py [FILE.md ...] [--check]

A table stands between two lines that readers do not see,

    <!-- table NAME -->
    <!-- end -->

and the text between them is replaced. Without FILE, the files are README.md,
SECURITY.md, docs/ and the cards in zoo/. With `--check` nothing is written, and the
exit code is 1 if a file would change.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str] | None = None) -> int:
    """Fill the tables, or compare them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE.md")
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)

    from documents.marked import fill
    from documents.tables import Tables
    from wingkeras.storage.files import atomic_write

    tables = Tables(ROOT)
    differ = []
    for path in options.files or documents():
        text = path.read_text(encoding="utf-8")
        try:
            filled = fill(text, tables)
        except ValueError as error:
            print(f"write_tables: {path}: {error}", file=sys.stderr)
            return 1
        if filled == text:
            continue
        differ.append(path)
        if not options.check:
            with atomic_write(path) as scratch:
                scratch.write_text(filled, encoding="utf-8")
    for path in differ:
        print(f"{path}: {'differs' if options.check else 'written'}")
    return int(options.check and bool(differ))


def documents() -> list[Path]:
    """The Markdown files with tables to fill."""
    return [
        ROOT / "README.md",
        ROOT / "SECURITY.md",
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "zoo").glob("*.md")),
    ]


if __name__ == "__main__":
    sys.exit(main())
