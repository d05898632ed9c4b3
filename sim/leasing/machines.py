"""The state of the machines: who has them, where they stand, when they break."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from sim.leasing.contractors import lognormal
from sim.leasing.fleet import Fleet
from sim.leasing.work import NOWHERE
from sim.leasing.world_parameters import WorldParameters
from sim.portable import F64, I64, Mask
from sim.streams import Luck

_LONG_AGO = -(10**6)


@dataclass(slots=True)
class Machines:
    """Columns (n,). Days are local business day numbers.

    lessee: contractor or NOWHERE (in the pool).  place: project or NOWHERE.
    ready_on: delivered, or back and checked.  free_on: end of the commitment.
    down_until: repaired on that day.  month_hours: on which the next price depends.
    service_hours: engine hours since the last service.  blocked: does not start.
    gone: out of everybody's reach but the thief's.  retired: sold, or to be sold.
    """

    lessee: I64
    place: I64
    leased_on: I64
    ready_on: I64
    free_on: I64
    down_until: I64
    month_hours: F64
    service_hours: F64
    blocked: Mask
    gone: Mask
    retired: Mask

    def usable(self, day: int) -> Mask:
        """Which machines somebody could start today: bool (n,)."""
        here: Mask = (self.ready_on <= day) & (self.down_until <= day) & ~self.blocked & ~self.gone
        return here & ~self.retired


@dataclass(frozen=True, slots=True)
class MachineDay:
    """What each machine did on one day, (n,).

    slots: half hours with the engine on, int64.  idle: part of them without work.
    worked: hours of real work, float64.  place: project, or NOWHERE for no work.
    """

    slots: I64
    idle: F64
    worked: F64
    place: I64


def open_machines(fleet: Fleet) -> Machines:
    """All machines in the pool."""
    n = fleet.n

    def column(name: str) -> Any:
        if name in ("lessee", "place"):
            return np.full(n, NOWHERE, np.int64)
        if name in ("blocked", "gone", "retired"):
            return np.zeros(n, np.bool_)
        if name in ("month_hours", "service_hours"):
            return np.zeros(n)
        return np.full(n, _LONG_AGO, np.int64)

    return Machines(**{field.name: column(field.name) for field in fields(Machines)})


def break_down(luck: Luck, p: WorldParameters, machines: Machines, hours: F64, day: int) -> None:
    """Use wears; a machine whose service is overdue breaks more often."""
    n = hours.size
    overdue = machines.service_hours > p.service_interval_hours
    rate = p.breakdown_per_hour * np.where(overdue, p.breakdown_neglect_ratio, 1.0)
    broken = np.flatnonzero(luck.cohort("breakdown", day, n) < rate * hours)
    days = p.repair_days_p50 * lognormal(luck, "repair", n, p.repair_sigma, day)
    machines.down_until[broken] = day + 1 + np.ceil(days[broken]).astype(np.int64)
    machines.service_hours += hours
