"""Readings in, silence noticed: what moves twins and raises alerts."""

from dataclasses import dataclass, fields

import numpy as np

from system.errors import InputError
from system.kernels.columns import I64, MISSING
from system.leasing import history
from system.leasing.absorb import Absorbed, absorb, judge_again
from system.leasing.alerts import AlertSheet, settle
from system.leasing.desk import Parts
from system.leasing.evidence import Turn, evidence_text
from system.leasing.kernels.offline import is_silent
from system.leasing.kernels.state import engine_state, fence_state
from system.leasing.readings import Readings
from system.leasing.records import ALERTS, CARRIED_KINDS, MACHINES, TWINS, AlertKind, AlertState
from system.leasing.service_link import look
from system.leasing.words import WORD_COLUMNS, texts_of
from system.ports.book import BookUnit, Rows


@dataclass(frozen=True, slots=True)
class TakenIn:
    """stored: readings that are new.  repeated: those known before.  turned: episodes begun, ended,
    found again or withdrawn.  too_late: stored, but older than any checkpoint.
    """

    stored: int
    repeated: int
    turned: int
    too_late: int


def take_in(parts: Parts, readings: Readings) -> TakenIn:
    """Store readings, carry twins on and settle alerts, in one transaction.

    Raises InputError for a machine that is not enrolled.
    """
    with parts.book.transaction() as unit:
        _check(unit, readings)
        kept = history.keep(unit.rows, readings)
        new = readings.take(np.flatnonzero(kept.is_new))
        done = follow(unit, parts, new)
    return TakenIn(len(new), len(readings) - len(new), len(done.turns), done.too_late)


def _check(unit: BookUnit, readings: Readings) -> None:
    machines = unit.count(MACHINES)
    device = readings.device
    if device.size and not (int(device.min()) >= 0 and int(device.max()) < machines):
        wrong = device[(device < 0) | (device >= machines)]
        raise InputError("device", int(wrong[0]), f"{machines} machines are enrolled")


def follow(unit: BookUnit, parts: Parts, readings: Readings) -> Absorbed:
    """Act on readings that were stored just now, in the same transaction."""
    if not len(readings):
        return Absorbed([], {}, {}, 0)
    done = absorb(unit, readings, parts.policy)
    settled(unit, parts, done)
    return done


def follow_again(unit: BookUnit, parts: Parts, machines: I64, from_ms: I64) -> None:
    """Judge machines again from an event time on."""
    settled(unit, parts, judge_again(unit, machines, from_ms, parts.policy))


def settled(unit: BookUnit, parts: Parts, done: Absorbed) -> None:
    """Bring alerts in line with what was found."""
    if not (done.turns or done.again_from_ms or done.heard):
        return
    machines = np.array(list(done.again_from_ms), np.int64)
    newest = unit.read(TWINS, ["at_ms"], machines)["at_ms"].tolist()
    sheet = AlertSheet(unit.rows, parts.policy, parts.clock.now_s())
    settle(sheet, done, dict(zip(machines.tolist(), newest, strict=True)))
    sheet.write()


def readings_of(
    parts: Parts, machine: int, after: tuple[int, int, int], limit: int
) -> list[dict[str, int | str]]:
    """The machine's first ``limit`` readings after this place in event order."""
    with parts.book.transaction() as unit:
        held = history.since(unit.rows, machine, after[0])
        places = zip(*(c.tolist() for c in (held.at_ms, held.boot, held.sequence)), strict=True)
        start = sum(place <= after for place in places)
        found = held.take(np.arange(start, min(start + limit, len(held))))
        texts = {name: texts_of(unit.rows, getattr(found, name)) for name in WORD_COLUMNS}
    names = [field.name for field in fields(Readings) if field.name not in ("device", *texts)]
    columns = {name: getattr(found, name).tolist() for name in names}
    shown: list[dict[str, int | str]] = []
    for row in range(len(found)):
        numbers = {n: column[row] for n, column in columns.items() if column[row] != MISSING}
        words = {n: text for n, said in texts.items() if (text := said[row]) is not None}
        shown.append({**numbers, **words})
    return shown


def words_said(parts: Parts, machine: int) -> dict[str, str]:
    """The newest words of a machine, by column."""
    with parts.book.transaction() as unit:
        twin = unit.read(TWINS, WORD_COLUMNS, np.array([machine], np.int64))
        said = {name: texts_of(unit.rows, twin[name])[0] for name in WORD_COLUMNS}
    return {name: text for name, text in said.items() if text is not None}


