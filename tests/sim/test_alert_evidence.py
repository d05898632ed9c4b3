"""The auditor of alerts: silent on what the product does, red on each planted bug."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from sim.checks.alert_evidence import (
    HELD,
    audit_evidence,
    audit_line,
    audit_one_open,
    audit_words,
)
from system.bootstrap_leasing import LeasingSystem
from system.leasing.events import BANK
from system.leasing.readings import Readings
from system.leasing.records import Alert, AlertKind, AlertState
from system.ledger.outbox import OUTBOX, OutboxMessage
from tests.system.leasing_world import HOUR_MS, LAT_E7, MONDAY_MS, joined, readings, system_of
from tests.system.test_leasing_any_order import END_MS, MACHINES, TERMS, troubled

KINDS = {int(kind): kind.name for kind in AlertKind}
STATES = {int(state): state.name for state in AlertState}


def sent_of(whole: Readings) -> dict[tuple[int, int, int], Mapping[str, int]]:
    names = [field.name for field in fields(Readings)]
    rows = zip(*(getattr(whole, name).tolist() for name in names), strict=True)
    sent = [dict(zip(names, row, strict=True)) for row in rows]
    return {(row["device"], row["boot"], row["sequence"]): row for row in sent}


def spoke_of(whole: Readings) -> dict[int, tuple[Any, Any]]:
    return {
        machine: (whole.at_ms[whole.device == machine],) * 2
        for machine in np.unique(whole.device).tolist()
    }


def messages_of(system: LeasingSystem) -> list[OutboxMessage]:
    with system.book.transaction() as unit:
        return [row for row in unit.rows.scan(OUTBOX) if row.target == BANK]


def ran() -> tuple[Readings, list[Alert], list[OutboxMessage]]:
    """Two weeks of trouble, in two halves, the second first."""
    whole = troubled(1)
    system = system_of(machines=MACHINES, **TERMS)
    cut = int(whole.at_ms.mean())
    for later in (True, False):
        system.leasing.take_in(whole.take(((whole.at_ms > cut) == later).nonzero()[0]))
    system.leasing.tick(END_MS)
    return whole, system.leasing.alerts(), messages_of(system)


def test_everything_that_the_product_raises_stands_before_the_auditor() -> None:
    whole, alerts, messages = ran()
    assert {AlertKind(alert.kind) for alert in alerts} == set(AlertKind)
    assert any(alert.state == AlertState.CORRECTED for alert in alerts)
    assert audit_evidence(alerts, KINDS, STATES, sent_of(whole), spoke_of(whole)) == HELD
    assert audit_one_open(alerts, STATES) == HELD
    assert audit_words(alerts, messages, STATES) == HELD


def _breached() -> tuple[Readings, Alert, list[OutboxMessage]]:
    lat_e7 = LAT_E7 + np.arange(8) + 100_000 * (np.arange(8) >= 4)
    whole = readings(8, lat_e7=lat_e7)
    system = system_of()
    system.leasing.take_in(whole)
    [alert] = system.leasing.alerts()
    return whole, alert, messages_of(system)


def _evidence(alert: Alert, change: Callable[[dict[str, Any]], object]) -> Alert:
    found = json.loads(alert.evidence)
    change(found)
    return replace(alert, evidence=json.dumps(found))


@pytest.mark.parametrize(
    ("planted", "told"),
    [
        (lambda a: _evidence(a, lambda e: e.update(readings=[])), "names no reading"),
        (lambda a: _evidence(a, lambda e: e.pop("bound")), "names no reading or no figure"),
        (lambda a: replace(a, machine=1), "id of another episode"),
        (lambda a: replace(a, end_ms=1), "over before it began"),
        (lambda a: _evidence(a, lambda e: e["readings"][0].update(boot=9)), "never sent"),
        (lambda a: _evidence(a, lambda e: e["readings"][1].update(lat_e7=5)), "other values"),
        (lambda a: replace(a, found_ms=a.found_ms + 1), "at another time"),
        (lambda a: _evidence(a, lambda e: e.update(measure=1)), "which 2 allows"),
    ],
)
def test_an_alert_without_its_evidence_is_found(
    planted: Callable[[Alert], Alert], told: str
) -> None:
    whole, alert, _ = _breached()
    assert told in audit_evidence([planted(alert)], KINDS, STATES, sent_of(whole), spoke_of(whole))


def test_silence_in_which_a_machine_spoke_is_found() -> None:
    whole = joined(readings(4), readings(4, start_ms=MONDAY_MS + 9 * HOUR_MS, engine_s=3_610_000))
    system = system_of()
    system.leasing.take_in(whole)
    alerts = system.leasing.alerts(kind=AlertKind.OFFLINE)
    assert audit_evidence(alerts, KINDS, STATES, sent_of(whole), spoke_of(whole)) == HELD
    spoke = joined(whole, readings(1, start_ms=MONDAY_MS + 3 * HOUR_MS))
    told = audit_evidence(alerts, KINDS, STATES, sent_of(spoke), spoke_of(spoke))
    assert told.endswith("tells of silence in which the machine spoke")


def test_a_second_open_alert_of_a_kind_is_found() -> None:
    _, alert, _ = _breached()
    assert "second one" in audit_one_open([alert, replace(alert, alert_id="x")], STATES)


@pytest.mark.parametrize(
    ("planted", "told"),
    [
        (lambda m: [*m, *m], "left twice"),
        (lambda m: [], "1 events, [] were told"),
        (lambda m: [*m, replace(m[0], message_id="0/IDLE/1#1")], "no alert that exists"),
        (
            lambda m: [replace(m[0], payload=m[0].payload.replace("RAISED", "CLEARED"))],
            "believes it CLEARED",
        ),
        (
            lambda m: [replace(m[0], payload=m[0].payload.replace("raised", "cleared"))],
            "first word",
        ),
    ],
)
def test_a_bank_that_was_told_something_else_is_found(
    planted: Callable[[list[OutboxMessage]], list[OutboxMessage]], told: str
) -> None:
    _, alert, messages = _breached()
    assert told in audit_words([alert], planted(messages), STATES)


def test_a_silence_that_was_told_while_the_line_was_down_is_found_out() -> None:
    system = system_of(machines=1)
    system.leasing.take_in(readings(4))
    system.leasing.tick(END_MS)
    [alert] = system.leasing.alerts(kind=AlertKind.OFFLINE)

    def told(*events: tuple[str, int]) -> list[OutboxMessage]:
        bodies = [json.dumps({"event": event, "at_s": at_s}) for event, at_s in events]
        return [replace(messages_of(system)[0], payload=body) for body in bodies]

    raised_s = alert.raised_at_s
    before, after = ("lost", raised_s - 1), ("returned", raised_s + 1)
    assert "while the line was down" in audit_line([alert], told(before, after), AlertKind.OFFLINE)
    assert "while the line was down" in audit_line([alert], told(before), AlertKind.OFFLINE)
    assert audit_line([alert], told(before, ("returned", raised_s)), AlertKind.OFFLINE) == HELD
    assert "were told" in audit_line([], told(after, before), AlertKind.OFFLINE)
