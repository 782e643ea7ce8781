"""What goes wrong with files that have to be fetched."""


class FetchError(OSError):
    """A file could not be had; the message says what was tried and how to go on.

    Example:

    ```python
    try:
        fetch("file:///no/web/address", Path("a"), sha256="0" * 64)
    except FetchError as error:
        print(error)
    ```
    """
