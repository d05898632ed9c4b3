"""A payment rail in the process: hours, cut-off, cycles, checks of accounts, returns.

It knows payees' accounts by their numbers alone. A number that no bank gives is rejected at once,
as is one that is closed; one that is closed while a payment is under way sends it back after it was
settled. Nothing else goes wrong here: a broken line is the transport's (``sim`` cuts it).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, TypeVar

from system.canonical import sha256_hex
from system.errors import InputError
from system.limits import DAY_S, LOCAL_OFFSET_S
from system.payments.instructions import (
    PAYER_ACCOUNT,
    Initiation,
    Instruction,
    read_initiation,
)
from system.payments.reports import (
    DUPLICATE,
    Entry,
    Notification,
    StatusLine,
    StatusReport,
    write_notification,
    write_status,
)
from system.ports.clock import Clock
from system.ports.rail import Delivery
from system.ports.store import AtLeast, Store, Table, Unit

# ISO 20022 reason codes: no such account, closed account, payee's bank unknown.
NO_ACCOUNT: Final = "AC01"
CLOSED_ACCOUNT: Final = "AC04"
NO_AGENT: Final = "RC01"
_ACCOUNT: Final = re.compile(r"[0-9A-Z]{6,34}")
_AGENT: Final = re.compile(r"[0-9]{12}")
# Lines of a report, entries of a notification: a rail tells of many payments at once, and its
# customer takes a message in as one piece.
LINES_MAX: Final = 25
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RailTerms:
    """opens_s, cut_off_s: seconds of the day in China; what comes later waits for the next opening.

    cycle_s: settlement happens at this distance from the opening; 0 for at once.  confirm_s: from
    settlement to its confirmation.  return_s: from settlement to the day a payee's bank sends back
    what it cannot book.
    """

    opens_s: int = 0
    cut_off_s: int = DAY_S
    cycle_s: int = 0
    confirm_s: int = 0
    return_s: int = DAY_S

    def __post_init__(self) -> None:
        assert 0 <= self.opens_s < self.cut_off_s <= DAY_S
        assert min(self.cycle_s, self.confirm_s, self.return_s) >= 0

    def settles_at_s(self, asked_at_s: int) -> int:
        """When a payment that is asked for now is settled."""
        local_s = asked_at_s + LOCAL_OFFSET_S
        midnight_s, of_day_s = local_s - local_s % DAY_S, local_s % DAY_S
        if of_day_s >= self.cut_off_s:
            midnight_s, of_day_s = midnight_s + DAY_S, 0
        since_opening_s = max(of_day_s - self.opens_s, 0)
        if self.cycle_s:
            since_opening_s = -(-since_opening_s // self.cycle_s) * self.cycle_s
        return midnight_s + self.opens_s + since_opening_s - LOCAL_OFFSET_S


INSTANT: Final = RailTerms()


@dataclass(frozen=True, slots=True)
class RailTransfer:
    """state: accepted, settled, confirmed, then paid or returned.  next_at_s: of the next one."""

    end_to_end_id: str
    original_id: str
    account: str
    amount_fen: int
    state: str
    settled_at_s: int
    next_at_s: int


@dataclass(frozen=True, slots=True)
class RailReceived:
    message_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class RailOutgoing:
    """text: XML.  is_taken: the customer has acknowledged it."""

    number: int
    text: str
    is_taken: bool


@dataclass(frozen=True, slots=True)
class ClosedAccount:
    account: str
    closed_at_s: int


RECEIVED: Final = Table("railside_received", RailReceived, key=("message_id",))
TRANSFERS: Final = Table(
    "railside_transfer",
    RailTransfer,
    key=("end_to_end_id",),
    index=(("state",),),
    checks=(AtLeast("amount_fen", 1),),
    sealed=("account",),
)
OUTGOING: Final = Table(
    "railside_outgoing", RailOutgoing, key=("number",), index=(("is_taken",),), sealed=("text",)
)
CLOSED: Final = Table("railside_closed", ClosedAccount, key=("account",))
RAIL_TABLES: Final = (RECEIVED, TRANSFERS, OUTGOING, CLOSED)


class EmbeddedRail:
    """The rail over tables of its own in a store, so that it outlasts the process as a real one."""

    def __init__(self, store: Store, clock: Clock, terms: RailTerms = INSTANT) -> None:
        self._store, self._clock, self._terms = store, clock, terms

    def submit(self, message_id: str, raw: bytes) -> None:
        """As the port has it. Raises InputError for what is no pain.001 of this id."""
        asked = read_initiation(raw, message_id)
        if asked.message_id != message_id:
            raise InputError("MsgId", asked.message_id, f"name the message {message_id}")
        digest = sha256_hex(raw.decode())
        with self._store.transaction() as unit:
            [known] = unit.get(RECEIVED, [(message_id,)])
            if known is not None:
                if known.digest != digest:
                    raise InputError("MsgId", message_id, "give new content a new id")
                return
            unit.insert(RECEIVED, [RailReceived(message_id, digest)])
            self._take(unit, asked)

    def collect(self) -> Sequence[Delivery]:
        """As the port has it."""
        with self._store.transaction() as unit:
            self._work(unit)
            waiting = unit.find(OUTGOING, {"is_taken": False})
        return [Delivery(str(one.number), one.text.encode()) for one in waiting]

    def acknowledge(self, delivery_ids: Sequence[str]) -> None:
        """As the port has it."""
        with self._store.transaction() as unit:
            rows = unit.get(OUTGOING, [(int(one),) for one in delivery_ids])
            unit.replace(OUTGOING, [replace(row, is_taken=True) for row in rows if row])

    def close_account(self, account: str) -> None:
        """From now on the payee's bank has no such account any more. Again: nothing."""
        with self._store.transaction() as unit:
            if unit.get(CLOSED, [(account,)]) == [None]:
                unit.insert(CLOSED, [ClosedAccount(account, self._clock.now_s())])

    def _take(self, unit: Unit, asked: Initiation) -> None:
        now_s = self._clock.now_s()
        at_s = self._terms.settles_at_s(now_s)
        lines, taken = [], list[RailTransfer]()
        reasons = _reasons(unit, asked.instructions)
        for one, reason in zip(asked.instructions, reasons, strict=True):
            lines.append(StatusLine(one.end_to_end_id, "RJCT" if reason else "ACSP", reason))
            if not reason:
                facts = (asked.message_id, one.account, one.amount_fen, "accepted", at_s, at_s)
                taken.append(RailTransfer(one.end_to_end_id, *facts))
        unit.insert(TRANSFERS, taken)
        self._report(unit, asked.message_id, lines)

    def _work(self, unit: Unit) -> None:
        """Bring every transfer as far as the clock allows, and tell what happened."""
        now_s = self._clock.now_s()
        self._settle(unit, _due(unit, "accepted", now_s))
        self._confirm(unit, _due(unit, "settled", now_s))
        self._end(unit, unit.find(TRANSFERS, {"state": "confirmed"}), now_s)

    def _settle(self, unit: Unit, rows: Sequence[RailTransfer]) -> None:
        later_s = self._terms.confirm_s
        unit.replace(
            TRANSFERS,
            [replace(r, state="settled", next_at_s=r.settled_at_s + later_s) for r in rows],
        )

    def _confirm(self, unit: Unit, rows: Sequence[RailTransfer]) -> None:
        for original_id, some in groupby(rows, lambda row: row.original_id):
            lines = [StatusLine(row.end_to_end_id, "ACSC") for row in some]
            self._report(unit, original_id, lines)
        self._notify(unit, [Entry(r.end_to_end_id, r.amount_fen, is_credit=False) for r in rows])
        later_s = self._terms.return_s
        unit.replace(
            TRANSFERS,
            [replace(r, state="confirmed", next_at_s=r.settled_at_s + later_s) for r in rows],
        )

    def _end(self, unit: Unit, rows: Sequence[RailTransfer], now_s: int) -> None:
        """They come back if the account closed before the payee's bank could book them."""
        closed = unit.get(CLOSED, [(row.account,) for row in rows])
        paid, back = list[RailTransfer](), list[RailTransfer]()
        for row, shut in zip(rows, closed, strict=True):
            if shut is None or shut.closed_at_s > row.settled_at_s:
                paid.append(replace(row, state="paid"))
            elif now_s >= row.next_at_s:
                back.append(replace(row, state="returned"))
        told = [Entry(r.end_to_end_id, r.amount_fen, True, CLOSED_ACCOUNT) for r in back]
        self._notify(unit, told)
        unit.replace(TRANSFERS, paid + back)

    def _report(self, unit: Unit, original_id: str, lines: Sequence[StatusLine]) -> None:
        for some in _pages(lines):
            number = self._number(unit)
            report = StatusReport(f"PACS-{number}", original_id, tuple(some))
            self._send(unit, number, write_status(report, self._clock.now_s()))

    def _notify(self, unit: Unit, entries: Sequence[Entry]) -> None:
        for some in _pages(entries):
            number = self._number(unit)
            note = Notification(f"CAMT-{number}", PAYER_ACCOUNT, tuple(some))
            self._send(unit, number, write_notification(note, self._clock.now_s()))

    def _number(self, unit: Unit) -> int:
        last = unit.last(OUTGOING)
        return last.number + 1 if last is not None else 1

    def _send(self, unit: Unit, number: int, raw: bytes) -> None:
        unit.insert(OUTGOING, [RailOutgoing(number, raw.decode(), is_taken=False)])


