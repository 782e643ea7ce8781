"""Hardware, versions and commit, to be written beside every measurement."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def describe_machine() -> dict:
    """What this is, ready for JSON."""
    import keras
    import tensorflow as tf

    cpu = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((x.split(": ")[1] for x in lines if x.startswith("model name")), cpu)
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "gpus": [gpu.name for gpu in tf.config.list_physical_devices("GPU")],
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
        "commit": _commit(),
    }


def runtime_versions() -> dict[str, str]:
    """Versions of what runs converted networks."""
    packages = ("onnxruntime", "openvino", "ai-edge-litert")
    return {package: version(package) for package in packages}


def _commit() -> str:
    try:
        commit = _git("describe", "--always")
        # What is measured goes to `results/`, and changes nothing of how it came about.
        changed = _git("diff", "--name-only", "HEAD", "--", ":!results")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}-dirty" if changed else commit


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.strip()
