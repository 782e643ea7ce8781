"""Faces that are nearly the same picture: copies, mirror copies, frames of a video."""

import cv2
import numpy as np

from wingkeras import geometry
from wingkeras.data.regions import FaceRegions
from wingkeras.imaging import crops

_WIDTH = 1.4
"""Side of the area compared, the face and its surroundings, over that of the crop."""

_SIDE = 32
"""Side of the area compared, pixels, if the crop is large enough."""

_GRID = 16

_LEAST_STEP = 1.0
"""Least difference between neighbouring cells, grey levels; less counts as flat."""

_LEAST_LIKENESS = 0.72
"""Least likeness of near copies. On faces of 300-W, LFW, AFLW and CFP, in pictures of
80 to 450 px, mirror images and JPEG at quality 60 reached 0.87 or more. 207 faces of
LFW, compared with the 3,944 others, all of different people, reached at most 0.66."""

_CHUNK = 1024


def find_near_copies(faces: FaceRegions, others: FaceRegions) -> np.ndarray:
    """Which faces have a near copy, mirrored or not, among other faces.

    It compares the direction of the brightness gradient on a grid over the face, a
    difference hash: compression, scale and exposure hardly change it. The comparison is
    a matrix product, whose cost grows with the product of both numbers of faces.

    Args:
        faces: N faces.
        others: the faces to search.

    Returns:
        `(K, 2)` int: for every face that has a near copy, its index and that of the
        most similar one among `others`; in the order of `faces`.
    """
    sought = np.stack([_hashes(faces, flipped) for flipped in (False, True)])
    likeness = np.zeros(len(faces), np.float32)
    nearest = np.zeros(len(faces), int)
    for start in range(0, len(others), _CHUNK):
        hashes = _hashes(others, rows=slice(start, start + _CHUNK))
        found = (sought @ hashes.T).max(axis=0)
        best = found.argmax(axis=1)
        value = found[np.arange(len(faces)), best]
        better = value > likeness
        likeness[better], nearest[better] = value[better], start + best[better]
    copied = np.flatnonzero(likeness >= _LEAST_LIKENESS)
    return np.stack([copied, nearest[copied]], axis=1)


def _hashes(
    regions: FaceRegions, flipped: bool = False, rows: slice = slice(None)
) -> np.ndarray:
    """Hashes `(N, 2 * _GRID ** 2)`, float32 vectors of length 1: whether each cell's
    neighbour on the right and below is brighter, darker or neither. A face without
    contrast has a vector of length 0.
    """
    box = geometry.scale_boxes(
        geometry.image_box(regions.size, regions.size)[None], _WIDTH
    )
    size = _SIDE if regions.size % _SIDE == 0 else regions.size
    maps = geometry.compose(geometry.crop_maps(box, size), regions.maps[rows])
    cut = crops.crop(regions.images[rows], maps.astype(np.float32), size)
    if flipped:
        cut = np.ascontiguousarray(cut[:, :, ::-1])
    side = (_GRID + 1, _GRID + 1)
    grey = np.stack(
        [
            cv2.resize(
                cv2.cvtColor(face, cv2.COLOR_RGB2GRAY),
                side,
                interpolation=cv2.INTER_AREA,
            )
            for face in cut
        ]
    )
    steps = np.stack([np.diff(grey, axis=2)[:, 1:], np.diff(grey, axis=1)[:, :, 1:]], 1)
    signs = np.sign(steps) * (np.abs(steps) >= _LEAST_STEP)
    signs = signs.reshape(len(signs), -1).astype(np.float32)
    return signs / np.maximum(np.linalg.norm(signs, axis=1, keepdims=True), 1)
