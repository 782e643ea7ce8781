"""The notebook in `examples/`, run as a user runs it, in a folder of its own."""

import re
import shutil
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[1] / "examples" / "own_points.ipynb"


@pytest.mark.slow
def test_from_pictures_to_a_file(tmp_path):
    nbformat = pytest.importorskip("nbformat", reason="needs nbclient")
    nbclient = pytest.importorskip("nbclient", reason="needs the extra `dev`")
    pytest.importorskip("ipykernel", reason="needs the extra `dev`")
    pytest.importorskip("ai_edge_litert", reason="needs the extra `litert`")
    shutil.copy(NOTEBOOK, tmp_path)
    notebook = nbformat.read(tmp_path / NOTEBOOK.name, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    client = nbclient.NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = [output.data for output in outputs if "data" in output]
    # The set, two curves, the failures, the points and the picture with them.
    assert sum("image/png" in data for data in shown) == 6
    printed = "".join(output.text for output in outputs if "text" in output)
    moved = re.search(r"moves a landmark by ([0-9.]+) px of the crop", printed)
    assert moved and float(moved[1]) < 0.02
    assert 0 <= float(shown[-1]["text/plain"].removeprefix("np.float32(")[:-1]) < 0.1
    assert (tmp_path / "own_points" / "fish.tflite").stat().st_size > 1e6
