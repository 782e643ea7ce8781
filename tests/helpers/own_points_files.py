"""A drawn thing with three points, in every format that names points."""

import json
from pathlib import Path

import cv2
import numpy as np

NAMES = ("tip", "left_leg", "right_leg")
POINTS = ((30, 5), (10, 35), (50, 35))
_HEIGHT, _WIDTH = 40, 60


def write_own_points(folder: Path) -> None:
    """The files that examples name, below a folder."""
    scheme = {"points": NAMES, "mirror": [["left_leg", "right_leg"]]}
    (folder / "points.json").write_text(json.dumps(scheme))
    header = [f"{axis}{i}" for axis in "xy" for i in (1, 2, 3)]
    cells = [str(c) for axis in zip(*POINTS, strict=True) for c in axis]
    rows = [["image", *header], ["teapot.jpg", *cells]]
    (folder / "mine.csv").write_text("\n".join(map(",".join, rows)))
    for place in ("teapot.jpg", "labelled/a.jpg", "pictures/a.jpg", "val/a.jpg"):
        path = folder / place
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), np.full((_HEIGHT, _WIDTH, 3), 99, np.uint8))
    named = list(zip(NAMES, POINTS, strict=True))
    shapes = [
        {"label": name, "points": [point], "shape_type": "point"}
        for name, point in named
    ]
    content = {"imagePath": "a.jpg", "imageWidth": _WIDTH, "imageHeight": _HEIGHT}
    (folder / "labelled/a.json").write_text(json.dumps(content | {"shapes": shapes}))
    elements = [
        f'<points label="{name}" points="{x},{y}"></points>' for name, (x, y) in named
    ]
    (folder / "annotations.xml").write_text(
        f'<annotations><image id="0" name="a.jpg" width="{_WIDTH}" height="{_HEIGHT}">'
        f"{''.join(elements)}</image></annotations>"
    )
    shares = [f"{x / _WIDTH} {y / _HEIGHT} 2" for x, y in POINTS]
    (folder / "val/a.txt").write_text(f"0 0.5 0.5 0.9 0.9 {' '.join(shares)}\n")
    (folder / "tiger-pose.yaml").write_text(
        "path: .\ntrain: val\nval: val\nkpt_shape: [3, 3]\nnames: {0: tiger}\n"
    )
