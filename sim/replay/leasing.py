"""A recorded log through the production twins and rules: which alerts there would have been."""

from dataclasses import dataclass

import numpy as np

from sim.replay.machine_log import MachineLog
from system.bootstrap_leasing import build_leasing
from system.leasing.calendars import ALWAYS, local_day
from system.leasing.commands import DefineSite, EnrolMachines
from system.leasing.fixed_rules import FixedAlert, FixedRules
from system.leasing.records import Alert


class _Clock:
    """As late as the newest reading."""

    def __init__(self, at_s: int) -> None:
        self.at_s = at_s

    def now_s(self) -> int:
        return self.at_s


@dataclass(frozen=True, slots=True)
class LeasingReplay:
    """alerts: those of the product.  fixed: those of the commission's three fixed rules."""

    log: MachineLog
    alerts: tuple[Alert, ...]
    fixed: tuple[FixedAlert, ...]


def replay_leasing(log: MachineLog, fence: str) -> LeasingReplay:
    """Take a log in day by day, as it would have come. fence: GeoJSON of all machines' site, or "".

    The site counts as open at all hours. Nothing is leased, and nobody is told.
    Raises InputError for a fence that cannot be used.
    """
    readings, n = log.readings, len(log.machines)
    clock = _Clock(int(readings.at_ms[0]) // 1_000)
    system = build_leasing(clock=clock, store_url="memory")
    site = system.leasing.define_site(DefineSite("site", "replay", fence, ALWAYS))
    none = np.zeros(n, np.int64)
    enrol = EnrolMachines("enrol", n, none, none + site, none, none, none, none, none)
    system.leasing.enrol_machines(enrol)
    fixed = FixedRules(n)
    days = local_day(readings.at_ms)
    for day in np.unique(days).tolist():
        part = readings.take(np.flatnonzero(days == day))
        clock.at_s = int(part.at_ms[-1]) // 1_000
        system.leasing.tick(int(part.at_ms[0]))
        system.leasing.take_in(part)
        fixed.take_in(part)
    system.leasing.tick(int(readings.at_ms[-1]))
    alerts = sorted(system.leasing.alerts(), key=lambda alert: (alert.found_ms, alert.alert_id))
    system.close()
    return LeasingReplay(log, tuple(alerts), tuple(fixed.alerts))
