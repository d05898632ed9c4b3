"""Every lease's and every machine's life in one arm: postings, alerts, where the machine was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sim.leasing.audit import journal_of
from sim.leasing.model import setting_of
from sim.leasing.places import fixes_of, rings_of
from sim.leasing.stage import Stage, by_columns
from sim.lives import Fact, Lives
from sim.world import Task
from system.kernels.business_day import day_start_s
from system.leasing import history
from system.leasing.leases.service import LeaseService
from system.leasing.records import SITES, AlertKind, AlertState
from system.limits import DAY_S

LEASE: Final = "lease"
MACHINE: Final = "machine"
# Of each machine the newest fixes, and before them the last of each day.
_FIXES_MAX = 2_000


def lives_of(task: Task) -> Lives:
    """Simulate the task on columns in memory and tell it by lease and by machine."""
    stage = Stage(setting_of(task.scenario, task.arm, task.replication), "memory", by_columns)
    stage.run()
    found = Lives()
    found.add(contracts(stage.system.leases))
    found.add(_alerts(stage))
    found.add_journal(journal_of(stage), LEASE)
    _places(stage, found)
    stage.close()
    return found


def contracts(service: LeaseService) -> Iterator[Fact]:
    """Which machine is whose. value: the number of the other."""
    names = ("machine", "lessee", "from_day")
    leases = service.view(names, slice(0, service.leases))
    rows = zip(*(leases[name].tolist() for name in names), strict=True)
    for lease, (machine, lessee, from_day) in enumerate(rows):
        at_s = day_start_s(from_day)
        yield Fact(f"{LEASE}/{lease}", at_s, "of_machine", machine)
        yield Fact(f"{LEASE}/{lease}", at_s, "to_contractor", lessee)
        yield Fact(f"{MACHINE}/{machine}", at_s, "leased_as", lease)


def _alerts(stage: Stage) -> Iterator[Fact]:
    """value: how long the cause had lasted by its alert, in seconds."""
    for alert in stage.alerts():
        kind = AlertKind(alert.kind).name.lower()
        state = AlertState(alert.state).name.lower()
        since_s = alert.raised_at_s - alert.start_ms // 1_000
        who = f"{MACHINE}/{alert.machine}"
        yield Fact(who, alert.raised_at_s, f"alert_{kind}", since_s, f"now {state}")


def _places(stage: Stage, found: Lives) -> None:
    stays = _stays(stage)
    with stage.system.book.transaction() as unit:
        outlines = {site.site: rings_of(site) for site in unit.rows.scan(SITES)}
        for machine, sites in stays.items():
            fixes = fixes_of(history.since(unit.rows, machine, 0))
            by_day = {fix[0] // DAY_S: fix for fix in fixes[:-_FIXES_MAX]}
            kept = [*by_day.values(), *fixes[-_FIXES_MAX:]]
            found.places += [(machine, *fix) for fix in kept]
            found.fences[machine] = [outlines[site] for site in sites]


def _stays(stage: Stage) -> dict[int, list[int]]:
    """Each machine's sites in the order in which it came to them last."""
    stays: dict[int, dict[int, None]] = {}
    for machines, sites in stage.lessor.bank.moves:
        for machine, site in zip(machines.tolist(), sites.tolist(), strict=True):
            here = stays.setdefault(machine, {})
            here.pop(site, None)
            here[site] = None
    return {machine: list(sites) for machine, sites in stays.items()}