def _due(unit: Unit, state: str, now_s: int) -> list[RailTransfer]:
    """What may leave this state, the oldest first, those of one message side by side."""
    rows = [row for row in unit.find(TRANSFERS, {"state": state}) if row.next_at_s <= now_s]
    return sorted(rows, key=lambda row: (row.next_at_s, row.original_id, row.end_to_end_id))


def _reasons(unit: Unit, instructions: Sequence[Instruction]) -> list[str]:
    """Why each cannot be paid; empty where it can."""
    before = unit.get(TRANSFERS, [(one.end_to_end_id,) for one in instructions])
    closed = unit.get(CLOSED, [(one.account,) for one in instructions])
    named = set[str]()
    reasons = []
    for one, known, shut in zip(instructions, before, closed, strict=True):
        repeated = known is not None or one.end_to_end_id in named
        named.add(one.end_to_end_id)
        reasons.append(DUPLICATE if repeated else _reason(one, shut is not None))
    return reasons


def _reason(one: Instruction, is_closed: bool) -> str:
    if not _AGENT.fullmatch(one.agent):
        return NO_AGENT
    if not _ACCOUNT.fullmatch(one.account):
        return NO_ACCOUNT
    return CLOSED_ACCOUNT if is_closed else ""


def _pages(told: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(told), LINES_MAX):
        yield told[first : first + LINES_MAX]
