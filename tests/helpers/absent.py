"""Packages that a process is to lack, though they are installed."""

import sys


class _Without:
    """A finder that does not find some packages."""

    def __init__(self, finder, names):
        self._finder, self._names = finder, names

    def __getattr__(self, name):
        return getattr(self._finder, name)

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self._names:
            return None
        return self._finder.find_spec(name, path, target)


def hide(*names: str) -> None:
    """Make packages, none of them imported yet, look as if they were not installed."""
    assert not set(names) & set(sys.modules), names
    sys.meta_path[:] = [_Without(finder, names) for finder in sys.meta_path]
