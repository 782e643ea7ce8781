"""How fast models and training are, and how steady landmarks are in video."""

from documents.marked import markdown
from documents.recorded import PEERS, Recorded
from documents.zoo_tables import ERRORS

_RUNTIMES = {
    "keras": "Keras",
    "openvino": "OpenVINO",
    "onnx": "ONNX Runtime",
    "litert": "LiteRT",
}
_CASCADE = "cnn67"
"""The run folder with the networks of `cnn67_300w`, by the name that results have."""


def comparison(recorded: Recorded) -> str:
    """Models of the zoo beside those of other people, the lowest error first."""
    head = ("model", *ERRORS, "parameters", "file")
    head = (*head, "faces/s, 1 core", "2 cores")
    splits = ("common", "challenge", "full")
    errors = [f"{split}_inter_ocular_percent" for split in splits]
    rows = []
    for row in recorded.table("comparison"):
        name = row["model"]
        rows.append(
            (
                PEERS.get(name, f"`{name}`"),
                *(f"{float(row[key]):.2f} %" for key in errors),
                f"{int(row['parameters']) / 1e6:.1f} M",
                f"{float(row['megabytes']):.1f} MB",
                row["faces_per_second_1_thread"],
                row["faces_per_second_2_threads"],
            )
        )
    return markdown(head, rows)


def latency(recorded: Recorded) -> str:
    """Milliseconds of the bare networks and of whole calls, by model and runtime."""
    rows = recorded.table("latency")
    times = {
        (r["model"], r["runtime"], r["what"], r["threads"], r["faces"]): float(r["ms"])
        for r in rows
    }
    cases = [(threads, faces) for threads in "12" for faces in ("1", "32")]
    lines = []
    for model, runtime in dict.fromkeys((row["model"], row["runtime"]) for row in rows):
        cells = []
        for case in cases:
            network, call = (
                _milliseconds(times[model, runtime, what, *case])
                for what in ("networks", "call")
            )
            cells.append(f"{network} / {call}")
        lines.append([_title(model), _runtime(runtime), *cells])
    head = [
        f"{threads} core{'s' * (threads != '1')}, {faces} face{'s' * (faces != '1')}"
        for threads, faces in cases
    ]
    return markdown(["model", "runtime", *head], lines)


def _title(model: str) -> str:
    if model == _CASCADE:
        return "CNN-6/7"
    return PEERS.get(model, f"`{model}`")


def _runtime(name: str) -> str:
    base, *kind = name.split()
    return ", ".join([_RUNTIMES[base], *kind])


def _milliseconds(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def training_speed(recorded: Recorded) -> str:
    """Training throughput, and the share that the input costs."""
    head = ("network", "one generated batch", "`tf.data`", "`--augment-on device`")
    head = (*head, "cost of the input, at best")
    rows = [
        (
            row["network"],
            f"{row['synthetic_faces_per_second']:g}",
            f"{row['tf.data_faces_per_second']:g}",
            f"{row['device_faces_per_second']:g}",
            f"{row['percent_lost_to_input']:g} %",
        )
        for row in recorded.rows("train")
    ]
    return markdown(head, rows)


def jitter(recorded: Recorded, *models: str) -> str:
    """Deviation of the landmarks in video, percent of the distance of the eyes."""
    head = ("model", "still clip", "with the filter", "swaying head", "with the filter")
    rows = []
    for name in models:
        measured = recorded.values(f"jitter_{name}")[
            "deviation_percent_of_eye_distance"
        ]
        cells = [
            f"{measured[clip][kind]:.2f} %"
            for clip in ("still", "swaying")
            for kind in ("none", "one_euro")
        ]
        rows.append((f"`{name}`", *cells))
    return markdown(head, rows)


def bulk(recorded: Recorded) -> str:
    """Pictures per second of a folder: the stages alone, one by one, the pipeline."""
    rows = [
        (name, f"{rate['pictures_per_second']:.1f}", f"{rate['cores']:.2f}")
        for name, rate in recorded.values("bulk")["rates"].items()
    ]
    return markdown(("what", "pictures/s", "cores in use"), rows)


def start(recorded: Recorded) -> str:
    """Seconds from the command to the landmarks of one picture, by runtime."""
    seconds = recorded.values("start")["median_seconds"]
    rows = [
        (_RUNTIMES.get(name, name), f"{value:.2f}") for name, value in seconds.items()
    ]
    return markdown(("runtime", "seconds"), rows)


def browser(recorded: Recorded) -> str:
    """Frames per second of the page, by model."""
    rates = recorded.values("browser")["median_frames_per_second"]
    rows = [(f"`{name}`", f"{value:g}") for name, value in rates.items()]
    return markdown(("model", "frames/s"), rows)
