"""Idle beyond plan, in truth: open hours of the contract's site without the engine turning."""

from typing import Final

import numpy as np

from sim.leasing.grid import SLOT_S, SLOTS, SLOTS_PER_HOUR, day_start_s
from sim.leasing.projects import Projects
from sim.leasing.truth import Kind, Truth
from sim.leasing.weather import is_sunday
from sim.leasing.work import NOWHERE, Sites
from sim.portable import I64, Mask

# Site hours, as the contract has them: seven to noon and one to six, or the night.
DAY_HOURS: Final = (7, 18)
NIGHT_HOURS: Final = ((19, 24), (0, 6))
# Beyond so many open hours without work a machine is idle: the brief's 24 hours.
IDLE_HOURS: Final = 24


def open_slots(nights: Mask) -> Mask:
    """Half hours in which a site of this kind is open: bool (n, SLOTS)."""
    hour = np.arange(SLOTS) // SLOTS_PER_HOUR
    first, last = DAY_HOURS
    by_day = (hour >= first) & (hour < last)
    by_night = np.zeros(SLOTS, np.bool_)
    for first, last in NIGHT_HOURS:
        by_night |= (hour >= first) & (hour < last)
    return np.where(nights[:, None], by_night, by_day)


class Idleness:
    """open_slots: since the last work. last_s: when that was."""

    def __init__(self, n: int) -> None:
        self._open = np.zeros(n, np.int64)
        self._last_s = np.full(n, NOWHERE, np.int64)

    def live(
        self, day: int, on: Mask, site: I64, sites: Sites, projects: Projects, truth: Truth
    ) -> None:
        """One day. site: int64 (n,), the contract's project, NOWHERE for the yard, which is never
        open. A day on which rain or a holiday stops the site counts for nothing."""
        start_s = day_start_s(day)
        here = site != NOWHERE
        at = np.maximum(site, 0)
        stopped = sites.closed[at] | (is_sunday(day) & ~projects.seven_days[at])
        counts = open_slots(projects.nights[at]) & (here & ~stopped)[:, None]
        slot_s = start_s + (np.arange(SLOTS) + 1) * SLOT_S
        last_on = np.where(on, np.arange(SLOTS), -1).max(axis=1)
        first_on = np.where(on.any(axis=1), on.argmax(axis=1), SLOTS)
        before = (counts & (np.arange(SLOTS) < first_on[:, None])).sum(axis=1)
        bound = IDLE_HOURS * SLOTS_PER_HOUR
        over = np.flatnonzero((self._open < bound) & (self._open + before >= bound))
        began_s = np.where(self._last_s[over] == NOWHERE, start_s, self._last_s[over])
        truth.begin(Kind.IDLE, over, began_s)
        worked = np.flatnonzero(last_on >= 0)
        truth.end(Kind.IDLE, worked, slot_s[first_on[worked]])
        after = (counts & (np.arange(SLOTS) > last_on[:, None])).sum(axis=1)
        self._open = np.where(last_on >= 0, after, self._open + before)
        self._last_s[worked] = slot_s[last_on[worked]]
        moved = np.flatnonzero(~here)
        truth.end(Kind.IDLE, moved, start_s)
