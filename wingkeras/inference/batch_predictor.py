"""Landmarks for tables of pictures, in worker processes: a class for Ray Data.

Ray itself is not needed here: a batch is a dict of NumPy arrays.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from wingkeras.imaging.decoding import decode
from wingkeras.imaging.images import MAX_PIXELS, read_image
from wingkeras.inference.each_picture import Picture, find_each
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.sharing import Exclusive
from wingkeras.printable import printable

COLUMNS = ("landmarks", "boxes", "scores", "error")
"""The columns added to a batch."""


class BatchPredictor:
    """The faces of every row of a table of pictures, for `Dataset.map_batches` of Ray.

    Every picture keeps its one row, even if it has no face or cannot be read: its error
    is reported in that row, and the other rows are not affected.

    The model is loaded in the process that receives the first batch. Pickling an
    instance only pickles `load`. Several threads may share an instance.

    Columns of a batch:

    - `bytes`, the content of picture files; or, where there is no such column, `path`,
      read by the worker. Pictures are turned upright as their EXIF orientation says.
    - Other columns are returned unchanged, `path` too. `bytes` is dropped, so that the
      pictures are not stored a second time.
    - `landmarks` is new, a list (N, L, 2) for the N faces of a picture, the largest
      first, x then y, image pixels; the centre of the top-left pixel is (0, 0).
    - `boxes`, a list (N, 4): left, top, right, bottom, image pixels.
    - `scores`, a list (N,) in [0, 1], NaN where the detector gives none.
    - `error`, why there are no results, in one line; empty for a picture that was read,
      whether it has faces or not.

    Args:
        load: returns the localizer, with its detector; a module-level function without
            arguments, or a partial of one. Its errors are raised, as they concern no
            single picture.
        max_pixels: most pixels of a picture, see `imaging.read_image`.

    Raises:
        TypeError: for a localizer instead of a function.

    Example:

    ```python
    from functools import partial

    predict = BatchPredictor(partial(wingkeras.zoo.load, "cnn6_300w"))
    batch = predict({"path": np.array(["portrait.jpg", "nowhere.jpg"], object)})
    np.array(batch["landmarks"][0]).shape  # (1, 68, 2)
    batch["error"][1]  # "nowhere.jpg: No such file or directory"
    ```
    """

    def __init__(self, load: Callable[[], Localizer], max_pixels: int = MAX_PIXELS):
        if isinstance(load, Localizer) or not callable(load):
            raise TypeError(
                "Expected `load` as a function that returns a localizer, such as "
                f"`functools.partial(wingkeras.zoo.load, 'cnn67_300w')`; received "
                f"{load!r}."
            )
        self.max_pixels = max_pixels
        self._localizer = Exclusive(load)

    def __call__(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """A batch with the faces of its pictures added.

        Args:
            batch: columns by their names, see above, all of the same length B; `bytes`
                of dtype object.

        Returns:
            The columns, `(B,)` each; the new ones of dtype object.

        Raises:
            ValueError: if the batch has neither `bytes` nor `path`, if a column would
                be replaced, or if the dtype of `bytes` drops zeros at the end.
        """
        source = _source(batch)
        with self._localizer.use() as localizer:
            pass  # another thread has loaded it
        found = [
            _row(picture, localizer)
            for picture in find_each(localizer, list(batch[source]), self._read(source))
        ]
        kept = {name: batch[name] for name in batch if name != "bytes"}
        columns = zip(*found, strict=True) if found else [()] * len(COLUMNS)
        return kept | dict(zip(COLUMNS, map(_objects, columns), strict=True))

    def _read(self, source: str) -> Callable[[Any], np.ndarray]:
        expected = {"bytes": (bytes, bytearray), "path": (str,)}[source]

        def read(given: Any) -> np.ndarray:
            if not isinstance(given, expected):
                kind = type(given).__name__
                raise ValueError(f"expected {source} of a picture, received {kind}")
            if source == "path":
                return read_image(given, upright=True, max_pixels=self.max_pixels)
            return decode(bytes(given), upright=True, max_pixels=self.max_pixels)

        return read


def _source(batch: Mapping[str, np.ndarray]) -> str:
    """Check a batch, and name the column with its pictures."""
    taken = sorted(set(batch) & set(COLUMNS))
    if taken:
        raise ValueError(
            f"Expected a batch without the columns {taken}, which are to be added: "
            "rename them or leave them out."
        )
    if "bytes" in batch:
        if np.asarray(batch["bytes"]).dtype.kind == "S":
            raise ValueError(
                "Expected `bytes` of dtype object, received "
                f"{np.asarray(batch['bytes']).dtype}, which leaves out zeros at the "
                "end: `np.array(contents, dtype=object)`."
            )
        return "bytes"
    if "path" in batch:
        return "path"
    raise ValueError(
        "Expected a batch with a column `bytes`, the content of picture files, or "
        f"`path`; received {sorted(batch)}. Rename the column that has them."
    )


def _row(picture: Picture, localizer: Localizer) -> tuple[list, list, list, str]:
    """The values of `COLUMNS` for one picture."""
    error = picture.error
    if error is None:
        try:
            faces = picture.faces(localizer)
        except ValueError as wrong:  # boxes or scores of a detector of one's own
            error = wrong
        else:
            landmarks, boxes = faces.landmarks.tolist(), faces.boxes.tolist()
            return landmarks, boxes, faces.scores.tolist(), ""
    return [], [], [], printable(str(error) or type(error).__name__)


def _objects(values: tuple) -> np.ndarray:
    """A 1D array of lists; NumPy would turn lists of equal length into more axes."""
    column = np.empty(len(values), object)
    for i, value in enumerate(values):
        column[i] = value
    return column
