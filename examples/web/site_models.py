"""The models and the face detector of the page: their files, and what it must know."""

import dataclasses
import shutil
from pathlib import Path

_LENGTHS = {
    "inter_ocular": "distance of the outer eye corners",
    "inter_pupil": "distance of the pupils",
    "box": "side of the landmarks' box",
}
"""What errors are shares of, in words."""


def write_model(name: str, site: Path) -> dict:
    """Convert a model to an ONNX file in the site.

    The weights are stored as float16, as the zoo has them: half the size, and the
    landmarks stay the same. int8 would need pictures to calibrate, and moves landmarks.

    Args:
        name: of the zoo, or a folder.
        site: folder of the page.

    Returns:
        Its entry in `models.json`.

    Raises:
        ValueError: for an unknown model, or one whose things YuNet does not find.
        ImportError: if the converter is not installed.
    """
    from wingkeras.storage.registry import find_entry

    entry, _ = find_entry(name)

    from wingkeras import export, zoo
    from wingkeras.imaging import crops
    from wingkeras.inference import YuNetDetector

    localizer = zoo.load(name)
    scheme = localizer.scheme
    if not isinstance(localizer.detector, YuNetDetector):
        raise ValueError(
            f"Expected models of faces, which YuNet finds; {name} finds the points of "
            f"{scheme.name!r}, which has no eyes."
        )
    file = f"models/{entry.name}.onnx"
    if (site / file).exists():
        raise ValueError(
            f"Expected models of different names, {name} is not the first."
        )
    described = export.metadata(entry.name, scheme, "all", "fp16", entry.licence)
    graph = export.build_graph(localizer)
    export.convert(graph, site / file, described, quantize="fp16")
    return {
        "name": entry.name,
        "file": file,
        "megabytes": round((site / file).stat().st_size / 1e6, 1),
        "error": _error(entry),
        "licence": entry.licence,
        "scheme": scheme.name,
        "edges": scheme.edges,
        "region_scale": localizer.box_scale * crops.REGION_FACTOR,
        "calibration": dataclasses.asdict(localizer.detector.calibration),
    }


def _error(entry) -> dict | None:
    """The registry's error of the model as it is loaded."""
    for metric in entry.metrics:
        for normalizer, length in _LENGTHS.items():
            if normalizer in metric and metric["flip_tta"] == entry.flip_tta:
                return {
                    "nme_percent": metric[normalizer]["nme_percent"],
                    "of": length,
                    "data": metric["data"],
                }
    return None


def write_detector(site: Path) -> dict:
    """Copy YuNet into the site.

    Args:
        site: folder of the page.

    Returns:
        Its settings for `detector.json`: those that Python has.
    """
    from wingkeras.inference import search, yunet
    from wingkeras.storage.registry import packaged_folder

    shutil.copy(packaged_folder() / yunet.YuNetDetector.FILE, site)
    return {
        "file": yunet.YuNetDetector.FILE,
        "min_score": yunet.MIN_SCORE,
        "min_face": yunet.MIN_FACE,
        "least_side": yunet.LEAST_SIDE,
        "largest_side": yunet.LARGEST_SIDE,
        "overview_side": search.OVERVIEW_SIDE,
        "head": search.HEAD,
        "same_face": search.SAME_FACE,
        "part_of_face": search.PART_OF_FACE,
    }
