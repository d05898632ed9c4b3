"""Machines and the sites on which they work."""

import numpy as np

from system.errors import InputError
from system.kernels.columns import I64, MISSING
from system.leasing.calendars import DAY_MS, LOCAL_OFFSET_MS, week_of
from system.leasing.checkpoints import fresh_twins
from system.leasing.commands import (
    CloseSiteDays,
    DefineSite,
    EnrolMachines,
    MoveMachines,
    RecordService,
    SetTerms,
)
from system.leasing.desk import Parts, answer_or_raise, bounded, machines_of
from system.leasing.fences import fence_of
from system.leasing.records import CLOSED_DAYS, MACHINES, SITES, TWINS, ClosedDay, Site
from system.leasing.service_twins import follow_again
from system.limits import COLUMN_ROWS_MAX, ENGINE_S_MAX, FUEL_ML_MAX
from system.ports.book import BookUnit
from system.subledger.inputs import check_text

_SITES_MAX = 2**20
_DAY_MAX = 2_932_896  # the end of the year 9999
_MS_MAX = 2**48


def enrol_machines(parts: Parts, command: EnrolMachines) -> slice:
    """Take machines on; their rows. The same command again: the same rows."""
    n = command.n
    if not 1 <= n <= COLUMN_ROWS_MAX:
        raise InputError("n", n, f"give 1 to {COLUMN_ROWS_MAX}")
    columns = {
        "kind": bounded("kind", command.kind, n, 0, 2**16),
        "site": bounded("site", command.site, n, -1, _SITES_MAX),
        "tank_ml": bounded("tank_ml", command.tank_ml, n, 0, FUEL_ML_MAX),
        "burn_idle_ml": bounded("burn_idle_ml", command.burn_idle_ml, n, 0, FUEL_ML_MAX),
        "burn_full_ml": bounded("burn_full_ml", command.burn_full_ml, n, 0, FUEL_ML_MAX),
        "period_engine_s_max": bounded(
            "period_engine_s_max", command.period_engine_s_max, n, 0, ENGINE_S_MAX
        ),
        "service_every_s": bounded("service_every_s", command.service_every_s, n, 0, ENGINE_S_MAX),
    }

    def work(unit: BookUnit, _: int) -> str:
        _check_sites(unit, command.site)
        first = {
            "site_before": command.site,
            "service_due_s": command.service_every_s,
            "service_due_before_s": command.service_every_s,
        }
        rows = unit.append(MACHINES, n, {**columns, **first})
        twins = {**fresh_twins(n), "silence_told_ms": np.full(n, MISSING)}
        assert unit.append(TWINS, n, twins) == rows, "one row per machine in every frame"
        return f"{rows.start}:{rows.stop}"

    start, _, stop = answer_or_raise(parts, command, work).partition(":")
    return slice(int(start), int(stop))


def _check_sites(unit: BookUnit, site: I64) -> None:
    wanted = [number for number in np.unique(site).tolist() if number >= 0]
    found = unit.rows.get(SITES, [(number,) for number in wanted])
    for number, row in zip(wanted, found, strict=True):
        if row is None:
            raise InputError("site", number, "define the site first, or give -1 for none")


def define_site(parts: Parts, command: DefineSite) -> int:
    """Name a site's fence and hours; its number."""
    check_text("name", command.name)
    week_of(command.week)
    fence_of(command.fence, command.datum, parts.policy.fence_buffer_m)

    def work(unit: BookUnit, _: int) -> str:
        last = unit.rows.last(SITES)
        number = last.site + 1 if last is not None else 0
        unit.rows.insert(
            SITES, [Site(number, command.name, command.fence, command.datum, command.week)]
        )
        return str(number)

    return int(answer_or_raise(parts, command, work))


