"""What goes wrong, day by day, on the same luck in every arm; each trouble is noted as truth.

The lessor's people end some of them (``mend`` and its sisters); others end by themselves.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.leasing.activity import Tanks
from sim.leasing.contractors import lognormal
from sim.leasing.grid import MONTH_DAYS, SLOT_S, SLOTS, day_start_s
from sim.leasing.trouble_parameters import TroubleParameters
from sim.leasing.truth import Kind, Truth
from sim.portable import F64, I64, Mask, floor_i64
from sim.streams import Luck
from system.leasing.devices import BOOT_FIRST
from system.limits import YEAR_DAYS

FAR_S: Final = 2**40
# Of shorter times without coverage nobody wants to hear.
SILENCE_S: Final = 24 * 3_600
# Siphoning takes a half hour, between one and four at night.
_SIPHON_SLOT: Final = 2
_SIPHON_SLOTS: Final = 6
_SIPHON_SHARE: Final = (0.25, 0.7)
_SIPHON_LEVEL_MIN: Final = 0.4
_ROLLBACK_SLOT: Final = 1


@dataclass(slots=True)
class Ailing:
    """Columns (n,), what is wrong with each machine now.

    burn: factor on fuel.  leak: share of the tank that drips out in a day.
    mended_on: day on which a shop will have mended it, or NEVER.
    silent_from_s: from when its terminal sends nothing, FAR_S for never.
    opened_at_s: its terminal was opened then, FAR_S.  offset_s: taken off the display of hours.
    spoofs: its terminal lies about its place, and says spoof_lat_e7, spoof_lon_e7.
    boot, sequence: of its terminal.  outage_from_s, outage_until_s: last time without coverage.
    """

    burn: F64
    leak: F64
    mended_on: I64
    silent_from_s: I64
    opened_at_s: I64
    offset_s: I64
    spoofs: Mask
    spoof_lat_e7: I64
    spoof_lon_e7: I64
    boot: I64
    sequence: I64
    outage_from_s: I64
    outage_until_s: I64


def all_well(n: int) -> Ailing:
    def whole(value: int) -> I64:
        return np.full(n, value, np.int64)

    return Ailing(
        burn=np.ones(n),
        leak=np.zeros(n),
        mended_on=whole(FAR_S),
        silent_from_s=whole(FAR_S),
        opened_at_s=whole(FAR_S),
        offset_s=whole(0),
        spoofs=np.zeros(n, np.bool_),
        spoof_lat_e7=whole(0),
        spoof_lon_e7=whole(0),
        boot=whole(BOOT_FIRST),
        sequence=whole(0),
        outage_from_s=whole(0),
        outage_until_s=whole(0),
    )


class Troubles:
    """Draws every day's troubles for all machines, and keeps who ails."""

    def __init__(self, luck: Luck, p: TroubleParameters, n: int) -> None:
        self._luck, self._p, self.n = luck, p, n
        self.ailing = all_well(n)
        self.truth = Truth(n)

    def strikes(self, purpose: str, per_year: float, day: int) -> Mask:
        """Whom something strikes today: bool (n,)."""
        struck: Mask = self._luck.cohort(purpose, day, self.n) < per_year / YEAR_DAYS
        return struck

    def draw(self, purpose: str, day: int) -> F64:
        return self._luck.cohort(purpose, day, self.n)

    def morning(self, day: int, leased: Mask, priced: Mask, middle: tuple[I64, I64]) -> None:
        """New faults of machines and terminals. leased, priced: bool (n,), at a lessee, who pays
        by the hour.  middle: of the site at which the contract has each machine."""
        self._mended(day)
        self._burn_faults(day, leased)
        self._leaks(day, leased)
        self._noticed(day)
        self._terminals(day, leased)
        self._rollbacks(day, leased & priced)
        self._spoofers(day, leased & priced, middle)
        self._outages(day)
        self._reboots(day)

    def _burn_faults(self, day: int, leased: Mask) -> None:
        p, a = self._p, self.ailing
        struck = self.strikes("burn_fault", p.burn_fault_per_year, day) & leased & (a.burn == 1)
        rows = np.flatnonzero(struck)
        spread = p.burn_fault_ratio_max - p.burn_fault_ratio_min
        a.burn[rows] = p.burn_fault_ratio_min + spread * self.draw("burn_ratio", day)[rows]
        self.truth.begin(Kind.FUEL_BURN, rows, day_start_s(day))

    def _leaks(self, day: int, leased: Mask) -> None:
        """A tank, a line or a drain plug begins to drip, past the counter."""
        p, a = self._p, self.ailing
        struck = self.strikes("fuel_leak", p.leak_per_year, day) & leased & (a.leak == 0)
        rows = np.flatnonzero(struck)
        spread = p.leak_share_per_day_max - p.leak_share_per_day_min
        a.leak[rows] = p.leak_share_per_day_min + spread * self.draw("leak_share", day)[rows]
        self.truth.begin(Kind.FUEL_LEAK, rows, day_start_s(day))

    def _noticed(self, day: int) -> None:
        """Drivers find some of what is wrong with their machines."""
        a = self.ailing
        found = self.draw("fault_noticed", day) < self._p.fault_noticed_per_day
        self.repair(np.flatnonzero(((a.burn > 1) | (a.leak > 0)) & found), day)

    def repair(self, rows: I64, day: int) -> None:
        """Somebody sends for a mechanic."""
        a = self.ailing
        ill = rows[(a.burn[rows] > 1) | (a.leak[rows] > 0)]
        a.mended_on[ill] = np.minimum(a.mended_on[ill], day + self._p.fault_repair_days)

    def _mended(self, day: int) -> None:
        a = self.ailing
        rows = np.flatnonzero(a.mended_on <= day)
        a.burn[rows], a.leak[rows], a.mended_on[rows] = 1.0, 0.0, FAR_S
        for kind in (Kind.FUEL_BURN, Kind.FUEL_LEAK):
            self.truth.end(kind, rows, day_start_s(day))

    def _terminals(self, day: int, leased: Mask) -> None:
        """Some are taken off, some lose their SIM."""
        p = self._p
        at_s = day_start_s(day) + floor_i64(SLOTS * self.draw("terminal_hour", day)) * SLOT_S
        alive = self.ailing.silent_from_s == FAR_S
        taken = self.strikes("terminal_removed", p.terminal_removed_per_year, day)
        rows = np.flatnonzero(taken & leased & alive)
        self.remove_terminal(rows, at_s[rows])
        died = self.strikes("dead_sim", p.dead_sim_per_year, day) & alive & ~(taken & leased)
        rows = np.flatnonzero(died)
        self.ailing.silent_from_s[rows] = at_s[rows]
        self.truth.begin(Kind.OFFLINE, rows, at_s[rows])

    def remove_terminal(self, rows: I64, at_s: I64) -> None:
        """Somebody opens the terminal: it says so once or twice, and falls silent."""
        a = self.ailing
        a.opened_at_s[rows] = at_s
        a.silent_from_s[rows] = at_s + _LAST_WORDS_S
        self.truth.begin(Kind.TAMPER, rows, at_s)
        self.truth.begin(Kind.OFFLINE, rows, at_s + _LAST_WORDS_S)

    def replace_terminal(self, rows: I64, at_s: int) -> None:
        """An inspector leaves a terminal that works, is closed and tells the truth."""
        a = self.ailing
        a.silent_from_s[rows] = a.opened_at_s[rows] = FAR_S
        a.spoofs[rows] = False
        for kind in (Kind.TAMPER, Kind.OFFLINE, Kind.SPOOF):
            self.truth.end(kind, rows, at_s)

    def _rollbacks(self, day: int, tempted: Mask) -> None:
        """Where hours cost rent, some turn the meter back at night."""
        p = self._p
        rows = np.flatnonzero(self.strikes("rollback", p.rollback_per_year, day) & tempted)
        hours = 10 + floor_i64(p.rollback_hours_max * self.draw("rollback_hours", day)[rows])
        self.ailing.offset_s[rows] += hours * 3_600
        at_s = np.full(rows.size, day_start_s(day) + _ROLLBACK_SLOT * SLOT_S, np.int64)
        self.truth.moment(Kind.ROLLBACK, rows, at_s)

    def _spoofers(self, day: int, tempted: Mask, middle: tuple[I64, I64]) -> None:
        """Some make the terminal say that the machine is where the contract has it."""
        a = self.ailing
        struck = self.strikes("spoof", self._p.spoof_per_year, day) & tempted & ~a.spoofs
        rows = np.flatnonzero(struck & (a.silent_from_s == FAR_S))
        a.spoofs[rows] = True
        a.spoof_lat_e7[:], a.spoof_lon_e7[:] = middle
        self.truth.begin(Kind.SPOOF, rows, day_start_s(day))

    def _outages(self, day: int) -> None:
        """No coverage for some hours; the terminal keeps what it could not send."""
        p = self._p
        struck = self.strikes("outage", p.outage_per_month * YEAR_DAYS / MONTH_DAYS, day)
        hours = p.outage_hours_p50 * lognormal(self._luck, "outage", self.n, p.outage_sigma, day)
        from_s = day_start_s(day) + floor_i64(SLOTS * self.draw("outage_hour", day)) * SLOT_S
        until_s = from_s + floor_i64(hours * 3_600)
        a, rows = self.ailing, np.flatnonzero(struck)
        goes_on = a.outage_until_s[rows] >= from_s[rows]
        a.outage_from_s[rows] = np.where(goes_on, a.outage_from_s[rows], from_s[rows])
        a.outage_until_s[rows] = np.maximum(a.outage_until_s[rows], until_s[rows])
        long = rows[until_s[rows] - from_s[rows] >= SILENCE_S]
        self.truth.span(Kind.OFFLINE, long, from_s[long], until_s[long])

    def _reboots(self, day: int) -> None:
        a = self.ailing
        rate = self._p.reboot_per_month * YEAR_DAYS / MONTH_DAYS
        rows = np.flatnonzero(self.strikes("reboot", rate, day))
        a.boot[rows] += 1
        a.sequence[rows] = 0

    def siphoned_ml(self, day: int, leased: Mask, tanks: Tanks, tank_ml: I64) -> I64:
        """Fuel taken at night from machines that stand, and what drips out: int64 (n, SLOTS)."""
        drips_ml = floor_i64(tank_ml * self.ailing.leak / SLOTS)
        stolen_ml = np.repeat(drips_ml[:, None], SLOTS, axis=1)
        struck = self.strikes("fuel_theft", self._p.fuel_theft_per_year, day) & leased
        struck &= tanks.tank_ml > tank_ml * _SIPHON_LEVEL_MIN
        rows = np.flatnonzero(struck)
        low, high = _SIPHON_SHARE
        share = low + (high - low) * self.draw("siphon_share", day)[rows]
        slot = _SIPHON_SLOT + floor_i64(_SIPHON_SLOTS * self.draw("siphon_slot", day)[rows])
        stolen_ml[rows, slot] += floor_i64(tanks.tank_ml[rows] * share)
        self.truth.moment(Kind.FUEL_THEFT, rows, day_start_s(day) + slot * SLOT_S)
        return stolen_ml


# What an opened terminal still sends before its own battery is taken out.
_LAST_WORDS_S: Final = 2 * SLOT_S
