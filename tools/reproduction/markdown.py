"""Parts of the report's text."""

from collections.abc import Mapping

import numpy as np


def change(value: float, reference: float) -> str:
    """A difference in percent, "-" where either is missing."""
    if np.isnan(value / reference):
        return "-"
    return f"{100 * (value / reference - 1):+.0f} %"


def describe(machine: Mapping) -> str:
    """Hardware and backend of `benchmarks.machine.describe_machine`."""
    parts = [*machine["gpus"], machine["cpu"], f"{machine['cores']} cores"]
    titles = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
    backend = machine["backend"]
    return ", ".join([*parts, f"{titles[backend]} {machine[backend]}"])
