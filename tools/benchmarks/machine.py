"""Hardware, versions and commit, to be written beside every measurement."""

import importlib
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def describe_machine() -> dict:
    """What this is, ready for JSON."""
    import keras

    backend = keras.backend.backend()
    library, gpus = _tensorflow() if backend == "tensorflow" else _library(backend)
    cpu = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((x.split(": ")[1] for x in lines if x.startswith("model name")), cpu)
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "gpus": gpus,
        "python": platform.python_version(),
        backend: library.__version__,
        "keras": keras.__version__,
        "backend": backend,
        "commit": _commit(),
    }


def _tensorflow():
    import tensorflow as tf

    return tf, [gpu.name for gpu in tf.config.list_physical_devices("GPU")]


def _library(backend: str):
    """JAX or PyTorch, and the names of the GPUs that it sees."""
    library = importlib.import_module(backend)
    if backend == "jax":
        devices = [d for d in library.devices() if d.platform != "cpu"]
        return library, [device.device_kind for device in devices]
    count = library.cuda.device_count()
    return library, [library.cuda.get_device_name(i) for i in range(count)]


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
