"""Size and speed of the paper's networks, in every runtime (its Table 6)."""

import csv
import json
import tempfile
from pathlib import Path

from machine import describe_machine
from time_localizers import THREADS, time_in_processes

_CHECKPOINTS = {"CNN-6": "cnn6_300w", "CNN-6/7": "cnn67_300w"}


def write_speeds(folder: Path) -> None:
    """Write `speed.csv`, frames per second of the networks alone, and `run.json`.

    CNN-6 and CNN-6/7 are those of the zoo, ResNet-50 is untrained: speed does not
    depend on the weights.
    """
    import keras

    from wingkeras import latency, models, zoo
    from wingkeras.files import replacing
    from wingkeras.localizer import Localizer, Stage

    # The same weights are the same file to runtimes that keep what they converted.
    keras.utils.set_random_seed(0)
    first = zoo.load(_CHECKPOINTS["CNN-6"])
    mean_shape = first.stages[0].mean_shape * models.RESNET50_SIZE / models.CNN6_SIZE
    stage = Stage(models.ResNet50(len(first.scheme), mean_shape), mean_shape)
    parameters, speeds = {}, {}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "resnet50"
        path.mkdir()
        zoo.save(Localizer([stage], first.scheme, first.box_scale), path, path.name)
        names = _CHECKPOINTS | {"ResNet-50": str(path)}
        for network, name in names.items():
            stages = zoo.load(name).stages
            parameters[network] = sum(s.network.count_params() for s in stages)
        for row in time_in_processes([*names.values()]):
            if row["what"] == latency.NETWORKS and row["faces"] == 1:
                key = (row["model"], row["runtime"], row["threads"])
                speeds[key] = 1000 / row["ms"]
    folder.mkdir(parents=True, exist_ok=True)
    machine = json.dumps({"machine": describe_machine()}, indent=1)
    (folder / "run.json").write_text(machine + "\n")
    table = folder / "speed.csv"
    with replacing(table) as scratch, scratch.open("w", newline="") as file:
        writer = csv.writer(file)
        columns = [f"fps_{n}_thread{'s' * (n > 1)}" for n in THREADS]
        writer.writerow(["network", "parameters", "mebibytes", "runtime", *columns])
        for network, name in names.items():
            model, count = Path(name).name, parameters[network]
            for runtime in dict.fromkeys(r for m, r, _ in speeds if m == model):
                fps = [round(speeds[model, runtime, n]) for n in THREADS]
                mebibytes = round(4 * count / 2**20, 1)
                writer.writerow([network, count, mebibytes, runtime, *fps])
