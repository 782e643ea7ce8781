"""How far the head pose from 68 landmarks is off, beside OpenCV's `solvePnP`."""

import argparse
from pathlib import Path

HELP = "head pose from landmarks against labelled poses, beside solvePnP"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--shapes",
        type=Path,
        required=True,
        help="NPZ with SET_landmarks (N, 68, 2), SET_pose (N, 3) in degrees and "
        "SET_image, the pictures' names",
    )
    parser.add_argument("--fitted", default="300wpublic", help="SET of the model's fit")
    parser.add_argument(
        "--tested",
        nargs="+",
        default=["300wprivate", "cofw68"],
        metavar="SET",
        help="sets that it has not seen",
    )
    parser.add_argument(
        "--data",
        type=Path,
        help="folder of 300-W: the poses from landmarks that a network finds in its "
        "pictures of the fitted SET, by models fitted without them",
    )
    parser.add_argument(
        "--profiles",
        type=Path,
        help="CSV of faces in profile, 68 points: what the model says of landmarks "
        "that a network finds in them; pictures with `frontal` in their names are left "
        "out",
    )
    parser.add_argument("--model", default="cnn67_300w", help="finds those landmarks")


def run(options: argparse.Namespace, results: Path) -> dict:
    """Errors of yaw, pitch and roll on every set, as JSON and CSV."""
    import csv

    from benchmarks import head_pose
    from wingkeras.storage.files import atomic_write

    rows = head_pose.measure(options.shapes, options.fitted, options.tested)
    if options.data:
        rows += head_pose.measure_detected(
            options.shapes, options.fitted, options.data, options.model
        )
    with (
        atomic_write(results / "head_pose.csv") as scratch,
        scratch.open("w", newline="") as file,
    ):
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    result = {"benchmark": "head_pose", "fitted_on": options.fitted, "errors": rows}
    if options.profiles:
        result["profiles"] = head_pose.measure_profiles(options.profiles, options.model)
    return result
