"""`examples/many_machines.py` on a local cluster, of which a worker is killed."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from matplotlib.cbook import get_sample_data

from made_localizers import MEAN
from wingkeras.inference.detectors import YuNetDetector
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.runtimes import load_stage
from wingkeras.schemes import FIVE

EXAMPLES = Path(__file__).parents[1] / "examples"

# The second run finds what a kill of everything leaves in the middle of a write.
PROGRAM = """
import json, os, signal, sys
from pathlib import Path
import cv2
import numpy as np
import pyarrow.parquet
import ray
import many_machines
from wingkeras.inference.cores import available_cores
from wingkeras.inference.detectors import YuNetDetector
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.runtimes import load_stage
from wingkeras.schemes import FIVE

folder, scratch = map(Path, sys.argv[1:])
mean = np.array(json.loads((folder / "mean.json").read_text()), np.float32)

class Deadly(YuNetDetector):
    def raw(self, image):
        cores = (available_cores(), cv2.getNumThreads())
        (folder / "workers" / str(os.getpid())).write_text(str(cores))
        if image.shape[1] == 213 and not (folder / "killed").exists():
            (folder / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().raw(image)

def load(**settings):
    stage = load_stage(folder / "network.onnx", "onnx", mean, 64)
    return Localizer([stage], FIVE, 1.1, Deadly(scheme=FIVE))

many_machines.load_localizer = load
find = many_machines.FindLandmarks(load, cores=1)
rows = pyarrow.parquet.read_table(folder / "pictures.parquet")
# Without a face, and with some.
schemas = [find(rows.slice(start, 3)).schema for start in (0, 8)]
(folder / "workers" / str(os.getpid())).unlink()
ray.init(
    "local",
    num_cpus=4,
    object_store_memory=80 << 20,
    include_dashboard=False,
    _temp_dir=str(scratch),
)
given = [str(folder / "pictures.parquet"), str(folder / "out"), "--batch", "3"]
given += ["--workers", "2", "--rows-per-file", "6"]
codes = [many_machines.main(given)]
first = sorted((folder / "out/done").iterdir())[0]
(written,) = (folder / "out/landmarks").glob(f"{first.stem}-*")
os.truncate(written, 100)
first.rename(first.with_suffix(".pending.parquet"))
codes += [many_machines.main(given), many_machines.main([*given, "--skip-existing"])]
ray.shutdown()
told = {"codes": codes, "removed": str(written)}
print(json.dumps({**told, "same_types": schemas[0].equals(schemas[1])}))
"""


def network(path: Path) -> None:
    """A file that ONNX Runtime runs: the mean shape, shifted by what is in the crop."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    shape = numpy_helper.from_array(MEAN.T.reshape(1, -1), "shape")
    axes = numpy_helper.from_array(np.array([1, 2, 3]), "axes")
    scale = numpy_helper.from_array(np.float32(32), "scale")
    nodes = [
        helper.make_node("ReduceMean", ["crops", "axes"], ["mean"], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "last"], ["column"]),
        helper.make_node("Div", ["column", "scale"], ["shift"]),
        helper.make_node("Add", ["shift", "shape"], ["landmarks"]),
    ]
    last = numpy_helper.from_array(np.array([1]), "last")
    crops = helper.make_tensor_value_info("crops", TensorProto.FLOAT, ["N", 64, 64, 3])
    landmarks = helper.make_tensor_value_info("landmarks", TensorProto.FLOAT, None)
    graph = helper.make_graph(
        nodes, "shifted", [crops], [landmarks], [shape, axes, scale, last]
    )
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), path)


def pictures() -> dict[str, bytes]:
    """First some without a face, then portraits of many sizes, one of them cut off."""
    with PIL.Image.open(get_sample_data("grace_hopper.jpg", asfileobj=False)) as image:
        portrait = image.convert("RGB")
    made = [PIL.Image.new("RGB", (90 + i, 80), (9 * i, 0, 0)) for i in range(6)]
    made += [portrait.resize((200 + i, 220 + 2 * i)) for i in range(26)]
    found = {}
    for i, picture in enumerate(made):
        file = io.BytesIO()
        picture.save(file, "JPEG")
        found[f"{i}.jpg"] = file.getvalue()[: -500 if i == 20 else None]
    return found


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_every_picture_is_there_once_although_a_worker_is_killed(tmp_path):
    pytest.importorskip("ray.data", reason="needs the extra `ray`")
    pytest.importorskip("onnx", reason="needs the extra `onnx`")
    import pyarrow.parquet as pq
    from pyarrow import table

    contents = pictures()
    network(tmp_path / "network.onnx")
    (tmp_path / "mean.json").write_text(json.dumps(MEAN.tolist()))
    (tmp_path / "workers").mkdir()
    columns = {"path": [*contents], "bytes": [*contents.values()]}
    given = table({**columns, "number": range(len(contents))})
    pq.write_table(given, tmp_path / "pictures.parquet")

    scratch = tempfile.mkdtemp(prefix="ray")  # sockets are in it: short names
    settings = {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(EXAMPLES)}
    settings |= {"HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", PROGRAM, tmp_path, scratch],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=300)
    finally:
        if process.poll() is None:  # Ray's processes are of its group
            os.killpg(process.pid, signal.SIGKILL)
        shutil.rmtree(scratch)
    assert process.returncode == 0, err
    told = json.loads(out.splitlines()[-1])
    # A picture is cut off; the folder is not empty; a picture is cut off.
    assert told["codes"] == [1, 1, 1] and "is not empty" in err
    assert "32 pictures" in out and "1 of them failed" in out
    assert (tmp_path / "killed").exists()
    workers = [path.read_text() for path in (tmp_path / "workers").iterdir()]
    assert len(workers) >= 2 and set(workers) == {"(1, 1)"}
    assert not Path(told["removed"]).exists() and told["same_types"]

    files = [*(tmp_path / "out/landmarks").iterdir()]
    assert len(files) > 2 and len({str(pq.read_schema(file)) for file in files}) == 1
    rows = pq.read_table(tmp_path / "out/landmarks").to_pylist()
    assert sorted(row["path"] for row in rows) == sorted(contents)
    compare(rows, contents, tmp_path / "network.onnx")


def compare(rows, contents, path) -> None:
    """Rows with what this process finds, picture by picture.

    Not to the bit: how many crops go through a network at a time decides in which order
    ONNX Runtime adds.
    """
    stage = load_stage(path, "onnx", MEAN, 64)
    localizer = Localizer([stage], FIVE, 1.1, YuNetDetector(scheme=FIVE))
    found = 0
    for row in rows:
        assert row["path"] == f"{row['number']}.jpg" and "bytes" not in row
        if row["number"] == 20:
            assert "damaged" in row["error"] and row["landmarks"] == []
            continue
        image = PIL.Image.open(io.BytesIO(contents[row["path"]]))
        expected = localizer.detect(image)
        found += len(expected)
        assert row["error"] == ""
        for name in ("landmarks", "boxes", "scores"):
            received = np.reshape(row[name], getattr(expected, name).shape)
            np.testing.assert_allclose(received, getattr(expected, name), atol=1e-3)
    assert found == 25
