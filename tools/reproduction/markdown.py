"""Parts of the report's text."""

from collections.abc import Mapping, Sequence

import numpy as np


def markdown(header: Sequence[str], rows: Sequence[Sequence]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


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
