"""Books against chain: parties, deposits and their supply, receivables with their lots, limits."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from system.canonical import canonical_json, sha256_hex
from system.chain import cash
from system.chain.events import AlertRaised
from system.chain.index import cursor, logs
from system.chain.limits_book import GROUP, Line
from system.chain.operations import OPERATIONS
from system.chain.records import (
    ALERTS,
    LIMITS,
    LOTS,
    RECEIVABLES,
    REQUESTS,
    STANDINGS,
    Alert,
    CreditStanding,
    Lot,
    Receivable,
)
from system.chain.service_enrol import group_bytes
from system.chain.service_financing import lines_of_lot
from system.chain.session import Session
from system.ledger.records import ACCOUNTS
from system.parties.records import PARTIES, Party
from system.ports.store import Unit

RULE: Final = "reconciliation"
# As ILotLedger.LotState numbers them; rows that wait for the chain count as what it still holds.
_LOT_STATES: Final = {
    "free": 1,
    "locked": 1,
    "financed": 3,
    "recoursing": 3,
    "redeemed": 4,
    "recoursed": 5,
    "split": 6,
}
# As IRegistry.State numbers them.
_RECEIVABLE_STATES: Final = {
    "registered": 1,
    "accepted": 2,
    "rejected": 3,
    "expired": 4,
    "due": 5,
    "overdue": 6,
    "defaulted": 7,
    "settled": 8,
    "written_off": 9,
}
# Requests whose limits are reserved in the books and not yet used on the chain.
_RESERVING: Final = ("quoted", "splitting", "signing", "disbursing")


@dataclass(frozen=True, slots=True)
class Difference:
    """Two records of one fact that disagree.

    what: party suspended, party expiry, deposit, supply, lots, lot owner, lot value, lot tier,
    lot state, receivable state, receivable disputed, receivable terms, receivable paid,
    receivable lots, limit, limit used.
    """

    what: str
    subject: str
    books: str
    chain: str


@dataclass(frozen=True, slots=True)
class _Subject:
    """Something that both sides know.

    facts: what the books say, to see whether it changed.  waits: its names in queued
    operations, which make the books run ahead of the chain.
    """

    key: tuple[str, str]
    facts: Any
    waits: tuple[str, ...]
    compare: Callable[[], list[Difference]]


_Agrees = Callable[[tuple[str, str], Any, str], bool]


@dataclass(slots=True)
class Reconciler:
    """Remembers what agreed, and looks again only at what either side has touched since."""

    _agreed: dict[tuple[str, str], Any] = field(default_factory=dict)
    _height: int = -1

    def differences(self, session: Session) -> list[Difference]:
        """Every disagreement found, by kind and then key.

        What waits for the chain is passed over, and everything is while a transaction is in
        flight: it comes next time. Raises EvmUnavailable.
        """
        unit = session.unit
        if unit.find(OPERATIONS, {"state": "packed"}, limit=1):
            return []
        queued = unit.find(OPERATIONS, {"state": "queued"})
        waiting = {name for operation in queued for name in (operation.subject, operation.cause)}
        height = cursor(unit)
        touched = _touched(unit, self._height + 1, height)
        found = _totals(session)
        for subject in _subjects(session, partial(self._agrees, touched)):
            found += self._look(subject, waiting)
        self._height = height
        return found

    def _agrees(self, touched: set[str], key: tuple[str, str], facts: Any, topic: str) -> bool:
        """True for what agreed before and was left alone. topic: its name in the chain's logs."""
        return topic not in touched and self._agreed.get(key) == facts

    def _look(self, subject: _Subject, waiting: set[str]) -> list[Difference]:
        self._agreed.pop(subject.key, None)
        if any(name in waiting for name in subject.waits):
            return []
        found = subject.compare()
        if not found:
            self._agreed[subject.key] = subject.facts
        return found


def _touched(unit: Unit, first: int, last: int) -> set[str]:
    """Every indexed word of the logs: fingerprints, accounts and groups are all among them."""
    return {topic.hex() for log in logs(unit, first, last) for topic in log.topics[1:]}


