"""The fault plan of one arm: when something is broken, and which attempts it strikes.

Faults come from the scenario: on schedule (``at``) or drawn at a rate (``every``, mean days between
beginnings). Both become windows of virtual time before the run. Inside a window luck decides,
attempt by attempt; its key is the window's beginning, so that taking one fault away changes nobody
else's. Drawn faults end early enough for what was accepted to complete: chaos, then heal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.scenario_records import Fault, Scenario
from sim.streams import Luck
from system.limits import DAY_S

# No drawn fault is left open in the last days of a run.
HEAL_DAYS = 5
# How long after the last fault whatever was accepted may take to complete.
RECOVERY_S = DAY_S
# What asking again at once gets past, where nobody comes back later.
_PATIENCE: Final = {"store_locked": 0.5, "disk_full": 0.5, "service_killed": 0.2}
_HOUR_S = 3_600
_DAY_HOURS = 24


@dataclass(frozen=True, slots=True)
class Window:
    """A fault that is open from from_s (UTC seconds) until just before until_s."""

    kind: str
    from_s: int
    until_s: int
    severity: float


def windows_of(scenario: Scenario, arm: str, luck: Luck, start_s: int) -> tuple[Window, ...]:
    """Everything that breaks in this arm, by beginning; nothing where ``faults = false``."""
    if not has_faults(scenario, arm):
        return ()
    days = scenario.warmup_days + scenario.horizon_days
    found = [
        window
        for index, fault in enumerate(scenario.faults)
        for window in _windows(fault, index, luck, start_s, days)
    ]
    return tuple(sorted(found, key=lambda window: (window.from_s, window.kind)))


def has_faults(scenario: Scenario, arm: str) -> bool:
    settings = scenario.arms[arm]
    return bool(scenario.faults) and ("faults" not in settings or settings.flag("faults"))


def check_severities(scenario: Scenario) -> None:
    """For products whose users only ask again at once. Raises InputError."""
    for index, fault in enumerate(scenario.faults):
        if fault.severity > _PATIENCE.get(fault.kind, 1):
            remedy = f"write at most {_PATIENCE[fault.kind]}: here nobody comes back later"
            raise scenario.refuse(("faults", index, "severity"), fault.severity, remedy)


def _windows(fault: Fault, index: int, luck: Luck, start_s: int, days: int) -> Iterator[Window]:
    length_s = max(1, round(fault.for_days * DAY_S))
    if fault.at_days is not None:
        from_s = start_s + round(fault.at_days * DAY_S)
        yield Window(fault.kind, from_s, from_s + length_s, fault.severity)
        return
    assert fault.every_days is not None
    share = min(1.0, 1 / (fault.every_days * _DAY_HOURS))
    last_s = (days - HEAL_DAYS) * DAY_S - length_s
    free_s = 0
    for second in range(0, last_s + 1, _HOUR_S):
        # A fault of one kind begins when the one before it is over.
        if second >= free_s and luck.chance("fault", fault.kind, index, second, share=share):
            free_s = second + length_s
            yield Window(fault.kind, start_s + second, start_s + free_s, fault.severity)


class Faults:
    """The windows of one run against its clock. now_s: UTC second of the event that runs.

    struck: how many attempts of each kind have met a fault.
    """

    def __init__(self, windows: tuple[Window, ...], luck: Luck, now_s: Callable[[], int]) -> None:
        self.windows = windows
        self.struck: Counter[str] = Counter()
        self._luck, self._now_s = luck, now_s
        self._by_kind = {kind: [w for w in windows if w.kind == kind] for kind in _kinds(windows)}
        self._attempts: Counter[Window] = Counter()
        self._paused = 0

    @property
    def now_s(self) -> int:
        return self._now_s()

    def open(self, kind: str) -> Window | None:
        """The window of this kind that is open now, if any."""
        if self._paused or kind not in self._by_kind:
            return None
        now_s = self._now_s()
        return next((w for w in self._by_kind[kind] if w.from_s <= now_s < w.until_s), None)

    def strikes(self, kind: str) -> bool:
        """Whether this attempt meets the fault: with probability ``severity`` while it is open."""
        window = self.open(kind)
        if window is None:
            return False
        self._attempts[window] += 1
        number = self._attempts[window]
        key = (kind, window.from_s, number)
        struck = self._luck.chance("fault_strikes", *key, share=window.severity)
        self.struck[kind] += struck
        return struck

    def through_rail(self, amount_fen: NDArray[np.int64]) -> NDArray[np.int64]:
        """The payments that a payment rail which is down does not swallow; 0 for the others."""
        if self.open("rail_down") is None:
            return amount_fen
        stuck = [row for row in np.flatnonzero(amount_fen) if self.strikes("rail_down")]
        passing = amount_fen.copy()
        passing[stuck] = 0
        return passing

    def chance(self, purpose: str, kind: str, share: float) -> bool:
        """A further draw about the last attempt that met this kind."""
        return self._luck.chance(purpose, kind, self.struck[kind], share=share)

    def counts(self) -> dict[str, float]:
        """How often each kind was met, as a run's runtime facts."""
        return {f"fault.{kind}": float(n) for kind, n in sorted(self.struck.items())}

    def healed_s(self) -> int:
        """When the last fault that has begun is or will be over; the distant past for none."""
        now_s = self._now_s()
        return max((w.until_s for w in self.windows if w.from_s <= now_s), default=0)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is broken inside: set-up, and the auditor's own looks."""
        self._paused += 1
        try:
            yield
        finally:
            self._paused -= 1


def _kinds(windows: tuple[Window, ...]) -> list[str]:
    return sorted({window.kind for window in windows})