def close_days(parts: Parts, command: CloseSiteDays) -> None:
    """Sites do not work on these days; machines that were seen there since are judged again."""
    check_text("reason", command.reason)
    n = command.site.size
    site = bounded("site", command.site, n, 0, _SITES_MAX)
    day = bounded("day", command.day, n, 0, _DAY_MAX)

    def work(unit: BookUnit, _: int) -> str:
        _check_sites(unit, site)
        asked = list(dict.fromkeys(zip(site.tolist(), day.tolist(), strict=True)))
        held = unit.rows.get(CLOSED_DAYS, asked)
        fresh = [pair for pair, row in zip(asked, held, strict=True) if row is None]
        unit.rows.insert(CLOSED_DAYS, [ClosedDay(*pair, command.reason) for pair in fresh])
        _judge_closed(unit, parts, dict(sorted(fresh, reverse=True)))
        return str(len(fresh))

    answer_or_raise(parts, command, work)


def _judge_closed(unit: BookUnit, parts: Parts, first_day: dict[int, int]) -> None:
    """Judge machines of these sites again from the first closed day of each."""
    if not first_day:
        return
    machines = unit.read(MACHINES, ["site", "site_before"], slice(0, unit.count(MACHINES)))
    from_ms = np.full(machines["site"].size, 2**62)
    for site, day in first_day.items():
        here = (machines["site"] == site) | (machines["site_before"] == site)
        from_ms[here] = np.minimum(from_ms[here], day * DAY_MS - LOCAL_OFFSET_MS)
    rows = np.flatnonzero(from_ms < 2**62)
    follow_again(unit, parts, rows, from_ms[rows])


def move_machines(parts: Parts, command: MoveMachines) -> None:
    """Machines belong to other sites from a moment on."""

    def work(unit: BookUnit, _: int) -> str:
        rows = machines_of(unit.count(MACHINES), command.machine)
        site = bounded("site", command.site, rows.size, -1, _SITES_MAX)
        from_ms = bounded("from_ms", command.from_ms, rows.size, 0, _MS_MAX)
        _check_sites(unit, site)
        held = unit.read(MACHINES, ["site", "site_from_ms"], rows)
        if (from_ms < held["site_from_ms"]).any():
            raise InputError("from_ms", int(from_ms.min()), "move a machine after its last move")
        before = held["site"].copy()
        moved = {"site": site, "site_from_ms": from_ms, "site_before": before}
        unit.write(MACHINES, rows, moved)
        order = np.argsort(rows)
        follow_again(unit, parts, rows[order], from_ms[order])
        return ""

    answer_or_raise(parts, command, work)


def set_terms(parts: Parts, command: SetTerms) -> None:
    """Hours per period and service plan, held against readings from now on."""

    def work(unit: BookUnit, _: int) -> str:
        rows = machines_of(unit.count(MACHINES), command.machine)
        names = ("period_engine_s_max", "service_every_s")
        columns = {
            name: bounded(name, getattr(command, name), rows.size, 0, ENGINE_S_MAX)
            for name in names
        }
        unit.write(MACHINES, rows, columns)
        return ""

    answer_or_raise(parts, command, work)


def record_service(parts: Parts, command: RecordService) -> None:
    """Machines were serviced: the next is due one interval after the hours that they have."""
    check_text("officer", command.officer)

    def work(unit: BookUnit, now_s: int) -> str:
        rows = machines_of(unit.count(MACHINES), command.machine)
        twins = unit.read(TWINS, ["engine_s", "engine_before_s"], rows)
        known = twins["engine_s"] != MISSING
        hours_s = np.where(known, twins["engine_s"] + twins["engine_before_s"], 0)
        held = unit.read(MACHINES, ["service_every_s", "service_due_s"], rows)
        every_s, due_s = held["service_every_s"], held["service_due_s"].copy()
        columns = {
            "service_due_before_s": due_s,
            "service_from_ms": np.full(rows.size, now_s * 1_000),
            "service_due_s": np.where(every_s > 0, hours_s + every_s, 0),
        }
        unit.write(MACHINES, rows, columns)
        return ""

    answer_or_raise(parts, command, work)
