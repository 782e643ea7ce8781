"""Training on several devices, with the strategies of Keras and TensorFlow.

`MultiWorkerMirroredStrategy` is not offered: under Keras 3 it fails on its
`PerReplica` values. Training on several hosts needs JAX.
"""

import contextlib
from contextlib import AbstractContextManager

import keras


class Strategy:
    """One device, chosen by the backend; the base class of all strategies.

    A strategy says how many devices and processes train together, and gives the
    contexts in which models are built and fitted. In this class they change nothing.

    Attributes:
        process: number of this process, from 0; the first one writes the files.
        processes: how many processes train together.
        count: number of devices of all processes; each takes an equal part of a batch.
        resident: whether training faces can be kept on the devices.
        xla: whether the train step may be compiled by XLA.

    Example:

    ```python
    Strategy().count  # 1
    ```
    """

    process, processes, count = 0, 1, 1
    resident = xla = True

    def building(self) -> AbstractContextManager:
        """A context in which models are built and compiled for all devices."""
        return contextlib.nullcontext()

    def fitting(self) -> AbstractContextManager:
        """A context in which models are fitted on all devices."""
        return contextlib.nullcontext()

    def alone(self) -> AbstractContextManager:
        """A context inside `fitting` for models that run in this process only."""
        return contextlib.nullcontext()

    def wait(self) -> None:
        """Wait until every process has reached this call."""


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
        """Use all GPUs, or the given devices.

        Args:
            devices: TensorFlow's names of the devices; all GPUs by default.

        Raises:
            ValueError: on a backend other than TensorFlow.
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
        """Join the other processes; do this before any computation with JAX.

        Args:
            coordinator: HOST:PORT of process 0, which all processes can reach.
            num_processes: number of processes.
            process_id: number of this process, from 0.

        Raises:
            ValueError: on a backend other than JAX, or for numbers that do not fit.
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
