"""Text of others, such as names of files, as it can be printed."""


def printable(text: object) -> str:
    """A text on one line, without what acts on a terminal.

    Args:
        text: converted by `str`.

    Returns:
        The text with every control character, line break and byte that is no UTF-8
        escaped, as Python writes it.

    Example:

    ```python
    printable("two\\nlines")  # r"two\\nlines"
    ```
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii")
        for c in str(text)
    )
