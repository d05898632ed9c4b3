"""Orders to machines: do not start, start again. Written with what causes them, sent afterwards.

The machine's own receipt settles one; until then it is on its way. An order comes from an alert, or
from a contract's arrears; both ask here whether the machine stands already.
"""

from dataclasses import dataclass
from typing import Final

from system.canonical import canonical_json
from system.leasing.events import MACHINE
from system.leasing.records import ACTIONS, Action, ActionKind, ActionState
from system.ledger import outbox
from system.ports.book import BookUnit

ORDERS: Final = (ActionKind.IMMOBILISE, ActionKind.RELEASE)


@dataclass(frozen=True, slots=True)
class Cause:
    """Who decided what about which machine. alert_id: "" where no alert is the reason."""

    action_id: str
    alert_id: str
    machine: int
    kind: ActionKind
    maker: str
    checker: str
    note: str


def is_stopped(unit: BookUnit, machine: int) -> bool:
    """Whether it is immobilised, or is on its way to be: the newest order that did not fail."""
    orders = [
        action
        for action in unit.rows.find(ACTIONS, {"machine": machine})
        if action.kind in ORDERS and action.state != ActionState.FAILED
    ]
    newest = max(orders, key=lambda action: (action.ordered_at_s, action.number), default=None)
    return newest is not None and newest.kind == ActionKind.IMMOBILISE


def write_down(
    unit: BookUnit, cause: Cause, now_s: int, state: ActionState = ActionState.ORDERED
) -> Action:
    """Keep an action; an order to the machine leaves with the caller's transaction."""
    number = len(unit.rows.find(ACTIONS, {"machine": cause.machine})) + 1
    action = Action(
        cause.action_id,
        cause.alert_id,
        cause.machine,
        number,
        int(cause.kind),
        int(state),
        cause.maker,
        cause.checker,
        now_s,
        0 if state == ActionState.ORDERED else now_s,
        cause.note,
    )
    unit.rows.insert(ACTIONS, [action])
    if cause.kind in ORDERS:
        text = canonical_json({"action_id": action.action_id, "order": cause.kind.name})
        key = str(cause.machine)
        sent = outbox.message(action.action_id, MACHINE, key, number, text, now_s)
        outbox.enqueue(unit.rows, [sent])
    return action