def _totals(session: Session) -> list[Difference]:
    unit = session.unit
    standings = unit.scan(STANDINGS)
    accounts = unit.get(ACCOUNTS, [(cash.deposit(row.party_id),) for row in standings])
    deposits_fen = sum(account.balance_fen for account in accounts if account is not None)
    [supply_fen] = _view(session, "DepositToken", "totalSupply")
    [lot_count] = _view(session, "LotLedger", "lotCount")
    return [
        *_unequal("tokens", [("supply", deposits_fen, supply_fen)]),
        *_unequal("count", [("lots", len(unit.scan(LOTS)), lot_count)]),
    ]


def _subjects(session: Session, agrees: _Agrees) -> Iterator[_Subject]:
    """All that has to be compared: what does not agree since the last time."""
    standings = session.unit.scan(STANDINGS)
    keys = [row.party_id for row in standings]
    session.sheet.load(PARTIES, [(party_id,) for party_id in keys])
    session.sheet.load(ACCOUNTS, [(cash.deposit(party_id),) for party_id in keys])
    for standing in standings:
        yield from _party_subjects(session, standing, agrees)
    addresses = {row.party_id: row.address for row in standings}
    yield from _receivable_subjects(session, addresses, agrees)
    yield from _line_subjects(session, addresses, agrees)


def _party_subjects(
    session: Session, standing: CreditStanding, agrees: _Agrees
) -> Iterator[_Subject]:
    party_id, address = standing.party_id, standing.address
    party = session.sheet.need(PARTIES, party_id)
    topic, key = _word_of(address), ("party", party_id)
    if not agrees(key, party, topic):
        compare = partial(_party, session, party, address)
        yield _Subject(key, party, (party_id, address), compare)
    balance_fen = session.sheet.need(ACCOUNTS, cash.deposit(party_id)).balance_fen
    key = ("deposit", party_id)
    if not agrees(key, balance_fen, topic):
        compare = partial(_deposit, session, party_id, address, balance_fen)
        yield _Subject(key, balance_fen, (), compare)


def _word_of(address: str) -> str:
    return address[2:].lower().rjust(64, "0")


def _party(session: Session, party: Party, address: str) -> list[Difference]:
    _, _, expires_at_s, suspended = _view(session, "Participants", "participant", address)
    pairs = (
        ("party suspended", party.kyc_state == "suspended", suspended),
        ("party expiry", party.kyc_expires_at_s, expires_at_s),
    )
    return _unequal(party.party_id, pairs)


def _deposit(session: Session, party_id: str, address: str, balance_fen: int) -> list[Difference]:
    [tokens] = _view(session, "DepositToken", "balanceOf", address)
    return _unequal(party_id, [("deposit", balance_fen, tokens)])


def _receivable_subjects(
    session: Session, addresses: dict[str, str], agrees: _Agrees
) -> Iterator[_Subject]:
    lots_of: dict[str, list[Lot]] = {}
    for lot in session.unit.scan(LOTS):
        lots_of.setdefault(lot.receivable_id, []).append(lot)
    for row in session.unit.scan(RECEIVABLES):
        lots = lots_of.get(row.receivable_id, [])
        key = ("receivable", row.receivable_id)
        # A failed one was refused by the chain, perhaps for another's claim.
        if row.state == "failed" or agrees(key, (row, lots), row.receivable_id):
            continue
        waits = (row.receivable_id, *(str(lot.lot_id) for lot in lots))
        compare = partial(_receivable, session, row, lots, addresses)
        yield _Subject(key, (row, lots), waits, compare)