@dataclass(frozen=True, slots=True)
class TwinStates:
    """int64 (m,) each.  engine: an EngineState.  place: a Place.  hours_s: reconciled engine
    seconds, MISSING before the first.  alerts: bit 1 << kind for each episode that is on.
    """

    engine: I64
    place: I64
    hours_s: I64
    alerts: I64


def states(parts: Parts, now_ms: int, rows: Rows | None = None) -> TwinStates:
    """What twins say of machines now; of all unless some are named."""
    silence_ms = parts.policy.silence_ms_max
    since = {kind: f"{kind.name.lower()}_since_ms" for kind in CARRIED_KINDS}
    names = ["at_ms", "fix_at_ms", "running", "engine_s", "engine_before_s", *since.values()]
    with parts.book.transaction() as unit:
        every = slice(0, unit.count(TWINS))
        twins = unit.read(TWINS, names, every if rows is None else rows)
        at_ms, shown = twins["at_ms"], twins["engine_s"]
        is_on = [(twins[name] > 0) * (1 << kind) for kind, name in since.items()]
        silent = is_silent(at_ms, now_ms, silence_ms) * (1 << AlertKind.OFFLINE)
        fix_at_ms, outside_ms = twins["fix_at_ms"], twins[since[AlertKind.GEOFENCE]]
        return TwinStates(
            engine_state(at_ms, twins["running"], now_ms, silence_ms),
            fence_state(at_ms, fix_at_ms, outside_ms, now_ms, silence_ms),
            np.where(shown == MISSING, MISSING, shown + twins["engine_before_s"]),
            np.sum([silent, *is_on], axis=0, dtype=np.int64),
        )


def tick(parts: Parts, now_ms: int, *, is_linked: bool) -> int:
    """Notice what did not come: machines gone silent, alerts that nobody took. How many alerts.

    is_linked: whether readings could come.  Machines never heard of are not missed.
    """
    with parts.book.transaction() as unit:
        sheet = AlertSheet(unit.rows, parts.policy, parts.clock.now_s())
        link = look(unit, now_ms, parts.clock.now_s(), is_linked=is_linked)
        silent = _silent(unit, parts, now_ms, link.up_since_ms) if is_linked else []
        settle(sheet, Absorbed(silent, {}, {}, 0), {})
        late = _overdue(unit, parts, sheet)
        sheet.write()
    return len(silent) + late


def _silent(unit: BookUnit, parts: Parts, now_ms: int, up_since_ms: int) -> list[Turn]:
    """Nothing heard for too long since the newest reading, and since the line is up."""
    if now_ms - up_since_ms <= parts.policy.silence_ms_max:
        return []
    bound_ms = parts.policy.silence_ms_max
    everyone = slice(0, unit.count(TWINS))
    names = ["at_ms", "silence_told_ms", "boot", "sequence"]
    twins = unit.read(TWINS, names, everyone)
    silent = is_silent(twins["at_ms"], now_ms, bound_ms)
    rows = np.flatnonzero(silent & (twins["silence_told_ms"] != twins["at_ms"]))
    turns = []
    for row in rows.tolist():
        at_ms = int(twins["at_ms"][row])
        last = {name: int(twins[name][row]) for name in ("boot", "sequence", "at_ms")}
        text = evidence_text(bound_ms, bound_ms, [last])
        turns.append(Turn(row, AlertKind.OFFLINE, at_ms, at_ms + bound_ms, False, text))
    told_ms = twins["at_ms"][rows].copy()
    unit.write(TWINS, rows, {"silence_told_ms": told_ms})
    return turns


def _overdue(unit: BookUnit, parts: Parts, sheet: AlertSheet) -> int:
    """Escalate alerts that nobody took in the time that their severity gives."""
    now_s, after_s = parts.clock.now_s(), parts.policy.escalate_s
    overdue = [
        alert
        for alert in unit.rows.find(ALERTS, {"state": int(AlertState.RAISED)})
        if now_s - alert.raised_at_s >= after_s[parts.policy.severity[AlertKind(alert.kind)]]
    ]
    sheet.load(alert.alert_id for alert in overdue)
    for alert in overdue:
        sheet.escalate(alert)
    return len(overdue)
