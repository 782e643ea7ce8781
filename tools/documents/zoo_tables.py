"""What the zoo's models are, and how accurate."""

from documents.marked import markdown
from documents.recorded import PEERS, Recorded
from wingkeras.storage.entries import Entry

_BOXES = {"landmarks": "landmarks", "yunet": "YuNet", "haar": "Haar"}

ERRORS = ("NME common", "NME challenge", "NME full")
"""Headings of the mean inter-ocular errors on the test sets of 300-W."""

_POSE_SETS = {
    "300wprivate": "300-W private",
    "cofw68": "COFW",
    "300wpublic": "300-W public, folds held out",
}


def zoo(recorded: Recorded) -> str:
    """Every model: what it is, its size, its errors."""
    head = ("model", "description", "landmarks", "input", "parameters", "file")
    head = (*head, *ERRORS)
    rows = []
    for name, entry in recorded.entries.items():
        sizes = ", ".join(str(stage.input_size) for stage in entry.stages)
        if entry.num_landmarks == 68:
            errors = errors_on_300w(recorded, name)
        else:
            metric = entry.metrics[0]
            percent = metric["inter_pupil"]["nme_percent"]
            errors = [f"AFLW, inter-pupil: {percent:.2f} %", "—", "—"]
        rows.append(
            (
                f"`{name}`",
                entry.description,
                entry.num_landmarks,
                f"{sizes} px",
                f"{entry.parameters / 1e6:.1f} M",
                f"{entry.bytes / 1e6:.1f} MB",
                *errors,
            )
        )
    return markdown(head, rows)


def errors(recorded: Recorded, split: str) -> str:
    """Errors on a test set of 300-W, by the source of the boxes."""
    head = ("model", "boxes", "faces found", "inter-ocular", "inter-pupil")
    head = (*head, "AUC at 8 %", "failures over 8 %")
    rows = []
    for name, entry in recorded.entries.items():
        for title, row in _measured(recorded, entry, split):
            ocular = row["inter_ocular"]
            rows.append(
                (
                    f"`{name}`",
                    title,
                    row["found"],
                    _percent(ocular["nme_percent"]),
                    _percent(row["inter_pupil"]["nme_percent"]),
                    f"{ocular['auc_8']:.4f}",
                    f"{ocular['failure_rate_8_percent']:.2f} %",
                )
            )
    return markdown(head, rows)


