"""Optional parts of the package, and how a user gets them."""

import wingkeras


def install_hint(extra: str) -> str:
    """The command that installs a missing optional part, for error messages.

    The package is not on a public index, so the command names a local source.

    Args:
        extra: a key of `options.extras_require` in setup.cfg, such as "onnx".

    Returns:
        A phrase that follows "needs " or a colon, without a full stop.

    Example:

    ```python
    raise ImportError(f"Writing ONNX files needs {install_hint('onnx')}.")
    ```
    """
    wheel = f"wingkeras-{wingkeras.__version__}-py3-none-any.whl"
    return (
        f'`pip install ".[{extra}]"` in a checkout of wingkeras, or '
        f'`pip install "./{wheel}[{extra}]"` beside its wheel'
    )
