"""Damaged weight files: all of one is loaded or nothing, and none by another's hash."""

import random
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from faults.kinds import Attempt, Kind, WrongResultError
from faults.mutations import mutated_bytes
from wingkeras.storage.download import sha256_of
from wingkeras.storage.entries import Entry, StageEntry
from wingkeras.storage.locating import locate_weights

_HUGE = (2**14, 2**15)
"""Shape of a tensor that takes 2 GB, and no room in a file."""


def _prepare_loading(folder: Path) -> Attempt:
    import keras

    from wingkeras.models.weights import load_weights, serialize

    keras.utils.set_random_seed(0)
    layers = [
        keras.layers.Input((8, 8, 3)),
        keras.layers.Conv2D(4, 3),
        keras.layers.Flatten(),
        keras.layers.Dense(6),
    ]
    network = keras.Sequential(layers, name="small")
    path = folder / "a.weights.h5"
    whole = serialize(network)
    before = [np.full(tensor.shape, 0.5) for tensor in network.get_weights()]

    def attempt(seed: int) -> None:
        rng = random.Random(seed)
        network.set_weights(before)
        path.write_bytes(whole)
        if rng.random() < 0.6:
            path.write_bytes(mutated_bytes(whole, rng, header=2000))
        else:
            with h5py.File(path, "a") as file:
                rng.choice(_DAMAGES)(file, rng)
        try:
            load_weights(network, path)
        except ValueError as error:
            if str(path) not in str(error):
                raise WrongResultError(f"the file is not named: {error}") from error
            for tensor, old in zip(network.get_weights(), before, strict=True):
                if not np.array_equal(tensor, old):
                    raise WrongResultError("a part of the file was loaded") from error
        else:
            if not all(np.isfinite(tensor).all() for tensor in network.get_weights()):
                raise WrongResultError("weights that are not finite were loaded")

    return attempt


def _names(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visititems(
        lambda name, item: (
            names.append(name) if isinstance(item, h5py.Dataset) else None
        )
    )
    return names


def _replace(make: Callable[[h5py.File, str], object]):
    def damage(file: h5py.File, rng: random.Random) -> None:
        name = rng.choice(_names(file))
        del file[name]
        make(file, name)

    return damage


def _set_not_finite(file: h5py.File, rng: random.Random) -> None:
    dataset = file[rng.choice(_names(file))]
    values = dataset[()]
    values.flat[rng.randrange(values.size)] = rng.choice((np.nan, np.inf, -np.inf))
    dataset[...] = values


def _make_huge(file: h5py.File, name: str) -> None:
    file.create_dataset(name, _HUGE, "f4", chunks=(2**10, 2**10), compression="gzip")


_DAMAGES: tuple[Callable[[h5py.File, random.Random], None], ...] = (
    _set_not_finite,
    _replace(lambda file, name: None),
    _replace(_make_huge),
    _replace(lambda file, name: file.create_dataset(name, data="text")),
    _replace(lambda file, name: file.create_dataset(name, data=np.zeros(7))),
    _replace(lambda file, name: file.create_dataset(name, data=1j)),
    _replace(lambda file, name: file.create_dataset(name, data=h5py.Empty("f4"))),
    _replace(lambda file, name: file.create_group(name)),
    _replace(lambda file, name: file.__setitem__(name, h5py.SoftLink(f"/{name}"))),
    _replace(
        lambda file, name: file.__setitem__(
            name, h5py.ExternalLink("/etc/passwd", "/x")
        )
    ),
)


def _prepare_checking(folder: Path) -> Attempt:
    content = random.Random(0).randbytes(20_000)
    path = folder / "a.stage1.weights.h5"
    path.write_bytes(content)
    stage = StageEntry(
        network="CNN6",
        input_size=64,
        parameters=1,
        file=path.name,
        sha256=sha256_of(path),
        bytes=len(content),
        mean_shape=((1.0, 1.0),) * 5,
    )
    entry = Entry("a", "five", 1.0, (stage,))
    locate_weights(entry, stage, folder)

    def attempt(seed: int) -> None:
        data = mutated_bytes(content, random.Random(seed), header=len(content))
        path.write_bytes(data)
        try:
            locate_weights(entry, stage, folder)
        except ValueError:
            return
        if data != content:
            raise WrongResultError("another file was taken")

    return attempt


LOADING = Kind("weight files", _prepare_loading, 10_000, 50)
CHECKING = Kind("weight files by SHA-256", _prepare_checking, 10_000, 100)
