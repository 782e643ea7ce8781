"""A version, written everywhere it stands."""

import re
from pathlib import Path

_PLACES = {
    "wingkeras/__init__.py": re.compile(r'^(__version__ = ")(.+?)(")$', re.MULTILINE),
    "CITATION.cff": re.compile(r"^(version: )(.+?)()$", re.MULTILINE),
}
_UNRELEASED = "## [Unreleased]\n"


def with_version(root: Path, version: str, date: str) -> dict[str, str]:
    """The files that a version stands in, as that version has them.

    Args:
        root: of the checkout.
        version: such as "0.2.0".
        date: of the release, YYYY-MM-DD.

    Returns:
        Content by path from the root.

    Raises:
        ValueError: for what is no version, and where a file has no place for it, or the
            changelog nothing unreleased.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ValueError(f"expected a version such as 0.2.0, received {version!r}")
    found = {}
    for name, place in _PLACES.items():
        text = (root / name).read_text(encoding="utf-8")
        found[name], count = place.subn(rf"\g<1>{version}\g<3>", text)
        if count != 1:
            raise ValueError(f"expected one version in {name}, found {count}")
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    before, mark, after = text.partition(_UNRELEASED)
    changes = after.partition("\n## ")[0].strip()
    if not mark or not changes:
        raise ValueError("expected changes under `## [Unreleased]` in CHANGELOG.md")
    if f"## [{version}]" in text:
        raise ValueError(f"CHANGELOG.md has a section for {version} already")
    released = f"{_UNRELEASED}\n## [{version}] - {date}\n"
    found["CHANGELOG.md"] = before + released + after
    return found
