"""Write results for pictures as `wingkeras predict` does, with made-up landmarks.

Usage: write_results.py FOLDER OUTPUT

Without networks it starts in a second, so that it can be killed often.
"""

import sys
from pathlib import Path

import numpy as np

from wingkeras.inference.faces import Faces
from wingkeras.inference.prediction import FORMATS, is_done, predict_file
from wingkeras.schemes import FIVE
from wingkeras.storage.signals import terminated_like_interrupted


class _Localizer:
    """Finds two faces in every picture, at the same places."""

    def detect(self, image: np.ndarray) -> Faces:
        landmarks = np.random.default_rng(0).uniform(50, 300, (2, 5, 2))
        boxes = np.array([[50.0, 50, 300, 300]] * 2)
        return Faces(landmarks.astype(np.float32), boxes, np.ones(2), FIVE)


def main() -> int:
    """Write what is not there yet."""
    folder, output = map(Path, sys.argv[1:])
    with terminated_like_interrupted() as terminated:
        try:
            for path in sorted(folder.iterdir()):
                if not is_done(path, output, path.name, FORMATS):
                    predict_file(_Localizer(), path, output, path.name, FORMATS)  # type: ignore[arg-type]
        except KeyboardInterrupt:
            return 143 if terminated() else 130
        except OSError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
