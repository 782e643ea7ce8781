"""How well the pose coefficient ranks heads by yaw, and how fast."""

import argparse
import time
from pathlib import Path

HELP = "pose coefficient against labelled yaw, and its speed"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--shapes",
        type=Path,
        required=True,
        help="NPZ with SET_landmarks (N, L, 2) and SET_pose (N, 3): yaw first, degrees",
    )
    parser.add_argument("--set", default="300wpublic", help="prefix of the arrays")


def run(options: argparse.Namespace, results: Path) -> dict:
    """Rank correlation of the pose coefficient with yaw; seconds for 20,000 shapes."""
    import numpy as np

    from wingkeras.data import balance
    from wingkeras.schemes import IBUG68

    file = np.load(options.shapes)
    shapes = file[f"{options.set}_landmarks"]
    yaw = file[f"{options.set}_pose"][:, 0]
    coefficients = balance.pose_coefficients(shapes, IBUG68)
    ranks = [values.argsort().argsort() for values in (coefficients, yaw)]
    many = shapes[np.arange(20_000) % len(shapes)]
    start = time.perf_counter()
    balance.copies(balance.pose_coefficients(many, IBUG68))
    seconds = time.perf_counter() - start
    return {
        "benchmark": "balance",
        "shapes": len(shapes),
        "spearman_correlation_with_yaw": round(float(np.corrcoef(ranks)[0, 1]), 4),
        "seconds_for_20000_shapes": round(seconds, 3),
    }
