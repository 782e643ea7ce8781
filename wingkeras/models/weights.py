"""Weight files: Keras' own `.weights.h5`, with the tensors as float16.

A tensor beyond float16's range stays float32, such as a variance of ResNet-50. Any
Keras user can read these files with `model.load_weights(path)`: Keras casts the values
to the variables' own type.
"""

from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from wingkeras.models import hdf5

_LARGEST = float(np.finfo(np.float16).max)


def serialize(model: keras.Model) -> bytes:
    """The content of a weight file without the optimizer, at half the usual size.

    Args:
        model: built.

    Raises:
        ValueError: for weights that are not finite.
    """
    if not all(np.isfinite(w).all() for w in model.get_weights()):
        raise ValueError(f"Expected finite weights, received others in {model.name!r}.")
    memory = hdf5.Memory()
    with h5py.File(hdf5.save(model)) as full, h5py.File(memory, "w") as half:
        for name in full:
            if name != hdf5.OPTIMIZER:
                _copy(full[name], half, name)
    return memory.getvalue()


def _copy(item: Any, target: h5py.Group, name: Any) -> None:
    if isinstance(item, h5py.Dataset):
        values = item[()]
        # Counts stay integers; networks that have them expect integers.
        halved = values.dtype.kind == "f" and np.abs(values).max(initial=0) <= _LARGEST
        copy = target.create_dataset(
            name, data=values.astype(np.float16) if halved else values
        )
    else:
        copy = target.create_group(name)
        for child in item:
            _copy(item[child], copy, child)
    copy.attrs.update(item.attrs)


def load_weights(model: keras.Model, path: str | Path) -> None:
    """Read weights into a model, all of them or none.

    Args:
        model: built.
        path: of a `.weights.h5` file as Keras writes it, or with the content from
            `serialize`; an optimizer in it does not count.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no weight file, or one of another network, or holds weights
            that are not finite. The sizes in the file are looked at before it is read.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"Expected a weight file, there is no {path}.")
    before = model.get_weights()
    try:
        with h5py.File(path) as file:
            memory = hdf5.read(file, model.weights, without=(hdf5.OPTIMIZER,))
        hdf5.load(model, memory)
    except BaseException as error:
        model.set_weights(before)
        if not isinstance(error, Exception):
            raise
        raise ValueError(
            f"Expected the weights of {model.name!r} with {model.count_params()} "
            f"parameters in {path}; {error}"
        ) from error
