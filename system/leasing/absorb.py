"""Readings into twins and alerts, in event time.

Readings beyond a machine's newest carry its twin on. Readings behind it change history: the twin
is taken back to the checkpoint before them and runs again over what was kept, and the difference
of episodes is what changes in the alerts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from system.kernels.columns import I64, MISSING, Mask
from system.leasing import history
from system.leasing.calendars import DAY_MS, LOCAL_OFFSET_MS, local_day
from system.leasing.checkpoints import earliest_from, keep_checkpoints
from system.leasing.evidence import Turn, alert_id, turns_of
from system.leasing.ground import ground_of
from system.leasing.judges import Columns
from system.leasing.passes import run_day
from system.leasing.policy import LeasingPolicy
from system.leasing.readings import Readings
from system.leasing.records import CARRIED_KINDS, MACHINES, TWIN_COLUMNS, TWINS
from system.limits import CHECKPOINT_DAYS
from system.ports.book import BookUnit, Frame

_MACHINE_COLUMNS = tuple(column.name for column in MACHINES.columns)
# All of a twin's, so that it is written without being read once more.
_COLUMNS = tuple(column.name for column in TWINS.columns)


@dataclass(frozen=True, slots=True)
class Absorbed:
    """turns: episodes begun or ended, by day and machine.  again_from_ms: machines whose history
    changed, and the event time from which it was judged again.  heard: machines that had been told
    silent since then.  too_late: readings older than any checkpoint, which change no twin.
    lasting: the alerts that were on where machines were judged again from.
    """

    turns: list[Turn]
    again_from_ms: dict[int, int]
    heard: dict[int, int]
    too_late: int
    lasting: frozenset[str] = frozenset()


def absorb(unit: BookUnit, readings: Readings, policy: LeasingPolicy) -> Absorbed:
    """Carry twins on over readings that history has kept, each once, in any order."""
    readings = readings.in_event_order()
    machines, starts = np.unique(readings.device, return_index=True)
    twins = _read(unit, TWINS, _COLUMNS, machines)
    told_ms = twins.pop("silence_told_ms")
    heard = _heard(machines, twins["at_ms"], told_ms)
    behind = _behind(twins, readings, starts)
    again_from_ms: dict[int, int] = {}
    lasting: set[str] = set()
    too_late = 0
    if behind.any():
        first_ms = np.full(machines.size, MISSING)
        for at in np.flatnonzero(behind).tolist():
            day, lost = _taken_back(unit, twins, at, int(machines[at]), readings, starts)
            too_late += lost
            first_ms[at] = day * DAY_MS - LOCAL_OFFSET_MS
            again_from_ms[int(machines[at])] = int(first_ms[at])
            lasting |= _lasting(twins, at, int(machines[at]))
        readings = _with_history(unit, readings, machines, first_ms, behind)
    turns = run_days(unit, readings, machines, twins, told_ms, policy)
    return Absorbed(turns, again_from_ms, heard, too_late, frozenset(lasting))


def judge_again(unit: BookUnit, machines: I64, from_ms: I64, policy: LeasingPolicy) -> Absorbed:
    """Run machines again from an event time on: what they are held against has changed.

    machines: int64 (n,), ascending.  from_ms: int64 (n,).  Machines with nothing since then stay.
    """
    twins = _read(unit, TWINS, _COLUMNS, machines)
    touched = (twins["at_ms"] != MISSING) & (twins["at_ms"] >= from_ms)
    machines, from_ms = machines[touched], from_ms[touched]
    if not machines.size:
        return Absorbed([], {}, {}, 0)
    twins = {name: column[touched] for name, column in twins.items()}
    again_from_ms: dict[int, int] = {}
    lasting: set[str] = set()
    parts = []
    for at, machine in enumerate(machines.tolist()):
        oldest = int(local_day(twins["at_ms"][at : at + 1])[0]) - CHECKPOINT_DAYS + 1
        day = max(int(local_day(from_ms[at : at + 1])[0]), oldest)
        _restore(unit, twins, at, machine, day)
        again_from_ms[machine] = day * DAY_MS - LOCAL_OFFSET_MS
        lasting |= _lasting(twins, at, machine)
        parts.append(history.since(unit.rows, machine, again_from_ms[machine]))
    told_ms = twins.pop("silence_told_ms")
    turns = run_days(unit, joined(parts), machines, twins, told_ms, policy)
    return Absorbed(turns, again_from_ms, {}, 0, frozenset(lasting))


def _read(unit: BookUnit, frame: Frame, names: Sequence[str], machines: I64) -> Columns:
    found = unit.read(frame, names, machines)
    return {name: column.copy() for name, column in found.items()}


def _heard(machines: I64, at_ms: I64, told_ms: I64) -> dict[int, int]:
    told = (told_ms == at_ms) & (at_ms != MISSING)
    return dict(zip(machines[told].tolist(), at_ms[told].tolist(), strict=True))


def _behind(twins: Columns, readings: Readings, starts: I64) -> Mask:
    """Machines whose earliest reading here is not beyond their newest known."""
    first = [getattr(readings, name)[starts] for name in ("at_ms", "boot", "sequence")]
    known = [twins[name] for name in ("at_ms", "boot", "sequence")]
    is_behind: Mask = first[0] < known[0]
    is_same = first[0] == known[0]
    is_behind |= is_same & (
        (first[1] < known[1]) | ((first[1] == known[1]) & (first[2] <= known[2]))
    )
    return is_behind


def _taken_back(
    unit: BookUnit, twins: Columns, at: int, machine: int, readings: Readings, starts: I64
) -> tuple[int, int]:
    """Put a twin back before its earliest late reading. Its day, and how many are lost."""
    newest_day = int(local_day(twins["at_ms"][at : at + 1])[0])
    stop = starts[at + 1] if at + 1 < starts.size else len(readings)
    days = local_day(readings.at_ms[starts[at] : stop])
    oldest = newest_day - CHECKPOINT_DAYS + 1
    day = max(int(days[0]), oldest)
    _restore(unit, twins, at, machine, day)
    return day, int((days < oldest).sum())


def _restore(unit: BookUnit, twins: Columns, at: int, machine: int, day: int) -> None:
    state = earliest_from(unit.rows, machine, day)
    for column, value in zip(TWIN_COLUMNS, state, strict=True):
        twins[column][at] = value


def _lasting(twins: Columns, at: int, machine: int) -> set[str]:
    """The alerts that are on in a twin."""
    since_ms = {kind: int(twins[f"{kind.name.lower()}_since_ms"][at]) for kind in CARRIED_KINDS}
    return {alert_id(machine, kind, start) for kind, start in since_ms.items() if start}


def _with_history(
    unit: BookUnit, readings: Readings, machines: I64, first_ms: I64, behind: Mask
) -> Readings:
    """The readings, those of machines that were taken back replaced by all that was kept."""
    late = behind[np.searchsorted(machines, readings.device)]
    parts = [readings.take(np.flatnonzero(~late))]
    for at in np.flatnonzero(behind).tolist():
        parts.append(history.since(unit.rows, int(machines[at]), int(first_ms[at])))
    return joined(parts)


def joined(parts: Sequence[Readings]) -> Readings:
    """Readings of several parts in event order."""
    columns = (
        np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Readings)
    )
    return Readings(*columns).in_event_order()


def run_days(
    unit: BookUnit,
    readings: Readings,
    machines: I64,
    twins: Columns,
    told_ms: I64,
    policy: LeasingPolicy,
) -> list[Turn]:
    """Run the rules day by day and write twins and checkpoints.

    told_ms: the twins' ``silence_told_ms``, which stays: what is written whole is not read first.
    """
    facts = _read(unit, MACHINES, _MACHINE_COLUMNS, machines)
    ground = ground_of(unit, facts, twins, readings, policy)
    days = local_day(readings.at_ms)
    place = np.searchsorted(machines, readings.device)
    turns: list[Turn] = []
    for day in np.unique(days).tolist():
        rows = np.flatnonzero(days == day)
        some, counts = np.unique(place[rows], return_counts=True)
        before = {name: column[some] for name, column in twins.items()}
        turned = (before["at_ms"] == MISSING) | (local_day(np.maximum(before["at_ms"], 0)) != day)
        keep_checkpoints(unit.rows, machines[some], before, turned, day)
        of_day = readings if rows.size == len(readings) else readings.take(rows)
        chosen = {name: column[some] for name, column in facts.items()}
        after, episodes = run_day(before, chosen, of_day, counts, ground, policy)
        for name, column in after.items():
            twins[name][some] = column
        turns += turns_of(episodes, machines[some], before, of_day)
    unit.write(TWINS, machines, {**twins, "silence_told_ms": told_ms})
    return turns
