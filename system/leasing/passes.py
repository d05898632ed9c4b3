"""All rules over one business day of many machines: twin, readings -> twin, episodes."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from system.kernels.columns import I64, MISSING
from system.leasing import judges
from system.leasing.judges import Columns, Ground, Pass
from system.leasing.policy import LeasingPolicy
from system.leasing.readings import Readings

# Of these the twin has what was said last.
_LAST_SAID: Final = (
    "tank_permille",
    "voltage_mv",
    "running",
    "load_permille",
    "tamper",
    "idle_s",
    "faults",
    "firmware",
)
# Rows of one pass: what stays in a core's cache. Machines are never split.
PASS_ROWS: Final = 32_768


@dataclass(frozen=True, slots=True)
class Episodes:
    """Episodes that began or ended, int64 (k,) each. ``row`` is of the readings; -1 for the twin.

    machine: position among the machines of the pass.  previous: the reading before, as ``row``.
    shifted: 1 where a fix would lie inside its fence but for the shift between two datums.
    """

    kind: I64
    machine: I64
    since_ms: I64
    found_ms: I64
    ended: I64
    measure: I64
    bound: I64
    row: I64
    previous: I64
    shifted: I64


def run_day(
    before: Columns,
    machines: Columns,
    readings: Readings,
    counts: I64,
    ground: Ground,
    policy: LeasingPolicy,
) -> tuple[Columns, Episodes]:
    """All rules over readings of one business day, in event order.

    before: TWINS columns int64 (m,).  machines: MACHINES columns int64 (m,).  counts: readings of
    each machine, int64 (m,), each at least 1.  Returns the twins after it, and what turned.
    """
    ends = np.cumsum(counts)
    after: Columns = {name: np.empty_like(column) for name, column in before.items()}
    found: list[Episodes] = []
    first = 0
    while first < counts.size:
        start = int(ends[first] - counts[first])
        stop = max(first + 1, int(np.searchsorted(ends, start + PASS_ROWS, side="right")))
        some, rows = slice(first, stop), slice(start, int(ends[stop - 1]))
        done, episodes = _run_some(
            {name: column[some] for name, column in before.items()},
            {name: column[some] for name, column in machines.items()},
            readings.part(rows),
            counts[some],
            ground,
            policy,
        )
        for name, column in done.items():
            after[name][some] = column
        found.append(_moved(episodes, first, start))
        first = stop
    return after, joined(found)


def _run_some(
    before: Columns,
    machines: Columns,
    readings: Readings,
    counts: I64,
    ground: Ground,
    policy: LeasingPolicy,
) -> tuple[Columns, Episodes]:
    work = Pass(before, machines, readings, counts, policy)
    work.keep(**{name: work.column(name) for name in ("boot", "sequence", "at_ms")})
    work.keep(received_ms=np.maximum.accumulate(work.column("received_ms")))
    for name in _LAST_SAID:
        column = work.column(name)
        work.keep(**{name: work.track.filled(column, column != MISSING)})
    site = judges.sites(work)
    judges.judge_silence(work)
    judges.judge_idle(work, site, ground)
    judges.judge_places(work, site, ground)
    judges.judge_counters(work)
    judges.judge_fuel(work)
    return work.after, _episodes(work)


def _episodes(work: Pass) -> Episodes:
    """All turns of a pass, as episodes of its machines and rows of its readings."""
    track = work.track
    machine_of = np.cumsum(track.is_head) - 1
    reading_of = np.cumsum(~track.is_head) - 1
    parts = []
    for kind, turns in work.turns:
        row = reading_of[turns.row]
        first = track.is_head[turns.row - 1]
        parts.append(
            Episodes(
                np.full(row.size, int(kind)),
                machine_of[turns.row],
                turns.since_ms,
                work.at_ms[turns.row],
                turns.ended,
                turns.measure,
                turns.bound,
                row,
                np.where(first, -1, row - 1),
                work.shifted[turns.row].astype(np.int64),
            )
        )
    return joined(parts)


def _moved(found: Episodes, machines: int, rows: int) -> Episodes:
    return Episodes(
        found.kind,
        found.machine + machines,
        found.since_ms,
        found.found_ms,
        found.ended,
        found.measure,
        found.bound,
        found.row + rows,
        np.where(found.previous < 0, -1, found.previous + rows),
        found.shifted,
    )


def joined(parts: list[Episodes]) -> Episodes:
    """Several in one."""
    none = np.zeros(0, np.int64)
    columns = [
        np.concatenate([none, *(getattr(part, name) for part in parts)])
        for name in Episodes.__slots__
    ]
    return Episodes(*columns)
