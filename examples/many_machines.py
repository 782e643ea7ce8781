"""Landmarks of ten million pictures, on every core of a cluster, with Ray Data.

    pip install ".[ray,onnx]"
    python examples/many_machines.py photos/ out
    python examples/many_machines.py pictures.parquet out --cores 4

The input is a folder of pictures, or a Parquet file or a folder of such files. A table
has a column `path`, which names its rows, and holds the pictures in `bytes` unless the
paths lead to them. `out/landmarks/*.parquet` receives a row for each picture: what else
was in its row, and `landmarks`, `boxes`, `scores` and `error`.

Rows that are written are noted in `out/done`. After an interruption `--skip-existing`
leaves them out, and replaces what was half-written. All machines must see the folders
under the same names.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

# To be set before Ray is imported: it would report to its makers.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import cv2

import wingkeras
from wingkeras.extras import install_hint
from wingkeras.inference import BatchPredictor, load_detector
from wingkeras.inference.cores import available_cores
from wingkeras.inference.sources import list_sources
from wingkeras.storage.files import atomic_write

try:
    import pyarrow as pa
    import pyarrow.dataset
    import pyarrow.parquet
    import ray
    import ray.data
    from ray.data.checkpoint import CheckpointConfig
except ImportError as error:
    raise SystemExit(
        f"many_machines: {error}; it needs {install_hint('ray')}."
    ) from error

SPARE_CORES = 2
"""One to read or to write, and one to leave out what was written before."""

# Told, as they cannot be seen in a batch without a face.
FLOATS = pa.list_(pa.float32())
TYPES = {
    "landmarks": pa.list_(pa.list_(FLOATS)),
    "boxes": pa.list_(FLOATS),
    "scores": FLOATS,
    "error": pa.string(),
}


def load_localizer(
    model: str, runtime: str, min_face: float | None, min_score: float | None
) -> wingkeras.Localizer:
    """The model of every worker, with its detector."""
    localizer = wingkeras.zoo.load(model, runtime=runtime)
    if min_face is None and min_score is None:
        return localizer
    detector = load_detector(
        "yunet", scheme=localizer.scheme, min_face=min_face, min_score=min_score
    )
    return localizer.replace(detector=detector)


class FindLandmarks:
    """`BatchPredictor` for Arrow tables, whose other columns stay as they are."""

    def __init__(self, load, cores: int):
        self._predict = BatchPredictor(load)
        # Ray tells the others by OMP_NUM_THREADS; OpenCV would take all of the machine.
        cv2.setNumThreads(cores)

    def __call__(self, table: pa.Table) -> pa.Table:
        """The table without `bytes`, with the columns of `TYPES`."""
        source = "bytes" if "bytes" in table.column_names else "path"
        column = table.column(source).to_numpy(zero_copy_only=False)
        found = self._predict({source: column.astype(object)})
        table = table.drop_columns("bytes") if source == "bytes" else table
        for name, kind in TYPES.items():
            table = table.append_column(name, pa.array(found[name].tolist(), kind))
        return table


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    text, _, epilog = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=text,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("input", type=Path, help="folder of pictures, or Parquet")
    parser.add_argument("output", type=Path, help="folder for the results, a new one")
    parser.add_argument("--skip-existing", action="store_true", help="go on in OUTPUT")
    parser.add_argument("--model", default="cnn67_300w", help="name or folder")
    parser.add_argument("--runtime", default="fastest", help="onnx, openvino ...")
    parser.add_argument("--min-face", type=float, help="see `wingkeras predict`")
    parser.add_argument("--min-score", type=float, help="see `wingkeras predict`")
    parser.add_argument(
        "--cores", type=int, default=1, help="of each worker process; 1 by default"
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=1,
        help="to begin with; more are started while there are cores for them",
    )
    parser.add_argument(
        "--batch", type=int, default=64, help="pictures a worker takes at a time"
    )
    parser.add_argument(
        "--rows-per-file",
        type=int,
        default=10_000,
        help="at least; what a write that is interrupted loses",
    )
    parser.add_argument(
        "--address",
        default=os.environ.get("RAY_ADDRESS", "local"),
        help="of a Ray cluster, `auto` on one of its machines; by default that in "
        "RAY_ADDRESS, or this machine",
    )
    options = parser.parse_args(arguments)
    for name in ("cores", "workers", "batch", "rows_per_file"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    return options


def check_output(folder: Path, settings: dict, skip_existing: bool) -> None:
    """Refuse a folder with other results.

    Raises:
        FileExistsError: for a folder that is not empty, unless it is to go on.
        ValueError: for results of other settings.
    """
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not skip_existing:
        raise FileExistsError(
            f"{folder} is not empty: name another folder, or go on in it with "
            "--skip-existing."
        )
    notes = folder / "run.json"
    if not notes.is_file():
        raise FileExistsError(f"{folder} holds no results of this program.")
    earlier = json.loads(notes.read_text())
    if earlier != settings:
        raise ValueError(f"{folder} is of {earlier}, not of {settings}.")


def check_input(source: Path) -> list[Path]:
    """The pictures of a folder; none for a Parquet file or a folder of these.

    Raises:
        OSError, BrokenFileError: if there is nothing to be read.
        ValueError: for a table without `path`.
    """
    if not source.exists():
        raise FileNotFoundError(f"There is no {source}.")
    tables = [source] if source.is_file() else [*source.glob("*.parquet")]
    for table in tables:
        try:
            names = pyarrow.parquet.read_schema(table).names
        except pa.ArrowInvalid as error:
            raise ValueError(f"{table}: {error}") from error
        if "path" not in names:
            raise ValueError(f"{table} has no column `path`, which names its rows.")
    return [] if tables else find_pictures(source)


def write_notes(folder: Path, settings: dict, pictures: list[Path]) -> Path | None:
    """Keep the settings and the list of pictures; the list's file, if there is one."""
    with atomic_write(folder / "run.json") as scratch:
        scratch.write_text(json.dumps(settings) + "\n")
    if not pictures:
        return None
    listed = folder / "pictures.parquet"
    with atomic_write(listed) as scratch:
        paths = pa.table({"path": [str(path) for path in pictures]})
        pyarrow.parquet.write_table(paths, scratch)
    return listed


