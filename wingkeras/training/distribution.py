"""Training on more than one device: Keras' and TensorFlow's own means, chosen by name.

`MultiWorkerMirroredStrategy` is not offered: under Keras 3 it fails on its
`PerReplica` values. Several hosts are JAX's.
"""

import contextlib
from contextlib import AbstractContextManager

import keras


class Strategy:
    """One device, the one that the backend picks; the base class of the others.

    A strategy says how many devices and processes train together, and gives the
    contexts in which models are built and fitted. Here these change nothing.

    Attributes:
        process: number of this process, from 0; the first one writes the files.
        processes: how many train together.
        count: of the devices, those of all processes; each takes an equal part of a
            batch.
        resident: whether training faces can be kept on them.
        xla: whether the train step may be compiled by XLA.

    Example:

    ```python
    Strategy().count  # 1
    ```
    """

    process, processes, count = 0, 1, 1
    resident = xla = True

    def building(self) -> AbstractContextManager:
        """Inside, models are built and compiled for all devices."""
        return contextlib.nullcontext()

    def fitting(self) -> AbstractContextManager:
        """Inside, they are fitted on all devices."""
        return contextlib.nullcontext()

    def alone(self) -> AbstractContextManager:
        """Inside of `fitting`, where a model concerns this process only."""
        return contextlib.nullcontext()

    def wait(self) -> None:
        """Until every process has come here."""


class Mirrored(Strategy):
    """All local devices of TensorFlow, `tf.distribute.MirroredStrategy`.

    Each takes its part of every batch. Steps are not compiled by XLA, which
    TensorFlow does not support there, and faces stay on the host.

    Example:

    ```python
    strategy = Mirrored(["CPU:0"])
    strategy.count  # 1
    ```
    """

    resident = xla = False

    def __init__(self, devices: list[str] | None = None):
        """Take all GPUs.

        Args:
            devices: others than these, by TensorFlow's names.

        Raises:
            ValueError: on another backend than TensorFlow.
        """
        _need("tensorflow", "mirrored")
        import tensorflow as tf

        self._strategy = tf.distribute.MirroredStrategy(devices)
        self.count = self._strategy.num_replicas_in_sync

    def building(self):
        """See `Strategy.building`."""
        return self._strategy.scope()


class DataParallel(Strategy):
    """All devices of JAX, of this process or of several on any number of hosts.

    `keras.distribution.DataParallel`; each device takes its part of every batch, and
    each process makes its own part only.

    Example:

    <!-- not run: needs KERAS_BACKEND=jax -->
    ```python
    localizer = wingkeras.train(recipe, faces, "runs/mine", strategy=DataParallel())
    ```
    """

    def __init__(
        self,
        coordinator: str | None = None,
        num_processes: int = 1,
        process_id: int = 0,
    ):
        """Join the others; before anything is computed with JAX.

        Args:
            coordinator: HOST:PORT of process 0, which the others can reach.
            num_processes: how many there are.
            process_id: of this one, from 0.

        Raises:
            ValueError: on another backend than JAX, or for numbers that do not fit.
        """
        _need("jax", "data-parallel")
        if not 0 <= process_id < num_processes:
            raise ValueError(
                f"Expected a process id from 0 to {num_processes - 1}, received "
                f"{process_id}."
            )
        if num_processes > 1 and not coordinator:
            raise ValueError(
                f"Expected a coordinator, HOST:PORT of process 0, for {num_processes} "
                "processes; received none."
            )
        if num_processes > 1:
            keras.distribution.initialize(coordinator, num_processes, process_id)
        self.process, self.processes = process_id, num_processes
        self.count = keras.distribution.get_device_count()
        self._distribution = keras.distribution.DataParallel(auto_shard_dataset=False)

    def building(self):
        """See `Strategy.building`."""
        return self._distribution.scope()

    def fitting(self):
        """See `Strategy.fitting`."""
        return self._distribution.scope()

    @contextlib.contextmanager
    def alone(self):
        """See `Strategy.alone`."""
        keras.distribution.set_distribution(None)
        try:
            yield
        finally:
            keras.distribution.set_distribution(self._distribution)

    def wait(self) -> None:
        """See `Strategy.wait`."""
        if self.processes > 1:
            from jax.experimental import multihost_utils

            multihost_utils.sync_global_devices("wingkeras")


def _need(backend: str, strategy: str) -> None:
    if keras.backend.backend() != backend:
        raise ValueError(
            f"Strategy {strategy!r} needs Keras' backend {backend!r}, received "
            f"{keras.backend.backend()!r}: set KERAS_BACKEND={backend}."
        )
