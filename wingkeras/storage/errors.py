"""Errors of fetching files."""


class FetchError(OSError):
    """A file could not be fetched; the message says what was tried and what to do.

    Example:

    ```python
    try:
        fetch("file:///no/web/address", Path("a"), sha256="0" * 64)
    except FetchError as error:
        print(error)
    ```
    """
