"""Whether a picture was annotated as its file stores it, as far as its size tells.

Coordinates count in the pixels as stored. Many annotation tools show a photograph as
its EXIF orientation turns it, and their labels are then in other pixels.
"""

from wingkeras.imaging.decoding import SIDEWAYS


def turned_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Width and height after turning a picture as its EXIF orientation says.

    Args:
        size: as stored, pixels.
        orientation: 1 to 8.

    Example:

    ```python
    turned_size((640, 480), 6)  # (480, 640)
    ```
    """
    width, height = size
    return (height, width) if orientation in SIDEWAYS else size


def find_difference(
    annotated: tuple[float, float], stored: tuple[int, int], orientation: int
) -> str:
    """What is wrong with a picture whose annotations say how large it was.

    Args:
        annotated: width and height in the annotations, pixels.
        stored: those of the file, as stored.
        orientation: EXIF orientation of the file, 1 to 8.

    Returns:
        A reason to refuse the annotations; empty if there is none.

    Example:

    ```python
    find_difference((480, 640), (640, 480), 6)  # "the annotated picture has 480 x ..."
    ```
    """
    if annotated != stored:
        return (
            f"the annotated picture has {annotated[0]} x {annotated[1]} pixels, this "
            f"file {stored[0]} x {stored[1]}: it was rescaled, or annotated as its "
            "EXIF orientation turns it; annotate the pixels as they are stored"
        )
    if orientation != 1 and turned_size(stored, orientation) == stored:
        return (
            f"its EXIF orientation {orientation} turns it without changing its size: "
            "nobody can tell whether the turned picture was annotated; if it was, "
            "save it turned (`magick mogrify -auto-orient`), otherwise remove the "
            "orientation from the file"
        )
    return ""
