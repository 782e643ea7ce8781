"""Public names that are loaded on first use (PEP 562).

A package lists its names three times: in its table for the interpreter, under
`TYPE_CHECKING` for type checkers, in `__all__` for readers. A test compares the lists.
"""

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package that imports nothing by itself.

    A public name must not equal the name of a module of the package: importing the
    module would replace it.

    Args:
        package: its `__name__`.
        homes: the names that the package takes from each module, by the module's
            absolute name. Modules of the package itself need no entry.

    Returns:
        Both functions, to be assigned in the package's `__init__`.

    Example:

    ```python
    __getattr__, __dir__ = lazy_names(__name__, {"wingkeras.losses": ["WingLoss"]})
    ```
    """
    home_of = {name: module for module, names in homes.items() for name in names}

    def load(name: str) -> Any:
        if name in home_of:
            value = getattr(importlib.import_module(home_of[name]), name)
        else:
            value = _module(package, name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        known = vars(sys.modules[package])
        return sorted({*known, *known["__all__"]})

    return load, names


def _module(package: str, name: str) -> Any:
    """The module `package.name`.

    Raises:
        AttributeError: if there is none.
    """
    path = f"{package}.{name}"
    try:
        if not name.startswith("_"):
            return importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name != path:
            raise
    raise AttributeError(f"module {package!r} has no attribute {name!r}")
