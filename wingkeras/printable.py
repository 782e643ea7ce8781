"""Untrusted text, such as file names, made safe to print."""


def printable(text: object) -> str:
    """A text on one line, without characters that control a terminal.

    Args:
        text: converted by `str`.

    Returns:
        The text with every control character, line break and byte that is not UTF-8
        escaped as in Python's literals.

    Example:

    ```python
    printable("two\\nlines")  # r"two\\nlines"
    ```
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii")
        for c in str(text)
    )
