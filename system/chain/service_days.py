"""The end of the day: dates that have come, quotes that ran out, deposits that go home."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from system.chain import cash
from system.chain.limits_book import BANK, room_fen
from system.chain.records import (
    DAYS_CLOSED,
    DIARY,
    PAYMENTS,
    RECEIVABLES,
    REQUESTS,
    STANDINGS,
    CreditStanding,
    DayClosed,
    DiaryEntry,
)
from system.chain.service_enrol import top_up
from system.chain.service_financing import close_quote
from system.chain.session import Session
from system.chain.wallets import OPERATOR
from system.ledger.records import ACCOUNTS, HOLDS
from system.limits import DAY_S
from system.parties import service as parties
from system.parties.records import Role
from system.payments.desk import account_of

_NAME: Final = "receivables"


def end_of_day(session: Session) -> None:
    """Work through the diary up to today, expire KYC, top up floats, sweep deposits."""
    today = session.now_s // DAY_S
    closed = session.sheet.get(DAYS_CLOSED, _NAME)
    # Today is looked at again tomorrow: an entry's second may lie after this evening's.
    first = closed.day if closed is not None else _first_day(session, today)
    for day in range(first, today + 1):
        for entry in session.sheet.find(DIARY, {"day": day}):
            _look_at(session, entry)
    _close(session, closed, today)
    parties.expire_kyc(session.unit, session.now_s)
    standings = session.unit.scan(STANDINGS)
    session.sheet.load(ACCOUNTS, [(cash.deposit(one.party_id),) for one in standings])
    for standing in standings:
        _top_up_bank(session, standing, today)
    sweep(session, standings, today)


def _first_day(session: Session, today: int) -> int:
    entries = session.unit.scan(DIARY)
    return min((entry.day for entry in entries), default=today)


def _close(session: Session, closed: DayClosed | None, today: int) -> None:
    row = DayClosed(_NAME, today)
    if closed is None:
        session.sheet.add(DAYS_CLOSED, row)
    elif closed != row:
        session.sheet.put(DAYS_CLOSED, row)


def _look_at(session: Session, entry: DiaryEntry) -> None:
    """Do what the entry asks for if its second has come; otherwise it stays for tomorrow."""
    next_day = _DIARY_KINDS[entry.kind](session, entry.subject)
    if next_day is not None and next_day != entry.day:
        session.sheet.put(DIARY, replace(entry, day=next_day))


def _tomorrow(session: Session) -> int:
    return session.now_s // DAY_S + 1


def _acceptance_ends(session: Session, receivable_id: str) -> int | None:
    row = session.sheet.need(RECEIVABLES, receivable_id)
    if session.now_s < row.due_at_s:
        return _tomorrow(session)
    if row.state == "registered":
        session.sheet.put(RECEIVABLES, replace(row, state="expiring"))
        _mark(session, "expire", receivable_id)
    return None


def _falls_due(session: Session, receivable_id: str) -> int | None:
    """One entry follows a receivable: due, then overdue, then default, each in its time."""
    row = session.sheet.need(RECEIVABLES, receivable_id)
    policy, now_s = session.parts.policy, session.now_s
    marks = (
        ("due", row.due_at_s, ("accepted",)),
        ("overdue", row.due_at_s + policy.overdue_after_s, ("accepted", "due")),
        ("default", row.due_at_s + policy.default_after_s, ("overdue",)),
    )
    ready = [kind for kind, from_s, states in marks if row.state in states and now_s >= from_s]
    if ready:
        _mark(session, ready[-1], receivable_id)
        return _tomorrow(session)
    coming = [from_s for _, from_s, states in marks if row.state in states]
    return max(min(coming) // DAY_S, _tomorrow(session)) if coming else None


def _mark(session: Session, kind: str, receivable_id: str) -> None:
    subject = bytes.fromhex(receivable_id)
    session.queue.add(kind, OPERATOR, receivable_id, receivable_id, subject)


def _quote_ends(session: Session, request_id: str) -> int | None:
    request = session.sheet.need(REQUESTS, request_id)
    if request.state != "quoted":
        return None
    if session.now_s <= (request.expires_at_s or 0):
        return _tomorrow(session)
    close_quote(session, request, expired=True)
    return None


_DIARY_KINDS: Final[dict[str, Callable[[Session, str], int | None]]] = {
    "acceptance": _acceptance_ends,
    "due": _falls_due,
    "quote": _quote_ends,
}


def _top_up_bank(session: Session, standing: CreditStanding, today: int) -> None:
    """Losses shrink a bank's float; it must cover what its limit still allows."""
    party = session.party(standing.party_id)
    if party is None or not party.roles & Role.BANK:
        return
    account = session.sheet.need(ACCOUNTS, cash.deposit(standing.party_id))
    short_fen = room_fen(session.sheet, (BANK, standing.party_id)) - account.available_fen
    cause = f"top-up/{standing.party_id}/{today}"
    if short_fen > 0 and session.sheet.get(HOLDS, f"{cause}/float") is None:
        top_up(session, cause, standing.party_id, short_fen)


def pay_out(session: Session, party_ids: Sequence[str]) -> None:
    """Send these parties' free deposits home now; else the end of the day does."""
    standings = [session.sheet.need(STANDINGS, party_id) for party_id in party_ids]
    sweep(session, standings, session.now_s // DAY_S)


def sweep(session: Session, standings: Sequence[CreditStanding], today: int) -> None:
    """Send every enterprise's free deposit to its own bank account."""
    paying = {row.debtor_id for row in session.sheet.find(PAYMENTS, {"state": "sent"})}
    for standing in standings:
        party = session.party(standing.party_id)
        account = session.sheet.need(ACCOUNTS, cash.deposit(standing.party_id))
        # The token takes nothing from an inactive party, so its deposit waits for renewed KYC.
        active = session.verified(party, Role.DEBTOR | Role.SUPPLIER)
        if party is None or party.roles & Role.BANK or standing.party_id in paying or not active:
            continue
        if account.available_fen and _has_somewhere_to_go(session, standing.party_id):
            _withdraw(session, standing, account.available_fen, today)


def _has_somewhere_to_go(session: Session, party_id: str) -> bool:
    """By rail money leaves for an account that its owner named and that did not fail since."""
    if not session.parts.policy.pays_by_rail:
        return True
    account = account_of(session.unit, party_id)
    return account is not None and account.usable


def _withdraw(session: Session, standing: CreditStanding, amount_fen: int, today: int) -> None:
    # Credits posted tell apart two sweeps of one day.
    posted_fen = session.sheet.need(ACCOUNTS, cash.deposit(standing.party_id)).credits_posted_fen
    cause = f"sweep/{standing.party_id}/{today}/{posted_fen}"
    hold = cash.cash_out(cause, standing.party_id, amount_fen)
    session.move([hold])
    subject = standing.address
    session.queue.add("burn", OPERATOR, subject, hold.transfer_id, standing.address, amount_fen)
