"""From an invoice to an accepted receivable: register, accept, reject."""

from collections.abc import Sequence
from dataclasses import replace

from system.chain.commands import AcceptReceivable, RegisterReceivable, RejectReceivable
from system.chain.fingerprint import fingerprint
from system.chain.outcome import Outcome, refused, taken
from system.chain.records import DIARY, RECEIVABLES, STANDINGS, DiaryEntry, Receivable
from system.chain.rules import Refusal, first_refusal
from system.chain.session import Session
from system.chain.typed_data import Acceptance, acceptance_digest, currency_bytes3
from system.chain.wallets import OPERATOR, party_wallet, signer_of
from system.chain.watch import Watch, flow
from system.limits import DAY_S, TERM_DAYS_MAX
from system.parties.records import PARTIES, Role


def register(session: Session, watch: Watch, batch: Sequence[RegisterReceivable]) -> list[Outcome]:
    """Take invoices in. The reference is the receivable id, also when it exists already."""
    parties = [party for command in batch for party in (command.seller_id, command.debtor_id)]
    session.sheet.load(PARTIES, [(party_id,) for party_id in parties])
    session.sheet.load(STANDINGS, [(party_id,) for party_id in parties])
    outcomes, flows = [], []
    for command in batch:
        row = _receivable(session, command)
        refusal = _intake_refusal(session, row)
        outcomes.append(_register_one(session, command, row, refusal))
        if refusal in (Refusal.NONE, Refusal.INTAKE_ALREADY_REGISTERED):
            again = "" if refusal is Refusal.NONE else f"/again/{command.command_id}"
            claim_id = f"{row.receivable_id}{again}"
            flows.append(flow(session, row, claim_id, "", row.face_fen))
    watch.observe(session, flows)
    return outcomes


def _receivable(session: Session, command: RegisterReceivable) -> Receivable:
    print_ = fingerprint(
        session.parts.fingerprint_key,
        command.seller_id,
        command.debtor_id,
        command.invoice_number,
        command.currency,
    )
    return Receivable(
        receivable_id=print_.hex(),
        seller_id=command.seller_id,
        debtor_id=command.debtor_id,
        invoice_number=command.invoice_number,
        face_fen=command.amount_fen,
        credited_fen=0,
        paid_fen=0,
        currency=command.currency,
        issued_at_s=command.issued_at_s,
        due_at_s=command.due_at_s,
        document_hash=command.document_hash,
        state="registering",
        registered_at_s=None,
        accepted_at_s=None,
        settled_at_s=None,
    )


def _intake_refusal(session: Session, row: Receivable) -> Refusal:
    seller, debtor = session.party(row.seller_id), session.party(row.debtor_id)
    known = session.sheet.get(RECEIVABLES, row.receivable_id)
    term_s = TERM_DAYS_MAX * DAY_S
    return first_refusal(
        (seller is None, Refusal.INTAKE_SUPPLIER_UNKNOWN),
        (debtor is None, Refusal.INTAKE_DEBTOR_UNKNOWN),
        (not session.verified(seller, Role.SUPPLIER), Refusal.INTAKE_SUPPLIER_NOT_VERIFIED),
        (not session.verified(debtor, Role.DEBTOR), Refusal.INTAKE_DEBTOR_NOT_VERIFIED),
        (row.seller_id == row.debtor_id, Refusal.INTAKE_SAME_PARTY),
        (row.due_at_s < row.issued_at_s, Refusal.INTAKE_DUE_BEFORE_ISSUE),
        (row.due_at_s <= session.now_s, Refusal.INTAKE_ALREADY_DUE),
        (row.due_at_s - row.issued_at_s > term_s, Refusal.INTAKE_TERM_TOO_LONG),
        (known is not None and known.state != "failed", Refusal.INTAKE_ALREADY_REGISTERED),
    )


