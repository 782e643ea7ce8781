"""The common interface of a localizer's networks, for every runtime."""

from typing import Any, Protocol

import numpy as np


class Stage(Protocol):
    """One network of a localizer.

    `keras_stages.KerasStage` is run by Keras, `runtimes.FileStage` by another runtime
    from an exported file.

    Example:

    ```python
    stage = localizer.stages[0]
    stage.runtime, stage.size, stage.num_landmarks  # ("keras", 64, 68)
    ```
    """

    @property
    def runtime(self) -> str:
        """The network's runtime: "keras", or for files a key of `runtimes.RUNTIMES`."""
        ...

    @property
    def mean_shape(self) -> np.ndarray:
        """`(L, 2)` mean landmarks, pixels of the crop."""
        ...

    @property
    def size(self) -> int:
        """S, side of the crop, pixels."""
        ...

    @property
    def num_landmarks(self) -> int:
        """L, the number of landmarks."""
        ...

    def run(self, crops: Any, /) -> Any:
        """Shape vectors `(N, 2L)` float32, pixels of the crop.

        Args:
            crops: `(N, S, S, 3)` in [0, 255]; an array, or for `KerasStage` a tensor.
        """
        ...
