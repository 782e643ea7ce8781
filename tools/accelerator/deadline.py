"""A time by which everything is to be written down."""

import time

import keras


class OutOfTimeError(Exception):
    """A training was interrupted; started again, it goes on."""


class Deadline(keras.callbacks.Callback):
    """Interrupts a training after an epoch, if the next one might end too late.

    Args:
        seconds: from now.
    """

    def __init__(self, seconds: float):
        super().__init__()
        self._end = time.monotonic() + seconds
        self._began = 0.0

    @property
    def left(self) -> float:
        """Seconds."""
        return self._end - time.monotonic()

    def on_epoch_begin(self, epoch, logs=None):
        """Note the time."""
        self._began = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        """Raise `OutOfTimeError` if too little is left; the checkpoint is written."""
        if self.left < time.monotonic() - self._began:
            raise OutOfTimeError
