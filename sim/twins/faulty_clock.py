"""The service's clock, wrong on plan. It never goes back: it stands until time has caught up."""

from __future__ import annotations

from typing import Final

from sim.faults import Faults
from system.ports.clock import Clock

_BEHIND_S_MAX: Final = 15 * 60
_AHEAD_S_MAX: Final = 12 * 3_600


class FaultyClock:
    """Implements the clock port over a right one."""

    def __init__(self, clock: Clock, faults: Faults) -> None:
        self._clock, self._faults = clock, faults
        self._latest_s = 0

    def now_s(self) -> int:
        """UTC seconds as this machine believes them."""
        self._latest_s = max(self._latest_s, self._clock.now_s() + self._error_s())
        return self._latest_s

    def _error_s(self) -> int:
        faults = self._faults
        jump, skew = faults.open("clock_jump"), faults.open("clock_skew")
        if jump is not None:
            faults.struck["clock_jump"] += 1
            return round(jump.severity * _AHEAD_S_MAX)
        if skew is not None:
            faults.struck["clock_skew"] += 1
            return -round(skew.severity * _BEHIND_S_MAX)
        return 0
