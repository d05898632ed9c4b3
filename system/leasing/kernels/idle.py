"""Idle: the engine does not turn for longer than the site's open hours explain."""

from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, MISSING, Mask
from system.leasing.kernels.latch import Finding
from system.leasing.kernels.track import Track, before


@dataclass(frozen=True, slots=True)
class Idle:
    """work_at_ms: last known work.  open_ms: open hours since in which there was none."""

    work_at_ms: I64
    open_ms: I64
    finding: Finding


def is_work(at_ms: I64, engine_step_s: I64, running: I64, work_s_min: int) -> tuple[Mask, Mask]:
    """Whether the machine worked since the row before, and whether that is known.

    Work is ``work_s_min`` engine seconds or more; between readings closer than that, the engine
    turning for half of the time. Without a counter the engine's own flag has to do.
    """
    enough_s = np.minimum((at_ms - before(at_ms)) // 2_000, work_s_min)
    counts = engine_step_s != MISSING
    works = np.where(counts, (engine_step_s >= enough_s) & (engine_step_s > 0), running == 1)
    return works, counts | (running != MISSING)


def starts_late(track: Track, works: Mask, step_s: I64, running: I64) -> I64:
    """Rows since whose predecessor the engine was off, then started, and has run to the end."""
    was_off = ~track.is_head & (before(running) == 0)
    rows: I64 = np.flatnonzero(works & was_off & (running == 1) & (step_s != MISSING))
    return rows


def idle(
    track: Track,
    at_ms: I64,
    works: Mask,
    known: Mask,
    open_ms: I64,
    lead_ms: I64,
    carried_work_ms: I64,
    carried_open_ms: I64,
    open_ms_max: int,
) -> Idle:
    """Idle beyond ``open_ms_max`` of open time.

    open_ms: int64 (rows,), how long the site was open between the row before and this one.
    lead_ms: how much of that went by before the work that the row tells of, 0 where not known: a
    machine that reached the bound between two readings is told with the one that ends it.  Time of
    which nothing is known counts neither way. Time before the first reading is not idle: a machine
    starts as if it had just worked.
    """
    works = works & known & ~track.is_head
    idle_ms = np.where(known & ~track.is_head, open_ms, 0)
    last = track.latest(works)
    since_ms = track.sum_since(idle_ms, last) + np.where(
        track.is_head[last], track.spread(carried_open_ms), 0
    )
    worked_ms = np.where(track.is_head, track.spread(carried_work_ms), at_ms)[last]
    first_ms = at_ms[np.minimum(track.head_of + 1, len(track) - 1)]
    worked_ms = np.where(worked_ms == MISSING, first_ms, worked_ms)
    over = (since_ms >= open_ms_max) & ~track.is_head
    stood_ms = before(since_ms) + lead_ms
    late = works & (before(since_ms) < open_ms_max) & (stood_ms >= open_ms_max)
    finding = Finding(
        over | late,
        works & ~late,
        np.where(late, before(worked_ms), worked_ms),
        np.where(late, stood_ms, since_ms),
        open_ms_max,
    )
    return Idle(worked_ms, since_ms, finding)
