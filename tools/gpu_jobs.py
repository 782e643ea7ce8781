"""Train and measure on a machine with a GPU, but without TensorFlow and network.

    python tools/gpu_jobs.py pack --data FOLDER --output runs/pack
    python tools/gpu_jobs.py run --pack runs/pack --budget 9 --parts PARTS
    python tools/gpu_jobs.py collect PARTS --into runs/gpu

`pack` runs on the local machine: it makes a folder with faces and a few wheels, which
the remote machine lacks, and prints its size. The remote machine needs a copy of this
repository, the pack, and Python with JAX, OpenCV, h5py and matplotlib; there, `run`
does the jobs in the order of their importance. Finished jobs are not repeated, and
interrupted ones resume, even if the process was killed: start it again with the same
output. `collect` fetches the results: tables and speeds go to `results/`, the rest to a
folder from which another `run` can continue.
"""

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]

# Repeated here, so that the help does not wait for JAX.
JOBS = (
    "speed_cnn6",
    "teacher",
    "student_heatmap",
    "student_cnn7",
    "student_cnn6",
    "table1_long",
    "speed_unet",
    "speed_cnn7",
    "speed_heatmap",
    "table1_long_seeds",
    "table3",
)
SETS = ("300w_training", "300w_test", "aflw_training", "aflw_test")
_FACES, _WHEELS, _MANIFEST = "faces.npz", "wheels", "manifest.json"


def main(arguments: list[str] | None = None) -> int:
    """Run the command of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_pack(commands.add_parser("pack", help="make the pack"))
    _add_run(commands.add_parser("run", help="do the jobs, there"))
    collect = commands.add_parser("collect", help="bring the results home")
    collect.add_argument("parts", type=Path, help="folder that `run --parts` filled")
    collect.add_argument("--into", type=Path, default=Path("runs/gpu"))
    collect.add_argument("--results", type=Path, default=REPOSITORY / "results")
    collect.set_defaults(command=_collect)
    options = parser.parse_args(arguments)
    return options.command(options)


def _add_pack(parser) -> None:
    parser.add_argument(
        "--data", type=Path, required=True, help="see tools/reproduce.py"
    )
    parser.add_argument("--sets", nargs="+", choices=SETS, default=[*SETS[:2]])
    parser.add_argument(
        "--partly-labelled", type=Path, metavar="CSV", help="extra faces for networks"
    )
    parser.add_argument(
        "--extra-faces", type=Path, metavar="CSV", help="pseudo-labelled faces"
    )
    parser.add_argument(
        "--encoder", type=Path, metavar="NPZ", help="weights for student_heatmap"
    )
    parser.add_argument(
        "--side",
        type=int,
        default=128,
        help="of pictures, pixels; twice the input of CNN-6 by default",
    )
    parser.add_argument("--quality", type=int, default=85, help="of WebP")
    parser.add_argument("--python", default="3.12", help="version there")
    parser.add_argument("--no-wheels", action="store_true")
    parser.add_argument("--output", type=Path, default=Path("runs/pack"))
    parser.set_defaults(command=_pack)


def _add_run(parser) -> None:
    parser.add_argument("--pack", type=Path, default=Path("runs/pack"))
    parser.add_argument(
        "--budget", type=float, required=True, metavar="MINUTES", help="for all jobs"
    )
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=[*JOBS])
    parser.add_argument("--output", type=Path, default=Path("runs/gpu"))
    parser.add_argument(
        "--parts", type=Path, help="folder for the results in few files of 15 MiB"
    )
    parser.add_argument(
        "--length", type=float, default=1.0, help="of trainings, for rehearsals"
    )
    parser.set_defaults(command=_run)


def _pack(options) -> int:
    from accelerator.packing import pack_faces
    from accelerator.wheels import download
    from benchmarks.machine import describe_machine
    from reproduction.datasets import DATASETS
    from wingkeras.data.datasets import load_faces

    sets = {}
    for name in options.sets:
        dataset, _, part = name.partition("_")
        load = f"{part}_faces"
        sets[name] = getattr(DATASETS[dataset], load)(options.data)
    for name, path in (
        ("partly", options.partly_labelled),
        ("extra", options.extra_faces),
    ):
        if path:
            sets[name] = load_faces(path, scheme="ibug68", on_error="skip")
    output = options.output
    output.mkdir(parents=True, exist_ok=True)
    measured = pack_faces(sets, output / _FACES, options.side, options.quality)
    if options.encoder:
        shutil.copyfile(options.encoder, output / "encoder.npz")
    if not options.no_wheels:
        shutil.rmtree(output / _WHEELS, ignore_errors=True)
        download(output / _WHEELS, options.python)
    manifest = {
        "commit": describe_machine()["commit"],
        "side": options.side,
        "quality": options.quality,
        "sets": measured,
    }
    (output / _MANIFEST).write_text(
        json.dumps(manifest, indent=1, allow_nan=False) + "\n"
    )
    print(json.dumps(manifest, indent=1, allow_nan=False))
    size = sum(p.stat().st_size for p in output.rglob("*") if p.is_file())
    print(f"{output}: {size / 2**20:.1f} MiB")
    return 0


def _run(options) -> int:
    os.environ.setdefault("KERAS_BACKEND", "jax")
    begin = time.monotonic()
    from accelerator.wheels import make_importable, use_clone

    output = options.output
    output.mkdir(parents=True, exist_ok=True)
    made = make_importable(options.pack / _WHEELS, output / "site")
    use_clone(REPOSITORY)

    import jax

    from accelerator.deadline import Deadline
    from accelerator.jobs import JOBS as jobs
    from accelerator.jobs import Work
    from accelerator.packing import unpack_faces
    from accelerator.running import run
    from benchmarks.machine import describe_machine

    jax.config.update("jax_compilation_cache_dir", str(output / "compiled"))
    data = output / "data"
    unpack_faces(options.pack / _FACES, data)
    if (options.pack / "encoder.npz").exists():
        shutil.copyfile(options.pack / "encoder.npz", data / "encoder.npz")
    machine = describe_machine()
    if machine["commit"] == "unknown":
        manifest = json.loads((options.pack / _MANIFEST).read_text())
        machine["commit"] = manifest["commit"]
    print(
        json.dumps(machine, allow_nan=False),
        f"from wheels: {', '.join(made) or 'nothing'}",
    )
    seconds = 60 * options.budget - (time.monotonic() - begin)
    work = Work(data, output, machine, Deadline(seconds), _say, length=options.length)
    states = run(jobs, options.jobs, work, options.parts)
    print(json.dumps(states, indent=1, allow_nan=False))
    return int("failed" in states.values())


def _say(line: str) -> None:
    print(line, flush=True)


def _collect(options) -> int:
    from accelerator.archive import restore
    from accelerator.merging import merge
    from reproduction.report import write_report

    restore(options.parts, options.into)
    for line in merge(options.into, options.results):
        print(line)
    write_report(options.results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
