"""People's answers to alerts, and what is done about them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from system.errors import InputError
from system.leasing import orders
from system.leasing.alerts import AlertSheet
from system.leasing.commands import (
    AcknowledgeAlerts,
    ActOnAlert,
    ClearAlerts,
    EscalateAlerts,
    SettleAction,
)
from system.leasing.desk import Parts, answered
from system.leasing.events import AlertEvent
from system.leasing.leases.service_hold import freeze_limit, lessee_of
from system.leasing.records import (
    ACTIONS,
    ALERTS,
    MACHINES,
    OPEN_STATES,
    Action,
    ActionKind,
    ActionState,
    Alert,
    AlertKind,
    AlertState,
)
from system.leasing.rules import Refusal, as_codes, first_refusal, from_codes
from system.ledger import outbox
from system.limits import BATCH_ITEMS_MAX
from system.ports.book import BookUnit
from system.subledger.inputs import check_text


def acknowledge(parts: Parts, command: AcknowledgeAlerts) -> list[Refusal]:
    """Somebody takes alerts on."""

    def one(sheet: AlertSheet, alert: Alert, now_s: int) -> Refusal:
        taken = (AlertState.ACKNOWLEDGED,)
        refusal = first_refusal(
            (alert.state not in OPEN_STATES, Refusal.ALERT_CLOSED),
            (alert.state in taken, Refusal.ALERT_TAKEN),
        )
        if not refusal:
            state = int(AlertState.ACKNOWLEDGED)
            changed = replace(alert, state=state, taken_at_s=now_s, officer=command.officer)
            sheet.put(changed, AlertEvent.ACKNOWLEDGED, officer=command.officer)
        return refusal

    return _each(parts, command, one)


def escalate(parts: Parts, command: EscalateAlerts) -> list[Refusal]:
    """Somebody asks the next in rank for help."""

    def one(sheet: AlertSheet, alert: Alert, now_s: int) -> Refusal:
        refusal = first_refusal(
            (alert.state not in OPEN_STATES, Refusal.ALERT_CLOSED),
            (alert.state == AlertState.ESCALATED, Refusal.ALERT_ALREADY_ESCALATED),
        )
        if not refusal:
            sheet.escalate(alert)
        return refusal

    return _each(parts, command, one)


def clear(parts: Parts, command: ClearAlerts) -> list[Refusal]:
    """People found alerts settled, before their cause was over."""
    check_text("note", command.note)

    def one(sheet: AlertSheet, alert: Alert, now_s: int) -> Refusal:
        refusal = first_refusal((alert.state not in OPEN_STATES, Refusal.ALERT_CLOSED))
        if not refusal:
            state = int(AlertState.CLEARED)
            changed = replace(alert, state=state, closed_at_s=now_s, cleared_by=command.officer)
            sheet.put(changed, AlertEvent.CLEARED, officer=command.officer, note=command.note)
        return refusal

    return _each(parts, command, one)


AlertCommand = AcknowledgeAlerts | EscalateAlerts | ClearAlerts


def _each(
    parts: Parts,
    command: AlertCommand,
    one: Callable[[AlertSheet, Alert, int], Refusal],
) -> list[Refusal]:
    check_text("officer", command.officer)
    ids = command.alert_ids
    if not 1 <= len(ids) <= BATCH_ITEMS_MAX:
        raise InputError("alert_ids", len(ids), f"give 1 to {BATCH_ITEMS_MAX}")

    def work(unit: BookUnit, now_s: int) -> str:
        sheet = AlertSheet(unit.rows, parts.policy, now_s)
        sheet.load(ids)
        refusals = []
        for name in ids:
            alert = sheet.get(name)
            refusals.append(Refusal.ALERT_UNKNOWN if alert is None else one(sheet, alert, now_s))
        sheet.write()
        return as_codes(refusals)

    text = answered(parts, command, work)
    return [Refusal.COMMAND_ID_REUSED] * len(ids) if text is None else from_codes(text)


def act(parts: Parts, command: ActOnAlert) -> Refusal:
    """Order something to be done about an alert. The action's id is the command's."""
    check_text("maker", command.maker)

    def work(unit: BookUnit, now_s: int) -> str:
        sheet = AlertSheet(unit.rows, parts.policy, now_s)
        sheet.load([command.alert_id])
        alert = sheet.get(command.alert_id)
        if alert is None:
            return as_codes([Refusal.ALERT_UNKNOWN])
        refusal = _action_refusal(unit, alert, command)
        if not refusal:
            _order(unit, sheet, alert, command, now_s)
            sheet.write()
        return as_codes([refusal])

    text = answered(parts, command, work)
    return Refusal.COMMAND_ID_REUSED if text is None else from_codes(text)[0]


def _action_refusal(unit: BookUnit, alert: Alert, command: ActOnAlert) -> Refusal:
    needs_two = command.kind >= ActionKind.LIMIT_CUT
    is_two = bool(command.checker) and command.checker != command.maker
    stopped = orders.is_stopped(unit, alert.machine)
    return first_refusal(
        (alert.state == AlertState.CORRECTED, Refusal.ALERT_CLOSED),
        (needs_two and not is_two, Refusal.NEEDS_FOUR_EYES),
        (command.kind is ActionKind.IMMOBILISE and stopped, Refusal.ALREADY_IMMOBILISED),
        (command.kind is ActionKind.RELEASE and not stopped, Refusal.NOT_IMMOBILISED),
        (
            command.kind is ActionKind.LIMIT_CUT and lessee_of(unit, alert.machine) is None,
            Refusal.NOT_LEASED,
        ),
    )


def _order(
    unit: BookUnit, sheet: AlertSheet, alert: Alert, command: ActOnAlert, now_s: int
) -> None:
    state = ActionState.ORDERED
    if command.kind is ActionKind.LIMIT_CUT:
        # Done as it is decided: the limit is the bank's own.
        lessee = lessee_of(unit, alert.machine)
        assert lessee is not None, "a limit cut for a machine that nobody leases"
        freeze_limit(unit, lessee)
        state = ActionState.DONE
    cause = orders.Cause(
        command.command_id,
        alert.alert_id,
        alert.machine,
        command.kind,
        command.maker,
        command.checker,
        command.note,
    )
    action = orders.write_down(unit, cause, now_s, state)
    sheet.put(alert, AlertEvent.ACTED, action=command.kind.name, action_id=action.action_id)


def settle_action(parts: Parts, command: SettleAction) -> Refusal:
    """People carried an action out, or could not."""
    check_text("officer", command.officer)

    def work(unit: BookUnit, now_s: int) -> str:
        [action] = unit.rows.get(ACTIONS, [(command.action_id,)])
        if action is None:
            return as_codes([Refusal.ACTION_UNKNOWN])
        refusal = first_refusal(
            (action.state != ActionState.ORDERED, Refusal.ACTION_SETTLED),
            (action.kind in orders.ORDERS, Refusal.SETTLED_BY_MACHINE),
        )
        if not refusal:
            _settle(unit, parts, action, command.done, command.note, now_s)
        return as_codes([refusal])

    text = answered(parts, command, work)
    return Refusal.COMMAND_ID_REUSED if text is None else from_codes(text)[0]


def receipt(parts: Parts, action_id: str, done: bool, note: str = "") -> bool:
    """A machine's own word that it carried an order out, or could not. False: known before.

    Raises InputError for an order that was never given.
    """
    with parts.book.transaction() as unit:
        action = order_of(unit, action_id)
        if action is None:
            raise InputError("action_id", action_id, "give the id of an order that was sent")
        return settle_order(unit, parts, action, done=done, note=note)


def order_of(unit: BookUnit, action_id: str) -> Action | None:
    """The action of this id, if it is an order to a machine."""
    [action] = unit.rows.get(ACTIONS, [(action_id,)])
    return action if action is not None and action.kind in orders.ORDERS else None


def settle_order(
    unit: BookUnit, parts: Parts, action: Action, *, done: bool, note: str = ""
) -> bool:
    """Take the machine's word on an order, in the caller's transaction. False: known before."""
    if action.state != ActionState.ORDERED:
        return False
    now_s = parts.clock.now_s()
    _settle(unit, parts, action, done, note, now_s)
    outbox.mark_done(unit.rows, [action.action_id], now_s)
    if done:
        stopped = int(action.kind == ActionKind.IMMOBILISE)
        _set_immobilised(unit, action.machine, stopped)
    return True


def _set_immobilised(unit: BookUnit, machine: int, stopped: int) -> None:
    row, value = np.array([machine], np.int64), np.array([stopped], np.int64)
    unit.write(MACHINES, row, {"immobilised": value})


def _settle(
    unit: BookUnit, parts: Parts, action: Action, done: bool, note: str, now_s: int
) -> None:
    state = ActionState.DONE if done else ActionState.FAILED
    unit.rows.replace(
        ACTIONS, [replace(action, state=int(state), settled_at_s=now_s, note=note or action.note)]
    )
    if not action.alert_id:
        return
    sheet = AlertSheet(unit.rows, parts.policy, now_s)
    sheet.load([action.alert_id])
    alert = sheet.get(action.alert_id)
    assert alert is not None, "an action without its alert"
    sheet.put(alert, AlertEvent.SETTLED, action_id=action.action_id, outcome=state.name)
    sheet.write()


def alerts(
    parts: Parts,
    machine: int | None = None,
    kind: AlertKind | None = None,
    *,
    is_open: bool = False,
) -> list[Alert]:
    """Alerts by id; of one machine, one kind, or only those that are open."""
    with parts.book.transaction() as unit:
        if is_open:
            found = [a for s in OPEN_STATES for a in unit.rows.find(ALERTS, {"state": int(s)})]
        elif machine is not None:
            found = unit.rows.find(ALERTS, {"machine": machine})
        else:
            found = unit.rows.scan(ALERTS)
    return [
        alert
        for alert in sorted(found, key=lambda alert: alert.alert_id)
        if machine in (None, alert.machine) and kind in (None, alert.kind)
    ]


def actions_on(parts: Parts, machine: int) -> Sequence[Action]:
    """What was ordered about a machine, in order."""
    with parts.book.transaction() as unit:
        return sorted(unit.rows.find(ACTIONS, {"machine": machine}), key=lambda a: a.number)


def actions(parts: Parts, alert_id: str) -> Sequence[Action]:
    """What was ordered about an alert, in order."""
    with parts.book.transaction() as unit:
        return sorted(unit.rows.find(ACTIONS, {"alert_id": alert_id}), key=lambda a: a.number)