def _register_one(
    session: Session, command: RegisterReceivable, row: Receivable, refusal: Refusal
) -> Outcome:
    receivable_id = row.receivable_id
    if refusal:
        return refused(command.command_id, refusal, receivable_id)
    sheet = session.sheet
    if sheet.get(RECEIVABLES, receivable_id) is None:
        sheet.add(RECEIVABLES, row)
        sheet.add(DIARY, DiaryEntry("acceptance", receivable_id, row.due_at_s // DAY_S))
    else:  # refused by the chain before, so that its fingerprint is still free
        sheet.put(RECEIVABLES, row)
    session.queue.add(
        "register",
        OPERATOR,
        receivable_id,
        receivable_id,
        bytes.fromhex(receivable_id),
        sheet.need(STANDINGS, row.debtor_id).address,
        sheet.need(STANDINGS, row.seller_id).address,
        row.face_fen,
        currency_bytes3(row.currency),
        row.due_at_s,
        row.document_hash,
    )
    session.note(row.seller_id, "register", receivable_id, [row.face_fen, row.due_at_s])
    return taken(command.command_id, receivable_id)


def accept(session: Session, batch: Sequence[AcceptReceivable]) -> list[Outcome]:
    """Take debtors' signatures over exact terms. The reference is the receivable id."""
    session.sheet.load(RECEIVABLES, [(command.receivable_id,) for command in batch])
    return [_accept_one(session, command) for command in batch]


def _accept_one(session: Session, command: AcceptReceivable) -> Outcome:
    row = session.sheet.get(RECEIVABLES, command.receivable_id)
    refusal = _acceptance_refusal(session, command, row)
    if row is None or refusal:
        return refused(command.command_id, refusal, command.receivable_id)
    session.sheet.put(RECEIVABLES, replace(row, state="accepting"))
    session.queue.add(
        "accept",
        OPERATOR,
        row.receivable_id,
        row.receivable_id,
        bytes.fromhex(row.receivable_id),
        command.nonce,
        command.deadline_s,
        command.signature,
    )
    session.note(row.debtor_id, "accept", row.receivable_id, command.signature.hex())
    return taken(command.command_id, row.receivable_id)


def _acceptance_refusal(
    session: Session, command: AcceptReceivable, row: Receivable | None
) -> Refusal:
    if row is None:
        return Refusal.ACCEPTANCE_RECEIVABLE_UNKNOWN
    refusal = first_refusal(
        (row.state != "registered", Refusal.ACCEPTANCE_NOT_PENDING),
        (row.debtor_id != command.debtor_id, Refusal.ACCEPTANCE_NOT_THE_DEBTOR),
        (session.now_s > min(command.deadline_s, row.due_at_s - 1), Refusal.ACCEPTANCE_EXPIRED),
    )
    if refusal:
        return refusal
    digest = acceptance_of(session, row, command.nonce, command.deadline_s)
    debtor = session.sheet.need(STANDINGS, row.debtor_id).address
    signed = signer_of(digest, command.signature) == debtor
    return Refusal.NONE if signed else Refusal.ACCEPTANCE_SIGNATURE_INVALID


def acceptance_of(session: Session, row: Receivable, nonce: int, deadline_s: int) -> bytes:
    """The digest that the debtor of this receivable signs."""
    acceptance = Acceptance(
        fingerprint=bytes.fromhex(row.receivable_id),
        debtor=session.sheet.need(STANDINGS, row.debtor_id).address,
        supplier=session.sheet.need(STANDINGS, row.seller_id).address,
        amount_fen=row.face_fen,
        currency=row.currency,
        due_at_s=row.due_at_s,
        nonce=nonce,
        deadline_s=deadline_s,
    )
    return acceptance_digest(session.parts.contracts.registry_domain, acceptance)


def signed_acceptance(session: Session, receivable_id: str) -> AcceptReceivable:
    """The command of a debtor who lets the system hold its key. Raises MissingRow."""
    row = session.sheet.need(RECEIVABLES, receivable_id)
    # Never reused: a receivable is accepted once, and its nonce follows from its fingerprint.
    nonce = int(receivable_id[:16], 16)
    deadline_s = min(session.now_s + session.parts.policy.acceptance_valid_s, row.due_at_s - 1)
    wallets = session.parts.wallets
    account = wallets.address(party_wallet(row.debtor_id))
    signature = wallets.sign_digest(account, acceptance_of(session, row, nonce, deadline_s))
    command_id = f"accept/{receivable_id}/{deadline_s}"
    return AcceptReceivable(command_id, receivable_id, row.debtor_id, nonce, deadline_s, signature)


def reject(session: Session, batch: Sequence[RejectReceivable]) -> list[Outcome]:
    """The debtor denies the debt; its fingerprint stays used for ever."""
    session.sheet.load(RECEIVABLES, [(command.receivable_id,) for command in batch])
    return [_reject_one(session, command) for command in batch]


def _reject_one(session: Session, command: RejectReceivable) -> Outcome:
    row = session.sheet.get(RECEIVABLES, command.receivable_id)
    if row is None:
        unknown = Refusal.ACCEPTANCE_RECEIVABLE_UNKNOWN
        return refused(command.command_id, unknown, command.receivable_id)
    refusal = first_refusal(
        (row.state != "registered", Refusal.ACCEPTANCE_NOT_PENDING),
        (row.debtor_id != command.debtor_id, Refusal.ACCEPTANCE_NOT_THE_DEBTOR),
    )
    if refusal:
        return refused(command.command_id, refusal, row.receivable_id)
    session.sheet.put(RECEIVABLES, replace(row, state="rejecting"))
    wallet = party_wallet(row.debtor_id)
    fingerprint_ = bytes.fromhex(row.receivable_id)
    session.queue.add("reject", wallet, row.receivable_id, row.receivable_id, fingerprint_)
    session.note(row.debtor_id, "reject", row.receivable_id, command.reason)
    return taken(command.command_id, row.receivable_id)
