"""Convert a model of the zoo into one ONNX or LiteRT file, and check the file.

    python tools/convert.py NAME --to onnx|tflite [--quantize fp16|int8]

The same as `wingkeras convert`, which has all the options.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from wingkeras import cli


def main(arguments: list[str] | None = None) -> int:
    """Run `wingkeras convert`."""
    arguments = sys.argv[1:] if arguments is None else arguments
    return cli.main(["convert", *arguments])


if __name__ == "__main__":
    sys.exit(main())
