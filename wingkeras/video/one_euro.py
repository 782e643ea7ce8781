"""The One-Euro filter (Casiez, Roussel and Vogel, CHI 2012) for landmarks in video."""

import numpy as np


class OneEuroFilter:
    """A low-pass filter that is slow on points at rest and quick on moving ones.

    Formula, per coordinate:

    ```
    value  += alpha(minimum_cutoff + speed_gain * |speed|) * (new - value)
    alpha(f) = 1 / (1 + 1 / (2 pi f seconds))
    ```

    where the speed is low-pass filtered with the cutoff `speed_cutoff`.

    Args:
        minimum_cutoff: cutoff at rest, Hz; lower is steadier.
        speed_gain: increase of the cutoff, Hz, per unit and second of speed; higher
            lags less. The unit is passed with every call.
        speed_cutoff: of the speed's own filter, Hz.

    Raises:
        ValueError: for a cutoff that is not positive, or a negative gain.

    Example:

    ```python
    smooth = OneEuroFilter()
    for points in landmarks, landmarks + 1:
        steadied = smooth(points, seconds=1 / 25, unit=180)
    ```
    """

    def __init__(
        self,
        minimum_cutoff: float = 1.0,
        speed_gain: float = 30.0,
        speed_cutoff: float = 1.0,
    ):
        for name, value in (
            ("minimum_cutoff", minimum_cutoff),
            ("speed_cutoff", speed_cutoff),
        ):
            if not value > 0:
                raise ValueError(f"Expected `{name}` > 0 Hz, received {value}.")
        if not speed_gain >= 0:
            raise ValueError(f"Expected `speed_gain` >= 0, received {speed_gain}.")
        self.minimum_cutoff = minimum_cutoff
        self.speed_gain = speed_gain
        self.speed_cutoff = speed_cutoff
        self._value: np.ndarray | None = None
        self._speed: np.ndarray = np.zeros(())

    def __call__(
        self, values: np.ndarray, seconds: float, unit: float = 1.0
    ) -> np.ndarray:
        """The filtered values.

        Args:
            values: any shape, the same in every call; the first call returns them
                unchanged.
            seconds: time since the previous call, more than 0.
            unit: length of one unit of `speed_gain`, in the units of the values. With
                the side of the face, large and small faces are filtered alike.

        Returns:
            The shape of `values`.

        Raises:
            ValueError: for `seconds` or `unit` that are not positive.
        """
        for name, value in (("seconds", seconds), ("unit", unit)):
            if not value > 0:
                raise ValueError(f"Expected `{name}` > 0, received {value}.")
        values = np.asarray(values, np.float64)
        if self._value is None:
            self._value, self._speed = values, np.zeros_like(values)
            return values.copy()
        speed = (values - self._value) / seconds
        self._speed = self._speed + _share(self.speed_cutoff, seconds) * (
            speed - self._speed
        )
        cutoff = self.minimum_cutoff + self.speed_gain * np.abs(self._speed) / unit
        self._value = self._value + _share(cutoff, seconds) * (values - self._value)
        return self._value.copy()


def _share(cutoff, seconds: float):
    """The weight of the new value."""
    return 1 / (1 + 1 / (2 * np.pi * cutoff * seconds))
