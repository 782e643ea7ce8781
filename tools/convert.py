"""Convert a model of the zoo into one ONNX or LiteRT file, and check the file.

    python tools/convert.py NAME --to onnx|tflite [--quantize fp16|int8]

The same as `wingkeras convert`, which has all the options.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from wingkeras import cli

if __name__ == "__main__":
    sys.exit(cli.main(["convert", *sys.argv[1:]]))
