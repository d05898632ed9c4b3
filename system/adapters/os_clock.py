"""The clock port on the operating system's clock: the one place that may read it."""

import time


class OsClock:
    """UTC seconds from the operating system, held back when it is set to an earlier time."""

    def __init__(self) -> None:
        self._latest_s = 0

    def now_s(self) -> int:
        """UTC seconds since the epoch. Never decreases between two calls."""
        self._latest_s = max(self._latest_s, int(time.time()))  # noqa: TID251
        return self._latest_s
