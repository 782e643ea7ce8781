"""Build the page as one static folder, which any web server can serve.

    npm ci --prefix examples/web
    python examples/web/build.py --output site
    python -m http.server --directory site

The folder holds the page, models of the zoo as ONNX files with float16 weights, the
face detector, ONNX Runtime's WebAssembly build, and the licences of all of them. It
takes the place of an older one at once. All addresses in it are relative.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from site_files import write_licences, write_service_worker
from site_models import write_detector, write_model

SOURCE = Path(__file__).resolve().parent
MODELS = ("mobilenetv3_300w", "cnn67_300w")
"""Of the zoo's models of 68 points, the smallest file, and the one for tilted faces."""

_RUNTIME = (
    "ort.wasm.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
)
_MARKS = ("service_worker.js", "models.json")
"""Files of a folder that this program wrote."""


def main(arguments: list[str] | None = None) -> int:
    """Build the folder that the command line names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=Path("site"), help="folder")
    parser.add_argument(
        "--models",
        nargs="+",
        default=MODELS,
        metavar="NAME",
        help="of the zoo, or folders; the first is the page's default; %(default)s",
    )
    options = parser.parse_args(arguments)
    try:
        build(options.output, options.models)
    except (OSError, ValueError, ImportError) as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    print(f"{options.output}: {sum(map(_size, _files(options.output))) / 1e6:.1f} MB")
    return 0


def build(output: Path, models: Iterable[str]) -> None:
    """Write the folder.

    Args:
        output: folder to make, or one that was made before.
        models: names of the zoo, or folders that `zoo.save` or a training wrote.

    Raises:
        FileNotFoundError: if ONNX Runtime's files are missing.
        FileExistsError: if there is another folder or file at `output`.
        ValueError: for an unknown model, or one that YuNet finds no faces for.
        ImportError: if the converter is not installed.
    """
    output = output.resolve()
    _check_output(output)
    runtime = SOURCE / "node_modules" / "onnxruntime-web" / "dist"
    for name in _RUNTIME:
        if not (runtime / name).is_file():
            raise FileNotFoundError(
                f"Expected ONNX Runtime's file {runtime / name}, there is none: run "
                f"`npm ci --prefix {SOURCE}`."
            )
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=output.parent) as scratch:
        site = Path(scratch) / "new"
        (site / "onnxruntime").mkdir(parents=True)
        for name in _RUNTIME:
            shutil.copy(runtime / name, site / "onnxruntime")
        for path in (SOURCE / "index.html", *SOURCE.glob("*.js")):
            shutil.copy(path, site)
        described = [write_model(name, site) for name in dict.fromkeys(models)]
        _write_json(site / "models.json", described)
        _write_json(site / "detector.json", write_detector(site))
        write_licences(site, SOURCE)
        write_service_worker(site, later=[each["file"] for each in described[1:]])
        if output.exists():
            output.rename(Path(scratch) / "old")
        site.rename(output)


def _check_output(output: Path) -> None:
    is_ours = all((output / name).is_file() for name in _MARKS)
    if output.exists() and not is_ours and not (output.is_dir() and not _any(output)):
        raise FileExistsError(
            f"Expected --output to be a new or empty folder, or a site that this "
            f"program built; {output} is neither."
        )


def _any(folder: Path) -> bool:
    return next(folder.iterdir(), None) is not None


def _files(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _size(path: Path) -> int:
    return path.stat().st_size


def _write_json(path: Path, values) -> None:
    path.write_text(json.dumps(values, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
