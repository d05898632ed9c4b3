"""How good alerts were, by events: ours, and the commission's fixed rules on the same stream.

An alert is right when it was told while a cause of its kind lasted on its machine, or up to a day
after (one poll and a delayed message take so long). A cause is found when such an alert was told.
A cause on a machine whose terminal said nothing from its beginning to its end is not counted: the
silence is (kind offline). Due services are a plan, not an anomaly: measured, and in no total.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Final

import numpy as np

from sim.leasing.grid import day_start_s
from sim.leasing.truth import Episodes, Kind
from sim.metrics.alert_scoring import MONTH_MS, Spans, score_events
from sim.metrics.base import Values
from sim.portable import Mask

if TYPE_CHECKING:
    from sim.leasing.stage import Stage

_MS: Final = 1_000
_GRACE_MS: Final = {int(kind): 86_400_000 for kind in Kind}
# Causes of the last week are left out of recall: their time is not over.
_OPEN_S: Final = 7 * 86_400
TOTAL: Final = tuple(kind for kind in Kind if kind is not Kind.MAINTENANCE)


def measure_alerts(stage: Stage) -> Values:
    """Both detectors, in all and by kind; None without readings."""
    if not stage.readings_count:
        return {}
    window = _window(stage)
    causes = _causes(stage.world.truth.episodes(window.end_s))
    values: Values = {}
    for prefix, told in (("", stage.told()), ("baseline_", stage.told_by_baseline())):
        values |= _scores(prefix, causes, told, window, TOTAL, "")
        for kind in Kind:
            values |= _scores(prefix, causes, told, window, (kind,), f".{kind.name.lower()}")
    ours, theirs = values["alert_f1"], values["baseline_alert_f1"]
    values["alert_f1_gain"] = None if ours is None or theirs is None else ours - theirs
    values["readings_count"] = stage.readings_count
    return values


@dataclass(frozen=True, slots=True)
class _Window:
    start_s: int
    end_s: int
    machine_ms: int


def _window(stage: Stage) -> _Window:
    start_s, end_s = day_start_s(stage.measured_from), day_start_s(stage.end_day)
    return _Window(start_s, end_s, (end_s - start_s) * _MS * stage.world.fleet.n)


def _causes(episodes: Episodes) -> Spans:
    """What a terminal that speaks could tell of."""
    seen = ~hidden(episodes)
    start_ms, end_ms = episodes.start_s[seen] * _MS, episodes.end_s[seen] * _MS
    return Spans(episodes.machine[seen], episodes.kind[seen], start_ms, end_ms, start_ms)


def hidden(episodes: Episodes) -> Mask:
    """Causes that begin and end within a silence."""
    found = np.zeros(episodes.kind.size, np.bool_)
    silent = np.flatnonzero(episodes.kind == Kind.OFFLINE)
    quiet = np.isin(episodes.kind, (Kind.OFFLINE, Kind.TAMPER))
    for row in silent.tolist():
        inside = episodes.machine == episodes.machine[row]
        inside &= episodes.start_s >= episodes.start_s[row]
        inside &= episodes.end_s <= episodes.end_s[row]
        found |= inside & ~quiet
    return found


def _scores(
    prefix: str,
    causes: Spans,
    told: Spans,
    window: _Window,
    kinds: tuple[Kind, ...],
    suffix: str,
) -> Values:
    causes = _rows(causes, np.isin(causes.kind, kinds))
    told = _rows(told, np.isin(told.kind, kinds))
    mine = _rows(told, told.told_ms >= window.start_s * _MS)
    begun = causes.start_ms >= window.start_s * _MS
    counted = _rows(causes, begun & (causes.start_ms <= (window.end_s - _OPEN_S) * _MS))
    said = score_events(causes, mine, _GRACE_MS)
    found = score_events(counted, told, _GRACE_MS)
    precision, recall = said.precision, found.recall
    both = precision + recall
    f1 = 2 * precision * recall / both if both else 0.0
    values = {
        "alert_precision": precision,
        "alert_recall": recall,
        "alert_f1": f1,
        "detection_delay_s_p50": found.delay_s(0.5),
        "detection_delay_s_p95": found.delay_s(0.95),
        "false_alerts_per_machine_month": (said.alerts - said.right) * MONTH_MS / window.machine_ms,
        "cause_count": found.causes,
        "alert_count": said.alerts,
    }
    return {f"{prefix}{name}{suffix}": _defined(value) for name, value in values.items()}


def _rows(spans: Spans, rows: Mask) -> Spans:
    return Spans(*(getattr(spans, name)[rows] for name in Spans.__slots__))


def _defined(value: float) -> float | None:
    return None if isnan(value) else value
