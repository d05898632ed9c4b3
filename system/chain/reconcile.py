"""Books against chain: parties stand alike, deposits equal tokens, lots are what is held there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from system.canonical import canonical_json, sha256_hex
from system.chain import cash
from system.chain.events import AlertRaised
from system.chain.records import ALERTS, LOTS, STANDINGS, Alert, Lot
from system.chain.session import Session
from system.ledger.records import ACCOUNTS
from system.parties.records import PARTIES

# As ILotLedger.LotState numbers them; rows that wait for the chain count as what it still holds.
_CHAIN_STATES = {
    "free": 1,
    "locked": 1,
    "financed": 3,
    "recoursing": 3,
    "redeemed": 4,
    "recoursed": 5,
    "split": 6,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Two records of one fact that disagree.

    what: party suspended, party expiry, deposit, lots, lot owner, lot value, lot tier, lot state.
    """

    what: str
    subject: str
    books: str
    chain: str


def differences(session: Session) -> list[Difference]:
    """Every disagreement, by kind and then key. Reads the chain twice per party, once per lot."""
    return [*_parties(session), *_deposits(session), *_lots(session)]


def _parties(session: Session) -> list[Difference]:
    found = []
    for standing in session.unit.scan(STANDINGS):
        party = session.sheet.need(PARTIES, standing.party_id)
        _, _, expires_at_s, suspended = _view(
            session, "Participants", "participant", standing.address
        )
        pairs = (
            ("party suspended", party.kyc_state == "suspended", suspended),
            ("party expiry", party.kyc_expires_at_s, expires_at_s),
        )
        found += _unequal(standing.party_id, pairs)
    return found


def _deposits(session: Session) -> list[Difference]:
    found = []
    for standing in session.unit.scan(STANDINGS):
        account = session.sheet.need(ACCOUNTS, cash.deposit(standing.party_id))
        [tokens] = _view(session, "DepositToken", "balanceOf", standing.address)
        if tokens != account.balance_fen:
            balance, chain = str(account.balance_fen), str(tokens)
            found.append(Difference("deposit", standing.party_id, balance, chain))
    return found


def _lots(session: Session) -> list[Difference]:
    addresses = {row.party_id: row.address for row in session.unit.scan(STANDINGS)}
    rows = session.unit.scan(LOTS)
    found = []
    for row in rows:
        [lot] = _view(session, "LotLedger", "lot", row.lot_id)
        found += _lot_differences(row, addresses[row.owner_id], lot)
    [count] = _view(session, "LotLedger", "lotCount")
    if count != len(rows):
        found.append(Difference("lots", "count", str(len(rows)), str(count)))
    return found


def _lot_differences(row: Lot, owner: str, lot: tuple[Any, ...]) -> list[Difference]:
    _, chain_owner, chain_value, _, chain_tier, chain_state, *_ = lot
    pairs = (
        ("lot owner", owner, chain_owner),
        ("lot value", row.value_fen - row.redeemed_fen, chain_value),
        ("lot tier", row.tier, chain_tier),
        ("lot state", _CHAIN_STATES[row.state], chain_state),
    )
    return _unequal(str(row.lot_id), pairs)


def _unequal(subject: str, pairs: Iterable[tuple[str, Any, Any]]) -> list[Difference]:
    return [
        Difference(what, subject, str(books), str(chain))
        for what, books, chain in pairs
        if books != chain
    ]


def _view(session: Session, contract: str, function: str, *values: Any) -> tuple[Any, ...]:
    return session.parts.contracts.view(session.parts.evm, contract, function, *values)


def raise_difference(session: Session, difference: Difference) -> None:
    """Store an alert with both sides as evidence."""
    evidence = canonical_json([difference.what, difference.books, difference.chain])
    alert_id = sha256_hex(f"reconcile|{session.now_s}|{difference.subject}|{evidence}")[:32]
    if session.sheet.get(ALERTS, alert_id) is not None:
        return
    rule = "books_and_chain_differ"
    row = Alert(alert_id, rule, difference.subject, evidence, session.now_s, blocks=False)
    session.sheet.add(ALERTS, row)
    session.note("reconcile", rule, difference.subject, evidence)
    session.emit(AlertRaised(alert_id, rule, difference.subject, evidence, session.now_s))