def find_pictures(folder: Path) -> list[Path]:
    """Absolute paths of the pictures of a folder, and of the folders inside it.

    Raises:
        OSError, BrokenFileError: if there are none, or a folder cannot be read.
    """

    def refuse(error: Exception) -> None:
        raise error

    sources = list_sources(folder.resolve(), recursive=True, report=refuse)
    found = [
        source.origin
        for source in sources
        if isinstance(source.origin, Path) and not source.is_video
    ]
    if not found:
        raise FileNotFoundError(f"{folder} holds no pictures.")
    return found


def connect(options: argparse.Namespace) -> None:
    """Start Ray on this machine, or join a cluster."""
    if ray.is_initialized():
        pass
    elif options.address == "local":
        # Two more than there are: reading and writing wait for the disk.
        cores = available_cores() + SPARE_CORES
        ray.init("local", num_cpus=cores, include_dashboard=False)
    else:
        ray.init(options.address)
    needed = options.workers * options.cores + SPARE_CORES
    cores = ray.cluster_resources().get("CPU", 0)
    if cores < needed:
        print(
            f"many_machines: {options.workers} workers of {options.cores} cores need a "
            f"cluster of {needed}, {SPARE_CORES} of them to read and write; there are "
            f"{cores:g}. The run waits for more.",
            file=sys.stderr,
        )


def run(options: argparse.Namespace, source: Path, load) -> None:
    """Read, find and write, all at once, in the processes of the cluster."""
    connect(options)
    output = options.output.resolve()
    # Notes what is written, in two steps, so that no row is lost or there twice.
    ray.data.DataContext.get_current().checkpoint_config = CheckpointConfig(
        id_column="path",
        checkpoint_path=str(output / "done"),
        delete_checkpoint_on_success=False,
    )
    rows = ray.data.read_parquet(str(source.resolve()))
    # A list of paths is small, and would be the work of a single worker.
    rows = rows.repartition(target_num_rows_per_block=options.batch)
    found = rows.map_batches(
        FindLandmarks,
        fn_constructor_args=[load, options.cores],
        batch_size=options.batch,
        batch_format="pyarrow",
        num_cpus=options.cores,
        compute=ray.data.ActorPoolStrategy(min_size=options.workers),
    )
    landmarks = str(output / "landmarks")
    found.write_parquet(landmarks, min_rows_per_file=options.rows_per_file)


def count(folder: Path) -> tuple[int, int]:
    """Rows written in all, and how many of them have an error."""
    if not folder.exists():
        return 0, 0
    written = pyarrow.dataset.dataset(folder, format="parquet")
    failed = pyarrow.dataset.field("error") != ""
    return written.count_rows(), written.count_rows(filter=failed)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program: 0 if every picture was read, 1 if not, 2 for wrong options."""
    options = parse(arguments)
    settings = {
        name: getattr(options, name)
        for name in ("model", "runtime", "min_face", "min_score")
    }
    load = partial(load_localizer, **settings)
    try:
        check_output(options.output, settings, options.skip_existing)
        pictures = check_input(options.input)
        # What is wrong with the model shows here, and it is converted once for all
        # workers of this machine.
        load()
        listed = write_notes(options.output, settings, pictures)
        run(options, listed or options.input, load)
    except (OSError, ValueError, ImportError) as error:
        print(f"many_machines: {error}", file=sys.stderr)
        return 1
    rows, failed = count(options.output / "landmarks")
    print(f"{rows} pictures in {options.output / 'landmarks'}, {failed} of them failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
