"""Episodes into alerts, and alerts' way to the bank.

An alert's id names its episode, so the same episode never makes two. Each event of an alert has a
number of its own, under which it leaves through the outbox: once in effect, and in order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from system.canonical import canonical_json
from system.leasing.absorb import Absorbed
from system.leasing.bank_feed import tell_bank
from system.leasing.events import BANK, AlertEvent
from system.leasing.evidence import Turn, alert_id
from system.leasing.policy import LeasingPolicy
from system.leasing.records import ALERTS, OPEN_STATES, Alert, AlertKind, AlertState, Severity
from system.ledger import outbox
from system.ports.store import Unit


class AlertSheet:
    """The alerts that one piece of work touches: read once, changed here, written once."""

    def __init__(self, unit: Unit, policy: LeasingPolicy, now_s: int) -> None:
        self._unit, self._policy, self._now_s = unit, policy, now_s
        self._held: dict[str, Alert] = {}
        self._new: set[str] = set()
        self._changed: dict[str, None] = {}
        self._messages: list[outbox.OutboxMessage] = []

    def load(self, alert_ids: Iterable[str]) -> None:
        """Have these at hand."""
        missing = [name for name in dict.fromkeys(alert_ids) if name not in self._held]
        for alert in self._unit.get(ALERTS, [(name,) for name in missing]):
            if alert is not None:
                self._held[alert.alert_id] = alert

    def load_of(self, machine: int) -> list[Alert]:
        """All alerts of a machine."""
        for alert in self._unit.find(ALERTS, {"machine": machine}):
            self._held.setdefault(alert.alert_id, alert)
        return [alert for alert in self._held.values() if alert.machine == machine]

    def get(self, name: str) -> Alert | None:
        return self._held.get(name)

    def put(self, alert: Alert, event: AlertEvent | None, **more: object) -> Alert:
        """Keep a changed alert, and tell the bank where there is an event."""
        if event is not None:
            alert = replace(alert, version=alert.version + 1)
            self._messages.append(message_of(alert, event, self._now_s, more))
        if alert.alert_id not in self._held:
            self._new.add(alert.alert_id)
        self._held[alert.alert_id] = alert
        self._changed[alert.alert_id] = None
        return alert

    def raise_new(self, turn: Turn) -> Alert:
        """An episode that has no alert yet, or whose alert was corrected."""
        name = alert_id(turn.machine, turn.kind, turn.since_ms)
        before = self._held.get(name)
        version = before.version if before is not None else 0
        severity = Severity.NOTICE if turn.is_doubtful else self._policy.severity[turn.kind]
        raised = Alert(
            name,
            turn.machine,
            int(turn.kind),
            int(severity),
            int(AlertState.RAISED),
            turn.since_ms,
            turn.at_ms,
            0,
            self._now_s,
            0,
            0,
            0,
            "",
            "",
            version,
            turn.evidence,
        )
        event = AlertEvent.RAISED if before is None else AlertEvent.REOPENED
        return self.put(raised, event)

    def set_end(self, alert: Alert, end_ms: int) -> None:
        """Its cause was over then, or lasts (0). What people closed stays closed."""
        if alert.end_ms == end_ms:
            return
        alert = replace(alert, end_ms=end_ms)
        if end_ms and alert.state in OPEN_STATES:
            self._close(alert, AlertState.CLEARED, AlertEvent.CLEARED)
        elif not end_ms and alert.state == AlertState.CLEARED and not alert.cleared_by:
            state = AlertState.ACKNOWLEDGED if alert.officer else AlertState.RAISED
            self.put(replace(alert, state=int(state), closed_at_s=0), AlertEvent.REOPENED)
        else:
            self.put(alert, None)

    def correct(self, alert: Alert) -> None:
        """Late readings showed that it never was."""
        if alert.state != AlertState.CORRECTED:
            self._close(alert, AlertState.CORRECTED, AlertEvent.CORRECTED)

    def escalate(self, alert: Alert) -> None:
        """To the next in rank, one step more severe."""
        severity = min(alert.severity + 1, int(Severity.CRITICAL))
        state, now_s = int(AlertState.ESCALATED), self._now_s
        changed = replace(alert, state=state, severity=severity, escalated_at_s=now_s)
        self.put(changed, AlertEvent.ESCALATED)

    def _close(self, alert: Alert, state: AlertState, event: AlertEvent) -> None:
        self.put(replace(alert, state=int(state), closed_at_s=self._now_s), event)

    def write(self) -> None:
        """Write what changed, and the messages that tell of it."""
        fresh = [self._held[name] for name in self._changed if name in self._new]
        known = [self._held[name] for name in self._changed if name not in self._new]
        self._unit.insert(ALERTS, fresh)
        self._unit.replace(ALERTS, known)
        tell_bank(self._unit, self._messages)


def message_of(
    alert: Alert, event: AlertEvent, now_s: int, more: Mapping[str, object]
) -> outbox.OutboxMessage:
    """What the bank is told, under an id that the event alone determines."""
    payload = {
        "event": event.value,
        "alert_id": alert.alert_id,
        "machine": alert.machine,
        "kind": AlertKind(alert.kind).name,
        "severity": alert.severity,
        "state": AlertState(alert.state).name,
        "start_ms": alert.start_ms,
        "found_ms": alert.found_ms,
        "end_ms": alert.end_ms,
        "evidence": alert.evidence,
        "at_s": now_s,
        **more,
    }
    name = f"{alert.alert_id}#{alert.version}"
    text = canonical_json(payload)
    return outbox.message(name, BANK, alert.alert_id, alert.version, text, now_s)


def settle(sheet: AlertSheet, done: Absorbed, newest_ms: Mapping[int, int]) -> None:
    """Apply episodes to alerts: what began, what is over, and what never was.

    On machines that were judged again, what was found since then is what the turns say, and
    nothing else.  newest_ms: each such machine's newest reading: an alert of silence after it
    still stands. A machine told silent that was heard again was silent only if a gap was found.
    """
    begun: dict[str, Turn] = {}
    ends_ms: dict[str, int] = {}
    for turn in done.turns:
        name = alert_id(turn.machine, turn.kind, turn.since_ms)
        if not turn.ended:
            begun.setdefault(name, turn)
        ends_ms[name] = turn.at_ms if turn.ended else 0
    silences = [alert_id(m, AlertKind.OFFLINE, since_ms) for m, since_ms in done.heard.items()]
    sheet.load([*ends_ms, *silences])
    for machine, from_ms in done.again_from_ms.items():
        for alert in sheet.load_of(machine):
            if alert.alert_id not in ends_ms:
                is_on = alert.alert_id in done.lasting or alert.kind == AlertKind.OFFLINE
                _never_was(sheet, alert, from_ms, newest_ms[machine], is_on=is_on)
    for name in silences:
        told = sheet.get(name)
        still = told is not None and told.start_ms == newest_ms.get(told.machine)
        if told is not None and name not in ends_ms and not still:
            sheet.correct(told)
    for name, end_ms in ends_ms.items():
        held, turn_begun = sheet.get(name), begun.get(name)
        if turn_begun is not None and (held is None or held.state == AlertState.CORRECTED):
            held = sheet.raise_new(turn_begun)
        elif turn_begun is not None and held is not None:
            held = _seen_again(sheet, held, turn_begun, done.again_from_ms)
        assert held is not None, f"an episode ended that never began: {name}"
        sheet.set_end(held, end_ms)


def _never_was(
    sheet: AlertSheet, alert: Alert, from_ms: int, newest_ms: int, *, is_on: bool
) -> None:
    """An alert of which a second look found nothing. is_on: it was on where that look began."""
    if alert.kind == AlertKind.OFFLINE and alert.start_ms == newest_ms:
        return
    if alert.found_ms >= from_ms:
        sheet.correct(alert)
    elif is_on and alert.end_ms >= from_ms:
        sheet.set_end(alert, 0)
    elif not is_on and (alert.end_ms == 0 or alert.end_ms >= from_ms):
        # A cause may come back under its name: what came back since then was none.
        sheet.set_end(alert, from_ms)


def _seen_again(
    sheet: AlertSheet, alert: Alert, turn: Turn, again_from_ms: Mapping[int, int]
) -> Alert:
    """A second look may have found it at another reading."""
    is_second = alert.found_ms >= again_from_ms.get(alert.machine, 2**62)
    changed = (alert.found_ms, alert.evidence) != (turn.at_ms, turn.evidence)
    if not (is_second and changed):
        return alert
    return sheet.put(replace(alert, found_ms=turn.at_ms, evidence=turn.evidence), None)
