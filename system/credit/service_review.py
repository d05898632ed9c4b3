"""The review: every open line that was granted on data is looked at again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from system.credit.appraisal import Appraisal, appraise
from system.credit.desk import Desk, Parts
from system.credit.events import Kind
from system.credit.kernels.limit import reviewed
from system.credit.once import run_once
from system.credit.records import LINES, Basis, LineState
from system.credit.reports import ReviewReport
from system.credit.sandboxed import outside, stopped
from system.errors import InputError
from system.kernels.arrears import days_past_due
from system.kernels.business_day import business_day
from system.kernels.columns import I64
from system.parties.consent import DataClass, Purpose, valid_classes

_ROWS_AT_ONCE: Final = 65_536
_CANDIDATE: Final = ("life", "basis")
_LINE: Final = ("limit_fen", "limit_up_day", "unpaid_due_day")


@dataclass(frozen=True, slots=True)
class _ReviewDay:
    command_id: str
    day: int


def review(parts: Parts, day: int) -> ReviewReport:
    """Review once on this day; asked again, the same report."""
    today = business_day(parts.clock.now_s())
    if day > today:
        raise InputError("day", day, f"today is {today}: review today, or a day that was")

    def work(desk: Desk) -> str:
        count = desk.unit.count(LINES)
        starts = range(0, count, _ROWS_AT_ONCE)
        parts_done = [
            _review(desk, day, start, min(start + _ROWS_AT_ONCE, count)) for start in starts
        ]
        return ",".join(str(sum(column)) for column in zip((0, 0, 0), *parts_done, strict=True))

    reply = run_once(parts, _ReviewDay(f"review of day {day}", day), work)
    return ReviewReport(day, *map(int, reply.response.split(",")))


def _review(desk: Desk, day: int, start: int, stop: int) -> tuple[int, int, int]:
    """Review the lines of one range: how many were looked at, raised, cut."""
    lines = desk.unit.read(LINES, _CANDIDATE, slice(start, stop))
    classes = valid_classes(desk.unit, Purpose.MONITORING, slice(start, stop), desk.now_s)
    may = (classes & DataClass.ORDERS) != 0
    rows = start + np.flatnonzero(
        may & (lines["life"] == LineState.OPEN) & (lines["basis"] == Basis.SCORE)
    )
    if not rows.size:
        return 0, 0, 0
    held = desk.unit.read(LINES, _LINE, rows)
    look = appraise(desk, rows, day, Purpose.MONITORING)
    return _move(desk, rows, held, look, day)


def _move(
    desk: Desk, rows: I64, held: Mapping[str, I64], look: Appraisal, day: int
) -> tuple[int, int, int]:
    """Set the new limits. Thin data leaves a limit where it is; arrears keep it from rising."""
    limit_fen = held["limit_fen"]
    target_fen = np.where(look.risk_refusal == 0, look.limit_fen, 0)
    after_fen = reviewed(limit_fen, target_fen, day - held["limit_up_day"], desk.policy.limit)
    past_due = days_past_due(held["unpaid_due_day"], day) > 0
    after_fen = np.where(past_due, np.minimum(after_fen, limit_fen), after_fen)
    after_fen = np.where(look.data_refusal != 0, limit_fen, after_fen)
    rising = np.flatnonzero(after_fen > limit_fen)
    kept = outside(desk, rows[rising], after_fen[rising]) | stopped(desk, rising.size)
    after_fen[rising[kept]] = limit_fen[rising[kept]]
    raised, moved = after_fen > limit_fen, after_fen != limit_fen
    changed = {
        "limit_fen": after_fen,
        "limit_up_day": np.where(raised, day, held["limit_up_day"]),
        "pd_ppm": look.scores.pd_ppm,
        "score": look.scores.score,
    }
    desk.write(rows, changed)
    desk.tell(Kind.LIMIT_SET, rows[moved], after_fen[moved])
    return rows.size, int(raised.sum()), int((moved & ~raised).sum())
