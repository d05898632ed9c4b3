"""What the rail says, applied once: payments that went on, came to an end or came back."""

from dataclasses import dataclass, replace
from typing import Final

from system.canonical import sha256_hex
from system.compliance import audit
from system.compliance.records import AuditEntry
from system.errors import InputError
from system.ledger import inbox, outbox
from system.ledger.inbox import Incoming, Reception
from system.limits import TEXT_CHARS_MAX
from system.payments.desk import TARGET, account_of
from system.payments.records import MESSAGES, PAYMENTS, PAYOUT_ACCOUNTS, RailMessage, RailPayment
from system.payments.reports import Entry, Notification, StatusReport, read_report
from system.ports.store import Unit

# ISO 20022: a payment of this name came before.
DUPLICATE: Final = "AM05"


@dataclass(frozen=True, slots=True)
class Received:
    """Money that reached our account from outside. message_id: of the camt.054."""

    message_id: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Taken:
    """What one incoming message changed. changes: payments as they now stand, in the order in which
    they came to.  note: why it could not be used, or not all of it.
    """

    message_id: str
    changes: tuple[RailPayment, ...] = ()
    received: tuple[Received, ...] = ()
    note: str = ""


def take(unit: Unit, raw: bytes, now_s: int) -> Taken:
    """Apply one message of the rail; the same again changes nothing.

    One that cannot be read, or repeats an id with other content, is kept with a note for people.
    """
    try:
        report = read_report(raw, "payment message")
    except InputError as error:
        return keep_unusable(unit, raw, error.message(), now_s)
    [reception] = inbox.receive(
        unit, [Incoming(TARGET, report.message_id, raw.decode("utf-8"))], now_s
    )
    if reception is Reception.DUPLICATE:
        return Taken(report.message_id)
    if reception is Reception.QUARANTINED:
        return Taken(report.message_id, note="its id came before with other content")
    kind = "pacs.002" if isinstance(report, StatusReport) else "camt.054"
    taken = _apply(unit, report, now_s)
    row = RailMessage("in", report.message_id, kind, raw.decode("utf-8"), now_s, taken.note)
    unit.insert(MESSAGES, [row])
    return taken


def keep_unusable(unit: Unit, raw: bytes, note: str, now_s: int) -> Taken:
    """Keep the beginning of what could not be used, for people. The same again: nothing."""
    text = raw[:TEXT_CHARS_MAX].decode("utf-8", "replace").replace("\0", "�")
    message_id = f"unusable/{sha256_hex(text + note)[:24]}"
    if unit.get(MESSAGES, [("in", message_id)]) == [None]:
        unit.insert(MESSAGES, [RailMessage("in", message_id, "unknown", text, now_s, note)])
    return Taken(message_id, note=note)


def _apply(unit: Unit, report: StatusReport | Notification, now_s: int) -> Taken:
    if isinstance(report, StatusReport):
        return _apply_status(unit, report, now_s)
    changes, received, notes = list[RailPayment](), list[Received](), list[str]()
    for entry in report.entries:
        if entry.is_credit and not entry.return_reason:
            received.append(Received(report.message_id, entry))
            continue
        found, note = _change(unit, entry, now_s)
        changes += found
        notes += [note] if note else []
    return Taken(report.message_id, tuple(changes), tuple(received), "; ".join(notes))


def _apply_status(unit: Unit, report: StatusReport, now_s: int) -> Taken:
    [message] = unit.get(outbox.OUTBOX, [(report.original_id,)])
    if message is None or message.target != TARGET:
        return Taken(report.message_id, note=f"we sent no message {report.original_id}")
    outbox.mark_done(unit, [report.original_id], now_s)
    changes, notes = list[RailPayment](), list[str]()
    for line in report.lines:
        [row] = unit.get(PAYMENTS, [(line.end_to_end_id,)])
        if row is None or row.message_id != report.original_id:
            notes.append(f"no payment {line.end_to_end_id} of ours was in it")
            continue
        if line.reason == DUPLICATE:
            # The rail has it already: to take it for refused could pay it twice.
            notes.append(f"the rail calls {line.end_to_end_id} a duplicate")
            continue
        state = _STATES.get(line.status)
        if state is not None and _follows(row.state, state):
            changes.append(_enter(unit, row, state, line.reason, now_s))
    return Taken(report.message_id, tuple(changes), (), "; ".join(notes))


_STATES: Final = {
    "ACSP": "accepted",
    "PDNG": "accepted",
    "ACCP": "accepted",
    "ACSC": "settled",
    "ACCC": "settled",
    "RJCT": "rejected",
}
# What may follow what: news may overtake each other, but nothing comes back from an end.
_NEXT: Final = {
    "sent": ("accepted", "settled", "rejected", "returned"),
    "accepted": ("settled", "rejected", "returned"),
    "settled": ("returned",),
}


def _follows(state: str, new: str) -> bool:
    return new in _NEXT.get(state, ())


def _change(unit: Unit, entry: Entry, now_s: int) -> tuple[list[RailPayment], str]:
    [row] = unit.get(PAYMENTS, [(entry.end_to_end_id,)])
    if row is None or entry.amount_fen != row.amount_fen:
        return [], f"no payment {entry.end_to_end_id} of {entry.amount_fen} fen is ours"
    state = "returned" if entry.is_credit else "settled"
    if not _follows(row.state, state):
        return [], ""
    changes = []
    if state == "returned" and row.state != "settled":
        # It had settled, or it could not have come back; the books pass through both.
        changes.append(_enter(unit, row, "settled", "", now_s))
        row = changes[-1]
    changes.append(_enter(unit, row, state, entry.return_reason, now_s))
    return changes, ""


def _enter(unit: Unit, row: RailPayment, state: str, reason: str, now_s: int) -> RailPayment:
    changed = replace(row, state=state, reason=reason, changed_at_s=now_s)
    unit.replace(PAYMENTS, [changed])
    if state in ("rejected", "returned"):
        held = account_of(unit, row.owner)
        if held is not None and held.account == row.account:
            unit.replace(PAYOUT_ACCOUNTS, [replace(held, usable=False)])
    audit.append(unit, [AuditEntry("rail", state, row.payment_id, [row.amount_fen, reason])], now_s)
    return changed
