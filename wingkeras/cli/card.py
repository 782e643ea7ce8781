"""A model of the zoo on one screen."""

import textwrap
from collections.abc import Mapping

from wingkeras.storage.entries import Entry
from wingkeras.storage.registry import packaged_folder

_WIDTH = 80
_INDENT = 13
_NORMALIZERS = ("inter_ocular", "inter_pupil", "box")


def render_card(entry: Entry, handle: str) -> str:
    """A model's card: points, input, size, errors, licence, how to load it.

    Args:
        entry: of the model.
        handle: the name or path that loads it.

    Returns:
        Lines of at most 80 characters, without a newline at the end.
    """
    scheme = entry.scheme if isinstance(entry.scheme, str) else entry.scheme["name"]
    inputs = [f"{stage.input_size} px for {stage.network}" for stage in entry.stages]
    switches = ["flip test-time augmentation"] * entry.flip_tta
    switches += ["badly framed faces are cropped again"] * entry.recrop
    rows = [
        ("Landmarks", f"{entry.num_landmarks}, scheme {scheme}"),
        ("Input", ", then ".join(inputs)),
        *(("", line) for line in switches),
        ("Parameters", f"{entry.parameters / 1e6:.1f} M"),
        ("Weights", f"{entry.bytes / 1e6:.1f} MB"),
        ("Trained on", _training_data(entry.training_data)),
        *((("NME", "")[i > 0], _errors(m)) for i, m in enumerate(entry.metrics)),
        ("Licence", entry.licence),
        ("Card", str(packaged_folder() / entry.card) if entry.card else ""),
        ("Python", f'wingkeras.zoo.load("{handle}")'),
        ("Shell", f"wingkeras predict photo.jpg --model {handle}"),
    ]
    title = f"{entry.name}: {entry.description}" if entry.description else entry.name
    lines = textwrap.wrap(title, _WIDTH)
    for title, text in rows:
        if text:
            lines += _row(title, text)
    return "\n".join(lines)


def _row(title: str, text: str) -> list[str]:
    wrapped = textwrap.wrap(
        text, _WIDTH - _INDENT, break_long_words=False, break_on_hyphens=False
    )
    titles = [title, *[""] * (len(wrapped) - 1)]
    return [
        f"{name:<{_INDENT}}{line}" for name, line in zip(titles, wrapped, strict=True)
    ]


def _training_data(data: Mapping) -> str:
    if not data:
        return ""
    text = f"{data['name']}, {data['faces']:,} faces"
    if data.get("num_extra_faces"):
        text += f"; {data['num_extra_faces']:,} more, pseudo-labelled"
    return text


def _errors(metric: Mapping) -> str:
    errors = ", ".join(
        f"{metric[name]['nme_percent']:.2f} % {name.replace('_', '-')}"
        for name in _NORMALIZERS
        if name in metric
    )
    boxes = metric["boxes"]
    boxes = "around the landmarks" if boxes == "landmarks" else f"by {boxes}"
    flipped = ", flip test" if metric.get("flip_tta") else ""
    return f"{errors} on {metric['data']}, boxes {boxes}{flipped}"
