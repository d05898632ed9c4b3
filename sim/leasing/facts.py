"""What a run notes of each measured day, so that it can be measured."""

from dataclasses import dataclass, field

import numpy as np

from sim.leasing.grid import MONTH_DAYS, SLOTS_PER_HOUR
from sim.leasing.machines import MachineDay
from sim.leasing.weather import is_rest_day, is_sunday
from sim.leasing.work import NOWHERE
from sim.leasing.world_parameters import WorldParameters
from sim.portable import F64, I64

# Hours that a machine could work on a working day: one shift.
SHIFT_HOURS = 8


@dataclass
class Facts:
    """Sums over the measured days. Hours are of all machines that the lessor
    owns, the pool included.

    shift_hours: what they could work in one shift on working days.  worked: of real work.
    leased_days: machine days at a lessee.  machine_days: of ownership.
    active, owned: machines that worked in each month, and that were the lessor's at its end.
    spot_hours, own_hours: of work that contractors had done by other machines.
    """

    n: int
    days: int = 0
    shift_hours: int = 0
    worked: float = 0.0
    engine_slots: int = 0
    idle_hours: float = 0.0
    leased_days: int = 0
    spot_hours: float = 0.0
    own_hours: float = 0.0
    machine_days: int = 0
    active: list[int] = field(default_factory=list)
    owned: list[int] = field(default_factory=list)
    _month: I64 = field(init=False)

    def __post_init__(self) -> None:
        self._month = np.zeros(self.n, np.int64)

    def note(
        self,
        day: int,
        p: WorldParameters,
        work: MachineDay,
        lessee: I64,
        outside: tuple[F64, F64],
        owned: int,
    ) -> None:
        """One day. outside: hours of own and of spot machines, by contractor.  owned: machines that
        the lessor has."""
        self.days += 1
        self.machine_days += owned
        if not (is_sunday(day) or is_rest_day(day, p)):
            self.shift_hours += SHIFT_HOURS * owned
        self.worked += float(work.worked.sum())
        self.engine_slots += int(work.slots.sum())
        self.idle_hours += float((work.slots * work.idle).sum()) / SLOTS_PER_HOUR
        self.leased_days += int((lessee != NOWHERE).sum())
        self.own_hours += float(outside[0].sum())
        self.spot_hours += float(outside[1].sum())
        self._month += work.slots
        if self.days % MONTH_DAYS == 0:
            self.active.append(int((self._month > 0).sum()))
            self.owned.append(owned)
            self._month[:] = 0

    @property
    def months(self) -> float:
        """Machine months."""
        return self.machine_days / MONTH_DAYS
