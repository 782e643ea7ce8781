"""Draw where a model fails, on a portrait that comes with matplotlib.

    python tools/draw_failures.py NAME [--output PICTURE]

The portrait is made harder in one way at a time, and localised in its true box. Each
panel gives the error (NME over the distance between the eyes, against the model's own
landmarks on the plain portrait) and the flip error, by which a program can detect the
failure.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ZOO = Path(__file__).resolve().parents[1] / "zoo"


def main(arguments: list[str] | None = None) -> int:
    """Draw the panels of a model into one picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="NAME", help="of the zoo, or a folder")
    parser.add_argument("--output", type=Path, help="zoo/NAME.failures.jpg by default")
    options = parser.parse_args(arguments)

    from matplotlib.cbook import get_sample_data

    from benchmarks.failures import draw_failures
    from wingkeras import zoo
    from wingkeras.imaging.images import read_image
    from wingkeras.storage.files import atomic_write

    portrait = read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))
    figure = draw_failures(zoo.load(options.model), portrait, print)
    output = options.output or ZOO / f"{Path(options.model).name}.failures.jpg"
    with atomic_write(output) as scratch:
        figure.savefig(scratch, dpi=70)
    print(f"Picture: {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