def _receivable(
    session: Session, row: Receivable, lots: list[Lot], addresses: dict[str, str]
) -> list[Difference]:
    fingerprint = bytes.fromhex(row.receivable_id)
    [record] = _view(session, "Registry", "receivable", fingerprint)
    debtor, due_at_s, state, disputed, _, supplier, face_fen = record
    terms = (addresses[row.debtor_id], addresses[row.seller_id], row.due_at_s, row.face_fen)
    [lot_ids] = _view(session, "LotLedger", "lotsOf", fingerprint)
    pairs = [
        ("receivable state", _RECEIVABLE_STATES.get(row.state, 0), state),
        ("receivable disputed", row.disputed, disputed),
        ("receivable terms", terms, (debtor, supplier, due_at_s, face_fen)),
        ("receivable lots", [lot.lot_id for lot in lots], sorted(lot_ids)),
    ]
    on_chain = {lot_id: _view(session, "LotLedger", "lot", lot_id)[0] for lot_id in lot_ids}
    if on_chain:
        left_fen = sum(lot[2] for lot in on_chain.values())
        paid_fen = face_fen - row.credited_fen - left_fen
        pairs.append(("receivable paid", row.paid_fen, paid_fen))
    found = _unequal(row.receivable_id, pairs)
    for lot in lots:
        if lot.lot_id in on_chain:
            found += _lot(lot, addresses[lot.owner_id], on_chain[lot.lot_id])
    return found


def _lot(row: Lot, owner: str, lot: tuple[Any, ...]) -> list[Difference]:
    _, chain_owner, chain_value, _, chain_tier, chain_state, *_ = lot
    pairs = (
        ("lot owner", owner, chain_owner),
        ("lot value", row.value_fen - row.redeemed_fen, chain_value),
        ("lot tier", row.tier, chain_tier),
        ("lot state", _LOT_STATES[row.state], chain_state),
    )
    return _unequal(str(row.lot_id), pairs)


def _line_subjects(
    session: Session, addresses: dict[str, str], agrees: _Agrees
) -> Iterator[_Subject]:
    reserved = _reserved_fen(session)
    for row in session.unit.scan(LIMITS):
        line = (row.kind, row.party_id)
        of_group = row.kind == GROUP
        word = group_bytes(row.party_id).hex() if of_group else _word_of(addresses[row.party_id])
        facts = (row.limit_fen, row.used_fen - reserved.get(line, 0))
        key = ("line", f"{row.kind}/{row.party_id}")
        if not agrees(key, facts, word):
            compare = partial(_line, session, line, word, facts)
            yield _Subject(key, facts, (word, row.party_id), compare)


def _reserved_fen(session: Session) -> dict[Line, int]:
    reserved: dict[Line, int] = {}
    for state in _RESERVING:
        for request in session.unit.find(REQUESTS, {"state": state}):
            row = session.sheet.need(RECEIVABLES, request.receivable_id)
            for line in lines_of_lot(session, row, request.supplier_id, request.bank_id):
                reserved[line] = reserved.get(line, 0) + request.amount_fen
    return reserved


def _line(session: Session, line: Line, word: str, facts: tuple[int, int]) -> list[Difference]:
    limit_fen, used_fen = _view(session, "FinancingDesk", "lineOf", line[0], bytes.fromhex(word))
    pairs = (("limit", facts[0], limit_fen), ("limit used", facts[1], used_fen))
    return _unequal(f"{line[0]}/{line[1]}", pairs)


def _unequal(subject: str, pairs: Iterable[tuple[str, Any, Any]]) -> list[Difference]:
    return [
        Difference(what, subject, str(books), str(chain))
        for what, books, chain in pairs
        if books != chain
    ]


def _view(session: Session, contract: str, function: str, *values: Any) -> tuple[Any, ...]:
    return session.parts.contracts.view(session.parts.evm, contract, function, *values)


def raise_difference(session: Session, difference: Difference) -> None:
    """Store an alert with both sides as evidence, once for as long as they stay as they are."""
    evidence = canonical_json([difference.what, difference.books, difference.chain])
    alert_id = sha256_hex(f"{RULE}|{difference.subject}|{evidence}")[:32]
    if session.sheet.get(ALERTS, alert_id) is not None:
        return
    row = Alert(alert_id, RULE, difference.subject, evidence, session.now_s, blocks=False)
    session.sheet.add(ALERTS, row)
    session.note("reconcile", RULE, difference.subject, evidence)
    session.emit(AlertRaised(alert_id, RULE, difference.subject, evidence, session.now_s))
