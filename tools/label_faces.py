"""Pseudo-label five-point faces with 68 landmarks, as extra faces for training.

    python tools/label_faces.py NAME [NAME ...] --data lfw.csv --output runs/lfw68.csv
    wingkeras train --extra-faces runs/lfw68.csv ...

Several models label with the mean of their landmarks. Faces are left out if the
landmarks disagree with those in the mirror image or with the five points, or lie too
far outside the picture.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main(arguments: list[str] | None = None) -> int:
    """Label the faces, write them, and print how many were kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "models", nargs="+", metavar="NAME", help="of the zoo, or a folder"
    )
    parser.add_argument("--data", type=Path, required=True, help="MTFL's CSV file")
    parser.add_argument("--output", type=Path, required=True, help="CSV file")
    parser.add_argument(
        "--largest-distance",
        type=float,
        default=0.085,
        metavar="SHARE",
        help="between the five points and those of the model, over the distance of the "
        "eyes; %(default)s by default, more where a detector found the five",
    )
    parser.add_argument("--runtime", default="keras", help="see wingkeras.zoo.load")
    options = parser.parse_args(arguments)

    import keras

    from wingkeras import zoo
    from wingkeras.data.csv_files import save_csv
    from wingkeras.data.datasets import load_mtfl
    from wingkeras.training.pseudo_labels import pseudo_label

    faces = load_mtfl(options.data)
    bar = keras.utils.Progbar(len(faces), unit_name="face")
    labelled = pseudo_label(
        [zoo.load(name, runtime=options.runtime) for name in options.models],
        faces,
        largest_distance=options.largest_distance,
        progress=bar.update,
    )
    save_csv(labelled, options.output)
    print(f"{options.output}: {len(labelled)} of {len(faces)} faces")
    return 0


if __name__ == "__main__":
    sys.exit(main())
