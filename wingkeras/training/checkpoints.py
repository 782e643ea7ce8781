"""The weight files of a run: the newest epoch with the optimizer, and the best epoch.

Both hold a SHA-256 of their values, so that a file damaged on disk is noticed and not
used for further training.
"""

import hashlib
from pathlib import Path

import h5py
import keras
import numpy as np

from wingkeras.models import hdf5
from wingkeras.storage.files import atomic_write

# The optimizer's own step counter does not count steps skipped in float16.
_EPOCHS = "wingkeras_epochs"
_SHA256 = "wingkeras_sha256"


def write_checkpoint(path: Path, model: keras.Model, epochs: int) -> None:
    """Write everything needed to resume into one file.

    With a single file, a kill cannot leave two parts that do not belong together, as it
    can with `keras.callbacks.BackupAndRestore`.

    Args:
        path: of the file.
        model: compiled; its optimizer is saved as well.
        epochs: number of epochs that it has been trained for.
    """
    _write(path, hdf5.save(model), epochs)


def read_checkpoint(path: Path, model: keras.Model) -> int:
    """Load a checkpoint into a compiled model.

    Returns:
        The number of epochs that the model has been trained for.

    Raises:
        ValueError: if the file is damaged.
    """
    try:
        with h5py.File(hdf5.save(model)) as like, h5py.File(path) as file:
            epochs = int(np.asarray(file.attrs[_EPOCHS]))
            memory = hdf5.read(file, hdf5.arrays(like))
            _check(file, memory, epochs)
        hdf5.load(model, memory)
    except Exception as error:  # h5py raises many types for damaged files
        raise ValueError(
            f"{path} is damaged, or of another version. Delete it to train this run "
            f"from its first epoch. The cause: {error}"
        ) from error
    return epochs


def write_best(path: Path, network: keras.Model) -> None:
    """Write the weights of a network, without its optimizer.

    Raises:
        ValueError: if they are not finite.
    """
    with h5py.File(hdf5.save(network)) as file:
        memory = hdf5.read(file, network.weights, without=(hdf5.OPTIMIZER,))
    _write(path, memory)


def read_best(path: Path, network: keras.Model) -> None:
    """Load the weights written by `write_best`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, or of another network.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"Expected the weights of the run's best epoch, there is no {path}. "
            f"Restore it, or delete {path.parent} to train this run again."
        )
    try:
        with h5py.File(path) as file:
            memory = hdf5.read(file, network.weights, without=(hdf5.OPTIMIZER,))
            _check(file, memory)
        hdf5.load(network, memory)
    except Exception as error:  # see `read_checkpoint`
        raise ValueError(
            f"{path} is damaged, or of another network. Restore it, or delete "
            f"{path.parent} to train this run again. The cause: {error}"
        ) from error


def _write(path: Path, memory: hdf5.Memory, epochs: int | None = None) -> None:
    with h5py.File(memory, "a") as file:
        if epochs is not None:
            file.attrs[_EPOCHS] = epochs
        file.attrs[_SHA256] = _digest(file, epochs)
    with atomic_write(path) as scratch:
        scratch.write_bytes(memory.getbuffer())


def _check(file: h5py.File, memory: hdf5.Memory, epochs: int | None = None) -> None:
    if _SHA256 not in file.attrs:  # of an earlier version
        return
    with h5py.File(memory) as copy:
        found = _digest(copy, epochs)
    if file.attrs[_SHA256] != found:
        raise ValueError("its values do not have the SHA-256 that stands in it")


def _digest(file: h5py.File, epochs: int | None) -> str:
    return hashlib.sha256(f"{hdf5.digest(file)} {epochs}".encode()).hexdigest()
