"""Measure, on training faces, how detectors' boxes relate to the landmarks' squares.

    python tools/calibrate_detectors.py --data PATH_TO_300W [--yunet FILE]

Prints, per detector and landmark scheme, the calibration to put into
`wingkeras/inference/haar.py` or `yunet.py`, and how well it fits.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main(arguments: list[str] | None = None) -> int:
    """Calibrate the detectors and print the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="300-W folder")
    parser.add_argument("--split", default="train", help="of 300-W")
    parser.add_argument(
        "--yunet", type=Path, help="another YuNet model file than the packaged one"
    )
    options = parser.parse_args(arguments)

    from benchmarks.detector_boxes import report
    from wingkeras.data.w300 import load_300w
    from wingkeras.inference.detectors import HaarDetector, YuNetDetector

    faces = load_300w(options.data, options.split)
    report("haar", HaarDetector(), faces)
    report("yunet", YuNetDetector(options.yunet), faces)
    return 0


if __name__ == "__main__":
    sys.exit(main())