def means(recorded: Recorded) -> str:
    """Errors of the mean of several models, by the source of the boxes."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in recorded.rows("errors"):
        if "+" in row["model"]:
            percent = _percent(row["inter_ocular"]["nme_percent"])
            found.setdefault((row["model"], row["boxes"]), {})[row["split"]] = percent
    lines = [
        [
            " and ".join(f"`{name}`" for name in models.split("+")),
            _BOXES[boxes],
            *(percents.get(split, "—") for split in ("common", "challenge")),
        ]
        for (models, boxes), percents in found.items()
    ]
    return markdown(["mean of", "boxes", *ERRORS[:2]], lines)


def errors_on_300w(recorded: Recorded, name: str) -> list[str]:
    """Cells below `ERRORS`; a dash where a test set was not measured."""
    rows = [recorded.error(name, split) for split in ("common", "challenge")]
    means = [row and row["inter_ocular"]["nme_percent"] for row in rows]
    means.append(recorded.full_percent(name))
    return ["—" if mean is None else f"{mean:.2f} %" for mean in means]


def _measured(recorded: Recorded, entry: Entry, split: str):
    """What was measured of a model, with the words for its boxes."""
    own, other = entry.flip_tta, not entry.flip_tta
    opposite = "with the flip test" if other else "without the flip test"
    cases = [
        ("landmarks", "", own, entry.recrop),
        ("landmarks", f", {opposite}", other, entry.recrop),
        ("yunet", "", own, entry.recrop),
        ("haar", "", own, entry.recrop),
    ]
    if not entry.recrop:
        cases[3:3] = [
            ("yunet", ", cropped again", own, True),
            ("yunet", f", cropped again, {opposite}", other, True),
        ]
    for boxes, title, *switches in cases:
        row = recorded.errors.get((entry.name, split, boxes, *switches))
        if row is not None:
            yield _BOXES[boxes] + title, row


def errors_of(recorded: Recorded, name: str) -> str:
    """Errors of one model, as its card has them."""
    entry = recorded.entries[name]
    if entry.num_landmarks != 68:
        head = ("data", "boxes", "faces", "inter-pupil", "AUC at 8 %")
        return markdown(head, [_registered(metric) for metric in entry.metrics])
    head = ("300-W", "boxes", "found", "inter-ocular", "of helen", "of lfpw")
    head = (*head, "inter-pupil")
    rows = []
    for split in ("common", "challenge"):
        for title, row in _measured(recorded, entry, split):
            ocular = row["inter_ocular"]
            subsets = ocular.get("nme_percent_of_subsets", {})
            rows.append(
                (
                    split,
                    title,
                    f"{row['found']} of {row['faces']}",
                    _percent(ocular["nme_percent"]),
                    _percent(subsets.get("helen/testset")),
                    _percent(subsets.get("lfpw/testset")),
                    _percent(row["inter_pupil"]["nme_percent"]),
                )
            )
    whole = recorded.full_percent(name)
    if whole is not None:
        parts = [recorded.error(name, split) or {} for split in ("common", "challenge")]
        found, faces = (sum(part[key] for part in parts) for key in ("found", "faces"))
        row = ("full", "landmarks", f"{found} of {faces}", _percent(whole))
        rows.append((*row, *"———"))
    return markdown(head, rows)


def _registered(metric: dict) -> list[object]:
    flip = ", with the flip test" if metric["flip_tta"] else ""
    pupil = metric["inter_pupil"]
    return [
        metric["data"],
        metric["boxes"] + flip,
        f"{metric['faces']:,}",
        _percent(pupil["nme_percent"]),
        f"{pupil['auc_8']:.4f}",
    ]


def pose(recorded: Recorded, name: str, *others: str) -> str:
    """Errors by the pose coefficient, of a model and of others beside it."""
    rows = [
        row
        for row in recorded.table(f"robustness_{name}")
        if row["condition"].startswith("pose coefficient")
    ]
    bins = sorted({float(row["amount"]) for row in rows})
    found = {(row["model"], float(row["amount"])): row for row in rows}
    lines = [["faces", *(found[name, each]["faces"] for each in bins)]]
    for model in (name, *others):
        errors = [_percent(100 * float(found[model, each]["nme"])) for each in bins]
        lines.append([f"`{model}`", *errors])
    return markdown(["pose", *(f"{each:.2f}" for each in bins)], lines)


def robustness(recorded: Recorded, name: str, *others: str) -> str:
    """Errors in bad boxes and on tilted faces, of a model and of others beside it."""
    rows = [
        row
        for row in recorded.table(f"robustness_{name}")
        if not row["condition"].startswith("pose")
    ]
    found = {(r["condition"], r["amount"], r["model"]): float(r["nme"]) for r in rows}
    models = (name, *others)
    places = dict.fromkeys((row["condition"], row["amount"]) for row in rows)
    lines = [
        [
            condition.split(",")[0],
            f"{float(amount):g}",
            *(_percent(100 * found[condition, amount, model]) for model in models),
        ]
        for condition, amount in places
    ]
    return markdown(["condition", "amount", *(f"`{m}`" for m in models)], lines)


def degradation(recorded: Recorded) -> str:
    """Errors on bad pictures, of the zoo's models and of others beside them."""
    return _by_model(recorded.rows("degradation"), "condition", "nme_percent")


def validation(recorded: Recorded) -> str:
    """Errors on held-out faces, a line per model and its switches."""
    lines: dict[tuple[str, bool, bool], dict[str, str]] = {}
    for row in recorded.rows("validation"):
        key = (row["model"], row["flip_tta"], row["recrop"])
        lines.setdefault(key, {})[row["boxes"]] = _percent(row["nme_percent"])
    boxes = list(dict.fromkeys(title for line in lines.values() for title in line))
    rows = [
        [
            f"`{model}`",
            "yes" if flip_tta else "no",
            "yes" if recrop else "no",
            *(line[title] for title in boxes),
        ]
        for (model, flip_tta, recrop), line in lines.items()
    ]
    return markdown(["model", "flip test", "cropped again", *boxes], rows)


def profiles(recorded: Recorded) -> str:
    """Errors on CFP, of the zoo's models and of others beside them."""
    return _by_model(recorded.rows("profiles"), "view", "box_percent")


def _by_model(rows: list[dict], kind: str, value: str) -> str:
    """A line per kind, a column per model."""
    found = {(row[kind], row["model"]): row for row in rows}
    models = dict.fromkeys(row["model"] for row in rows)
    lines = [
        [each, row["faces"], *(_percent(found[each, m][value]) for m in models)]
        for each, row in {row[kind]: row for row in rows}.items()
    ]
    titles = [PEERS.get(model, f"`{model}`") for model in models]
    return markdown([kind, "faces", *titles], lines)


def head_pose(recorded: Recorded) -> str:
    """Errors of head poses, of the package beside OpenCV's `solvePnP`."""
    columns: dict[tuple, dict[str, str]] = {}
    for row in recorded.table("head_pose"):
        if "taken off" in row["method"]:
            continue
        key = (_POSE_SETS[row["set"]], row["heads"], row["landmarks"])
        method = row["method"].split(",")[0]
        angles = [row[f"{angle}_mae_degrees"] for angle in ("yaw", "pitch", "roll")]
        columns.setdefault(key, {})[method] = " / ".join(angles)
    lines = [[*key, by["wingkeras"], by["solvePnP"]] for key, by in columns.items()]
    return markdown(["shapes", "heads", "landmarks", "wingkeras", "`solvePnP`"], lines)


def _percent(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"
