"""Attempts of every outcome, in a module that the processes they run in can import."""

import os
import signal
import time

from faults.kinds import WrongResultError


def attempt(seed):
    """Right, but for seeds 1 to 4."""
    match seed:
        case 1:
            raise KeyError("surprise")
        case 2:
            os.kill(os.getpid(), signal.SIGKILL)
        case 3:
            time.sleep(60)
        case 4:
            raise WrongResultError("7 faces")


def prepare(folder):
    """What makes the attempts."""
    (folder / "made").touch()
    return attempt


def fail(folder):
    """What cannot be prepared."""
    raise OSError("no room")
