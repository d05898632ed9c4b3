"""What the rail says, applied once: payments that went on, came to an end or came back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from system.canonical import sha256_hex
from system.compliance import audit
from system.compliance.records import AuditEntry
from system.errors import InputError
from system.ledger import inbox, outbox
from system.ledger.inbox import Incoming, Reception
from system.limits import TEXT_CHARS_MAX
from system.payments.desk import TARGET
from system.payments.records import MESSAGES, PAYMENTS, PAYOUT_ACCOUNTS, RailMessage, RailPayment
from system.payments.reports import (
    DUPLICATES,
    Entry,
    Notification,
    StatusLine,
    StatusReport,
    read_report,
)
from system.ports.store import Unit


@dataclass(frozen=True, slots=True)
class Received:
    """Money that reached our account from outside. message_id: of the camt.054.  position: which of
    its movements, since payers need not name theirs, and many do not."""

    message_id: str
    position: int
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


class _Payments:
    """The payments that one message speaks of: read together, changed in the order in which it
    does so, written together."""

    def __init__(self, unit: Unit, ids: Sequence[str], now_s: int) -> None:
        self._unit, self._now_s = unit, now_s
        named = list(dict.fromkeys(ids))
        found = unit.get(PAYMENTS, [(one,) for one in named])
        self._rows = {one: row for one, row in zip(named, found, strict=True) if row is not None}
        self.changes: list[RailPayment] = []

    def find(self, payment_id: str) -> RailPayment | None:
        """As it stands now."""
        return self._rows.get(payment_id)

    def enter(self, row: RailPayment, state: str, reason: str) -> None:
        """It goes on to this state."""
        changed = replace(row, state=state, reason=reason, changed_at_s=self._now_s)
        self._rows[row.payment_id] = changed
        self.changes.append(changed)

    def write(self) -> None:
        """Rows as they stand now, one audit link for each change."""
        last = {changed.payment_id: changed for changed in self.changes}
        self._unit.replace(PAYMENTS, list(last.values()))
        self._distrust([row for row in self.changes if row.state in ("rejected", "returned")])
        links = [
            AuditEntry("rail", row.state, row.payment_id, [row.amount_fen, row.reason])
            for row in self.changes
        ]
        audit.append(self._unit, links, self._now_s)

    def _distrust(self, failed: Sequence[RailPayment]) -> None:
        """Nothing more is sent to these accounts until they are named anew."""
        used = {(row.owner, row.account) for row in failed}
        owners = dict.fromkeys((row.owner,) for row in failed)
        held = self._unit.get(PAYOUT_ACCOUNTS, list(owners))
        same = [row for row in held if row is not None and (row.owner, row.account) in used]
        self._unit.replace(PAYOUT_ACCOUNTS, [replace(row, usable=False) for row in same])


def _apply(unit: Unit, report: StatusReport | Notification, now_s: int) -> Taken:
    if isinstance(report, StatusReport):
        report = replace(report, lines=_lines(unit, report))
        told: Sequence[StatusLine | Entry] = report.lines
    else:
        told = report.entries
    payments = _Payments(unit, [one.end_to_end_id for one in told], now_s)
    if isinstance(report, StatusReport):
        received, notes = list[Received](), _apply_status(unit, report, payments, now_s)
    else:
        received, notes = _apply_entries(report, payments)
    payments.write()
    changes = tuple(payments.changes)
    return Taken(report.message_id, changes, tuple(received), "; ".join(notes))


def _apply_entries(report: Notification, payments: _Payments) -> tuple[list[Received], list[str]]:
    """What came from outside, and what could not be used."""
    received, notes = list[Received](), list[str]()
    for position, entry in enumerate(report.entries):
        if entry.is_credit and not entry.return_reason:
            received.append(Received(report.message_id, position, entry))
        elif note := _change(payments, entry):
            notes.append(note)
    return received, notes


def _lines(unit: Unit, report: StatusReport) -> tuple[StatusLine, ...]:
    """Its own, and what it says of the whole message for each payment without one.

    Nothing is said of the whole where a line's payment is not known: it may be any of them.
    """
    rows = unit.find(PAYMENTS, {"message_id": report.original_id})
    named = {line.end_to_end_id for line in report.lines}
    if report.status not in _STATES or named - {row.payment_id for row in rows}:
        return report.lines
    return report.lines + tuple(
        StatusLine(row.payment_id, report.status, report.reason)
        for row in rows
        if row.payment_id not in named
    )


def _apply_status(unit: Unit, report: StatusReport, payments: _Payments, now_s: int) -> list[str]:
    """What could not be used."""
    [message] = unit.get(outbox.OUTBOX, [(report.original_id,)])
    if message is None or message.target != TARGET:
        return [f"we sent no message {report.original_id}"]
    outbox.mark_done(unit, [report.original_id], now_s)
    notes = list[str]()
    if not report.lines:
        notes.append(f"it says of no payment how it stands: status {report.status or 'missing'}")
    for line in report.lines:
        row = payments.find(line.end_to_end_id)
        if row is None or row.message_id != report.original_id:
            notes.append(f"no payment {line.end_to_end_id} of ours was in it")
            continue
        if line.reason in DUPLICATES:
            # The rail has it already: to take it for refused could pay it twice.
            notes.append(f"the rail calls {line.end_to_end_id} a duplicate")
            continue
        state = _STATES.get(line.status)
        if state is None:
            notes.append(f"status {line.status or 'missing'} of {line.end_to_end_id} is for people")
        elif _follows(row.state, state):
            payments.enter(row, state, line.reason)
    return notes


# Others, such as a cancellation or a blocked payment, are for people.
_STATES: Final = {
    "RCVD": "accepted",
    "PDNG": "accepted",
    "ACTC": "accepted",
    "ACCP": "accepted",
    "ACSP": "accepted",
    "ACWC": "accepted",
    "ACWP": "accepted",
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


def _change(payments: _Payments, entry: Entry) -> str:
    """Why an entry could not be used; empty where it was, or says nothing new."""
    row = payments.find(entry.end_to_end_id)
    if row is None or entry.amount_fen != row.amount_fen:
        return f"no payment {entry.end_to_end_id} of {entry.amount_fen} fen is ours"
    state = "returned" if entry.is_credit else "settled"
    if _follows(row.state, state):
        if state == "returned" and row.state != "settled":
            # It had settled, or it could not have come back; the books pass through both.
            payments.enter(row, "settled", "")
        payments.enter(row, state, entry.return_reason)
    return ""
