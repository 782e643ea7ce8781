"""Every kind of fault, by the name that the command takes."""

from faults import annotations, pictures
from faults.kinds import Kind

KINDS: dict[str, Kind] = {
    "pts": annotations.PTS,
    "csv": annotations.CSV,
    "coco": annotations.COCO,
    "pictures": pictures.PICTURES,
}
