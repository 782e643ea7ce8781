"""Keras' weight files: written in memory, and checked before they are read.

The HDF5 library writes a file piece by piece. If the disk is full, it tries again when
the process ends, which then crashes with a segmentation fault. It also allocates what a
file asks for: a few megabytes can stand for gigabytes. So Keras saves to memory and
loads from memory; only whole files and checked arrays move between memory and disk.
"""

import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import h5py
import keras
import numpy as np

OPTIMIZER = "optimizer"
"""Group of a file that holds the optimizer's variables."""

_PLAIN = (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS)
_GROUPS_PER_ARRAY = 20
"""Limit of groups per array: no model needs as many, even with weightless layers."""


class Memory(io.BytesIO):
    """A file in memory that Keras accepts as a weight file, judged by its ending."""

    def __str__(self) -> str:
        return "memory.weights.h5"


def save(model: keras.Model) -> Memory:
    """The output of `keras.Model.save_weights`, in memory."""
    memory = Memory()
    model.save_weights(memory)
    return memory


def load(model: keras.Model, memory: Memory) -> None:
    """Load a copy made by `read`. Without an optimizer in it, the model's is kept."""
    with h5py.File(memory) as file:
        has_optimizer = OPTIMIZER in file
    optimizer = getattr(model, "optimizer", None)
    skipped = [] if has_optimizer or optimizer is None else [optimizer]
    keras.saving.load_weights(model, memory, objects_to_skip=skipped)


def arrays(group: h5py.Group) -> Iterator[h5py.Dataset]:
    """The arrays of a file that was made here, in the order of their names."""
    for name in sorted(group):
        item: Any = group[name]
        if isinstance(item, h5py.Dataset):
            yield item
        elif isinstance(item, h5py.Group):
            yield from arrays(item)


def digest(file: h5py.File) -> str:
    """SHA-256 of a file's arrays and their names, hexadecimal."""
    sha256 = hashlib.sha256()
    for array in arrays(file):
        sha256.update(f"{array.name} {array.dtype.str} {array.shape}".encode())
        sha256.update(np.ascontiguousarray(array[()]).tobytes())
    return sha256.hexdigest()


def read(
    file: h5py.File, expected: Iterable[Any], without: tuple[str, ...] = ()
) -> Memory:
    """A copy of a file's weights, which `load` takes.

    The shapes, types and storage of all arrays are checked before one is read.

    Args:
        file: opened for reading.
        expected: objects with the shapes and types of the arrays, in any order, such as
            the weights of a model.
        without: groups at the top of the file that are left out.

    Raises:
        ValueError: for weights of another network, or that are not finite; and for
            compressed or chunked arrays, links, and data in other files, which Keras
            does not write.
        OSError, RuntimeError, KeyError ...: whatever the library raises for a damaged
            file.
    """
    shapes = Counter((tuple(x.shape), _kind(x.dtype)) for x in expected)
    found = list(_find_arrays(file, shapes.total(), without))
    received = Counter((array.shape, _kind(array.dtype)) for array in found)
    for (shape, kind), count in (received - shapes).items():
        raise ValueError(
            f"it has {received[shape, kind]} arrays of {kind} values of the shape "
            f"{shape}, the network {received[shape, kind] - count}"
        )
    if missing := shapes - received:
        (shape, kind), count = missing.most_common(1)[0]
        raise ValueError(f"it lacks {count} arrays of {kind} values of shape {shape}")
    for array in found:
        _check_storage(array)
    memory = Memory()
    with h5py.File(memory, "w") as copy:
        for array in found:
            values = array[()]
            if array.dtype.kind == "f" and not _is_finite(values):
                raise ValueError(f"{array.name} holds values that are not finite")
            copy.create_dataset(array.name, data=values)
            if "dtype" in array.attrs:  # bfloat16, which HDF5 does not know
                copy[array.name].attrs["dtype"] = array.attrs["dtype"]
    return memory


def _is_finite(values: np.ndarray) -> bool:
    """Whether values are finite, also as float32, the type of the variables."""
    with np.errstate(over="ignore"):
        values = values.astype(np.float32) if values.itemsize > 4 else values
    return bool(np.isfinite(values).all())


def _kind(dtype: Any) -> str:
    if str(dtype) == "bfloat16" or np.dtype(dtype).kind == "V":
        return "bfloat16"
    dtype = np.dtype(dtype)
    if dtype.itemsize <= 8 and dtype.kind in "fiu":
        return "floating" if dtype.kind == "f" else "whole"
    return str(dtype)


def _find_arrays(
    file: h5py.File, limit: int, without: tuple[str, ...]
) -> Iterator[h5py.Dataset]:
    """The arrays of any file, up to a number of them."""
    groups: list[h5py.Group] = [file]
    arrays_left, groups_left = limit, _GROUPS_PER_ARRAY * (limit + 1)
    while groups:
        group = groups.pop()
        for name in group:
            if group is file and name in without:
                continue
            if group.get(name, getclass=True, getlink=True) is not h5py.HardLink:
                raise ValueError(f"{group.name}/{name} is a link")
            item: Any = group[name]
            if isinstance(item, h5py.Dataset):
                arrays_left -= 1
                yield item
            elif isinstance(item, h5py.Group):
                groups_left -= 1
                groups.append(item)
            if arrays_left < 0 or groups_left < 0:
                raise ValueError("it has more arrays than the network")


def _check_storage(array: h5py.Dataset) -> None:
    layout = array.id.get_create_plist().get_layout()
    if layout not in _PLAIN or array.external:
        raise ValueError(
            f"{array.name} is compressed, in chunks or in another file; save the "
            "weights with Keras again"
        )
    if array.id.get_storage_size() < array.nbytes:
        raise ValueError(f"{array.name} is not in the file")
