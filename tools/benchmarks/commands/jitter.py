"""How steady landmarks are in video."""

import argparse
from pathlib import Path

HELP = "landmarks in a still and a moved clip"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("model", metavar="NAME", help="of the zoo, or a folder")


def run(options: argparse.Namespace, results: Path) -> dict:
    """How landmarks tremble in a still clip, and lag in one that moves."""
    from matplotlib.cbook import get_sample_data

    from benchmarks import jitter
    from wingkeras import zoo
    from wingkeras.imaging.images import read_image

    portrait = read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))
    return {
        "benchmark": f"jitter_{Path(options.model).name}",
        "picture": "matplotlib's grace_hopper.jpg, 5 grey levels of noise, 30 frames/s",
        "deviation_percent_of_eye_distance": jitter.measure(
            zoo.load(options.model), portrait
        ),
    }
