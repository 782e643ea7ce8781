"""Optional parts of the package, and how a user gets them."""

import wingkeras


def install_hint(extra: str) -> str:
    """What to run for an optional part that is missing, for error messages.

    The package is on no public index, so the command names where to install it from.

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
