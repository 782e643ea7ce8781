"""`tools/gpu_jobs.py` in miniature, with TensorFlow blocked.

Usage: gpu_jobs_without_tensorflow.py [--die-after EPOCH] run ...

One learning rate, one experiment in a table. With `--die-after` the process kills
itself once the checkpoint of that epoch is written.
"""

import no_tensorflow  # noqa: F401, I001

import os
import signal
import sys

import gpu_jobs


def main(arguments: list[str]) -> int:
    from accelerator.deadline import Deadline
    from reproduction import durations, tables
    from reproduction.experiments import Experiment

    durations.RATES = {"paper": (1e-4,)}
    durations.PAPERS_LENGTH = 0.1
    tables.table1_long = lambda datasets, seeds: [
        Experiment(*datasets, loss="L1", training="paper")
    ]
    if arguments[0] == "--die-after":
        last = int(arguments[1])
        on_epoch_end = Deadline.on_epoch_end

        def end_and_die(self, epoch, logs=None):
            on_epoch_end(self, epoch, logs)
            if epoch + 1 == last:
                os.kill(os.getpid(), signal.SIGKILL)

        Deadline.on_epoch_end = end_and_die
        arguments = arguments[2:]
    code = gpu_jobs.main(arguments)
    assert "tensorflow" not in sys.modules
    return code


if __name__ == "__main__":
    os.environ["KERAS_BACKEND"] = "jax"
    sys.exit(main(sys.argv[1:]))
