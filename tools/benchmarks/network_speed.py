"""Size and speed of the paper's networks, in every runtime (its Table 6)."""

import csv
import json
import tempfile
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.time_localizers import THREADS, time_in_processes

_NETWORKS = {
    "CNN-6": ("CNN6",),
    "CNN-6/7": ("CNN6", "CNN7"),
    "ResNet-50": ("ResNet50",),
}


def write_speeds(folder: Path) -> None:
    """Write `speed.csv`, frames per second of the networks alone, and `run.json`.

    The networks are untrained: speed does not depend on the weights.
    """
    import keras

    from benchmarks import latency
    from wingkeras import models, zoo
    from wingkeras.inference.keras_stages import KerasStage
    from wingkeras.inference.localizer import Localizer
    from wingkeras.storage.files import atomic_write

    # The same weights are the same file to runtimes that keep what they converted.
    keras.utils.set_random_seed(0)
    like = zoo.load("cnn6_300w")
    parameters, speeds, paths = {}, {}, {}
    with tempfile.TemporaryDirectory() as scratch:
        for network, names in _NETWORKS.items():
            stages = []
            for name in names:
                scale = models.input_size(name) / like.stages[0].size
                mean_shape = like.stages[0].mean_shape * scale
                built = models.build(name, len(like.scheme), mean_shape)
                stages.append(KerasStage(built, mean_shape))
            parameters[network] = sum(s.network.count_params() for s in stages)
            path = paths[network] = Path(scratch) / "_".join(names).lower()
            path.mkdir()
            zoo.save(Localizer(stages, like.scheme, like.box_scale), path, path.name)
        for row in time_in_processes([str(path) for path in paths.values()]):
            if row["what"] == latency.NETWORKS and row["faces"] == 1:
                key = (row["model"], row["runtime"], row["threads"])
                speeds[key] = 1000 / row["ms"]
    machine = json.dumps({"machine": describe_machine()}, indent=1, allow_nan=False)
    with atomic_write(folder / "run.json") as scratch:
        scratch.write_text(machine + "\n")
    table = folder / "speed.csv"
    with atomic_write(table) as scratch, scratch.open("w", newline="") as file:
        writer = csv.writer(file)
        columns = [f"fps_{n}_thread{'s' * (n > 1)}" for n in THREADS]
        writer.writerow(["network", "parameters", "mebibytes", "runtime", *columns])
        for network, path in paths.items():
            model, count = path.name, parameters[network]
            for runtime in dict.fromkeys(r for m, r, _ in speeds if m == model):
                fps = [round(speeds[model, runtime, n]) for n in THREADS]
                mebibytes = round(4 * count / 2**20, 1)
                writer.writerow([network, count, mebibytes, runtime, *fps])
