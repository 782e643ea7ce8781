"""Points that were labelled with CVAT, in its format "CVAT for images" (XML)."""

import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from wingkeras.data.annotations import OnError, picture_path
from wingkeras.data.faces import FaceDataset
from wingkeras.data.json_annotations import picture_size
from wingkeras.data.named_points import (
    NamedPoints,
    add_point,
    dataset_of_names,
    grouped,
)
from wingkeras.data.numbers import parse_decimal, shortened
from wingkeras.imaging.images import BrokenFileError, read_bytes
from wingkeras.schemes import LandmarkScheme


def load_cvat(
    xml_path: str | os.PathLike,
    scheme: str | LandmarkScheme | None = None,
    images: str | os.PathLike | None = None,
    on_error: OnError = "raise",
) -> FaceDataset:
    """Load points that CVAT exported as "CVAT for images 1.1".

    A skeleton is an object; its points marked as outside are unlabelled. Points that
    belong to no skeleton form one object per group. Other shapes are ignored.

    Args:
        xml_path: of `annotations.xml`.
        scheme: of the points, by their names; by default the names found, in their
            order in the file.
        images: the folder that file names are relative to; by default `images` beside
            the file, where CVAT puts them, or the file's own if there is none.
        on_error: "raise" at the first broken face, or "skip" all of them, see
            `FaceDataset.skipped`.

    Returns:
        Objects in the file's order, subset = the file's stem.

    Raises:
        BrokenFileError: for a file of another format, a point that occurs twice or is
            not in the scheme, or a broken face; see `on_error`.
        ValueError: for an unknown scheme.

    Example:

    ```python
    fishes = load_cvat("annotations.xml", images="pictures")
    ```
    """
    path = Path(xml_path)
    try:
        root = ElementTree.fromstring(read_bytes(path))
    except ElementTree.ParseError as error:
        raise BrokenFileError(path, f"not an XML file: {error}") from error
    if root.tag != "annotations":
        raise BrokenFileError(
            path, f'expected "CVAT for images", found <{shortened(root.tag)[1:-1]}>'
        )
    usual = path.parent / "images"
    folder = Path(images) if images else usual if usual.is_dir() else path.parent
    things: list[NamedPoints | BrokenFileError] = []
    for number, picture in enumerate(root.iter("image"), start=1):
        try:
            things += _things(path, folder, picture)
        except ValueError as error:
            things.append(BrokenFileError(path, f"image {number}: {error}"))
    return dataset_of_names(path, things, scheme, on_error)


def _things(
    path: Path, folder: Path, picture: ElementTree.Element
) -> Iterator[NamedPoints]:
    image = picture_path(folder, picture.get("name"))
    texts = ((side, picture.get(side)) for side in ("width", "height"))
    size = picture_size({s: parse_decimal(t) for s, t in texts if t}, "width", "height")
    loose = picture.findall("points")
    groups = grouped((element.get("group_id", "0"), element) for element in loose)
    skeletons = [skeleton.findall("points") for skeleton in picture.iter("skeleton")]
    for elements in (*skeletons, *groups.values()):
        points = _points(elements)
        if points:
            yield NamedPoints(path, image, points, size)


def _points(elements: list[ElementTree.Element]) -> dict[str, tuple[float, float]]:
    points: dict[str, tuple[float, float]] = {}
    for element in elements:
        if element.get("outside") == "1":
            continue
        name, text = element.get("label"), element.get("points") or ""
        cells = text.split(",")
        if ";" in text or len(cells) != 2:
            raise ValueError(
                f"the point {shortened(name)}: expected one pair of coordinates, found "
                f"{shortened(text)}"
            )
        add_point(points, name, (parse_decimal(cells[0]), parse_decimal(cells[1])))
    return points
