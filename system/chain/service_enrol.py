"""Enrolment of parties: identity, books, limit lines, and their accounts on the chain."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from system.chain import cash
from system.chain.commands import EnrolParty
from system.chain.limits_book import BANK, DEBTOR, GROUP, SUPPLIER, Line, open_line
from system.chain.outcome import Outcome, refused, taken
from system.chain.records import STANDINGS, CreditStanding
from system.chain.rules import Refusal
from system.chain.session import Session
from system.chain.wallets import OPERATOR, party_wallet
from system.compliance.watchlist import screen
from system.ledger import ledger
from system.ledger.records import ACCOUNTS
from system.limits import AMOUNT_FEN_MAX
from system.parties import service as parties
from system.parties.records import KycChange, KycStep, Party, Role
from system.ports.evm import Address

# A standing allowance: the contracts only ever move what their rules allow.
UNLIMITED: Final = 2**256 - 1
_ROLE_KINDS: Final = ((Role.DEBTOR, DEBTOR), (Role.SUPPLIER, SUPPLIER), (Role.BANK, BANK))


def enrol(session: Session, batch: Sequence[EnrolParty]) -> list[Outcome]:
    """Add verified parties whose key the system holds. The reference is the party id."""
    _open_shared(session)
    names = [(command.party_id, command.name) for command in batch]
    listed = screen(session.unit, names, session.now_s)
    return [_enrol_one(session, command, command.party_id in listed) for command in batch]


def _open_shared(session: Session) -> None:
    shared = [cash.clearing_account()]
    if session.parts.policy.pays_by_rail:
        shared.append(cash.in_transit_account())
    new = [one for one in shared if session.sheet.get(ACCOUNTS, one.account_id) is None]
    if new:
        ledger.open_accounts(session.unit, new)


def _enrol_one(session: Session, command: EnrolParty, listed: bool) -> Outcome:
    party_id = command.party_id
    if session.sheet.get(STANDINGS, party_id) is not None:
        return refused(command.command_id, Refusal.ENROLMENT_PARTY_KNOWN, party_id)
    if listed:
        return refused(command.command_id, Refusal.ENROLMENT_LISTED, party_id)
    address = session.parts.wallets.address(party_wallet(party_id))
    _identify(session, command, address)
    session.sheet.add(STANDINGS, CreditStanding(party_id, command.pd_ppm, address))
    is_bank = bool(command.roles & Role.BANK)
    ledger.open_accounts(session.unit, cash.accounts_of(party_id, is_bank=is_bank))
    group = group_bytes(command.group_id)
    roles, expires_at_s = command.roles, command.kyc_expires_at_s
    session.queue.add("enrol", OPERATOR, address, party_id, address, group, roles, expires_at_s)
    _open_lines(session, command, address)
    _allow(session, party_id, command.roles)
    if is_bank:
        top_up(session, f"enrol/{party_id}", party_id, session.parts.policy.bank_limit_fen)
    session.note(OPERATOR, "enrol", party_id, [command.roles, command.kyc_expires_at_s])
    return taken(command.command_id, party_id)


def _identify(session: Session, command: EnrolParty, address: Address) -> None:
    group_id = command.group_id or None
    party = Party(command.party_id, command.name, command.roles, group_id, address)
    parties.enrol(session.unit, [party])
    steps = [
        KycChange(command.party_id, KycStep.SUBMIT),
        KycChange(command.party_id, KycStep.APPROVE, command.kyc_expires_at_s),
    ]
    parties.change_kyc(session.unit, steps, session.now_s)


def _open_lines(session: Session, command: EnrolParty, address: Address) -> None:
    policy = session.parts.policy
    limits_fen = {
        DEBTOR: policy.debtor_limit_fen,
        SUPPLIER: policy.supplier_limit_fen,
        BANK: policy.bank_limit_fen,
    }
    for role, kind in _ROLE_KINDS:
        if command.roles & role:
            key = bytes.fromhex(address[2:]).rjust(32, b"\0")
            own_fen = limits_fen[kind] if command.limit_fen is None else command.limit_fen
            _tell_line(session, (kind, command.party_id), key, own_fen)
    if command.group_id and command.roles & Role.DEBTOR:
        line = (GROUP, command.group_id)
        _tell_line(session, line, group_bytes(command.group_id), policy.group_limit_fen)


def _tell_line(session: Session, line: Line, key: bytes, limit_fen: int) -> None:
    if open_line(session.sheet, line, limit_fen):
        session.queue.add("limit", OPERATOR, key.hex(), line[1], line[0], key, limit_fen)


def _allow(session: Session, party_id: str, roles: int) -> None:
    addresses = session.parts.contracts.addresses
    spenders = [session.parts.wallets.address(OPERATOR)]
    if roles & (Role.DEBTOR | Role.SUPPLIER):
        spenders.append(addresses["Settlement"])
    if roles & Role.BANK:
        spenders.append(addresses["FinancingDesk"])
    for spender in spenders:
        wallet = party_wallet(party_id)
        session.queue.add("approve", wallet, party_id, spender, spender, UNLIMITED)


def top_up(session: Session, cause: str, bank_id: str, amount_fen: int) -> None:
    """New float, as much as one transfer may move: held in the books, minted on the chain."""
    amount_fen = min(amount_fen, AMOUNT_FEN_MAX)
    session.move([cash.top_up(cause, bank_id, amount_fen)])
    address = session.sheet.need(STANDINGS, bank_id).address
    session.queue.add("mint", OPERATOR, address, f"{cause}/float", address, amount_fen)


def group_bytes(group_id: str) -> bytes:
    """A group as the contracts know it; zero for none."""
    return sha256(f"group/{group_id}".encode()).digest() if group_id else b"\0" * 32
