"""Put a trained model into the zoo: weights, registry entry, curves, measured errors.

    python tools/publish.py RUN [RUN] NAME --data PATH --description TEXT
        [--init-from RUN] [--extra-faces TEXT] [--flip-tta] [--recrop]
        [--zoo FOLDER]

RUN is a folder that `wingkeras train` wrote, or an experiment of `tools/reproduce.py`.
For a cascade, give the runs of its networks in their order, or for the first one a
model of the zoo that begins with the same network. `--init-from` is the run whose
network the last run started from, or a model of the zoo. `--extra-faces` describes the
extra faces, if a run had any.
PATH is the folder of 300-W, or for five points MTFL's `aflw.csv`. Errors are measured
on the common subset or on that file, with landmark boxes, with and without flip
test-time augmentation.

Weights and curves have a part of the weights' hash in their names, and the registry is
written last: a failure leaves the zoo as it was.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ZOO = Path(__file__).resolve().parents[1] / "zoo"


def main(arguments: list[str] | None = None) -> int:
    """Check and measure the model, copy its files and register it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("name", metavar="NAME", help="to publish the model under")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder of 300-W, or MTFL's aflw.csv"
    )
    parser.add_argument("--description", required=True, help="one line")
    parser.add_argument(
        "--init-from",
        metavar="RUN",
        help="that the last one went on from, or a model of the zoo",
    )
    parser.add_argument(
        "--extra-faces", metavar="TEXT", help="what the extra training faces are"
    )
    for switch in ("--flip-tta", "--recrop"):
        parser.add_argument(switch, action="store_true", help="see `Localizer`")
    parser.add_argument(
        "--zoo", type=Path, default=ZOO, metavar="FOLDER", help="the package's zoo"
    )
    options = parser.parse_args(arguments)

    from publishing.candidates import load_candidate
    from publishing.steps import publish
    from publishing.zoo_folder import ZooFolder
    from wingkeras.data.datasets import load_faces
    from wingkeras.storage.signals import terminated_like_interrupted

    with terminated_like_interrupted():
        try:
            candidate = load_candidate(
                options.name,
                options.runs,
                options.init_from,
                options.extra_faces,
                options.flip_tta,
                options.recrop,
            )
            split = "common" if options.data.is_dir() else None
            faces = load_faces(options.data, split, candidate.localizer.scheme)
            folder = ZooFolder(options.zoo)
            entry = publish(candidate, options.description, faces, folder)
        except (ValueError, OSError) as error:
            print(f"publish: {error}", file=sys.stderr)
            return 1
    print(json.dumps(entry.metrics, indent=1, allow_nan=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
