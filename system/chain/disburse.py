"""The transaction in which cash and lot change hands, and the two signatures that allow it."""

from dataclasses import replace
from typing import Final

from system.chain.records import RECEIVABLES, REQUESTS, STANDINGS, FinancingRequest
from system.chain.service_financing import give_up, is_held_request
from system.chain.session import Session
from system.chain.typed_data import Quote, Verdict, quote_digest, verdict_digest
from system.chain.wallets import RISK_SIGNER, party_wallet
from system.chain.watch import clear

# As the contract calls it.
_NOT_CLEAR: Final = "VerdictNotClear"
# The contract knows nothing of holds: the bank does not sign.
_HELD: Final = "PartyHeld"


def sign_waiting(session: Session) -> None:
    """Judge every taken quote once more, just before it is sent; sign it or give it up.

    An alert or a bank's hold since the quote ends it here; one after the signature has until the
    verdict expires.
    """
    for request in session.sheet.find(REQUESTS, {"state": "signing"}):
        is_held = is_held_request(session, request)
        if clear(session, request.receivable_id) and not is_held:
            session.sheet.put(REQUESTS, replace(request, state="disbursing"))
            _queue(session, request)
        else:
            session.note("policy", "withhold disbursement", request.request_id)
            give_up(session, request, _HELD if is_held else _NOT_CLEAR)


def _queue(session: Session, request: FinancingRequest) -> None:
    quote, verdict = _quote(session, request), _verdict(session, request)
    domain = session.parts.contracts.desk_domain
    wallets = session.parts.wallets
    # By name: another process may have enrolled the bank.
    bank = wallets.address(party_wallet(request.bank_id))
    bank_signature = wallets.sign_digest(bank, quote_digest(domain, quote))
    signer = wallets.address(RISK_SIGNER)
    risk_signature = wallets.sign_digest(signer, verdict_digest(domain, verdict))
    session.queue.add(
        "disburse",
        party_wallet(request.supplier_id),
        str(request.financed_lot_id),
        request.request_id,
        (
            quote.lot,
            quote.bank,
            quote.supplier,
            quote.advance_fen,
            quote.discount_fen,
            quote.holdback_fen,
            quote.recourse,
            quote.nonce,
            quote.expires_at_s,
        ),
        bank_signature,
        (verdict.lot, verdict.fingerprint, verdict.clear, verdict.expires_at_s),
        risk_signature,
    )


def _quote(session: Session, request: FinancingRequest) -> Quote:
    assert request.expires_at_s is not None
    return Quote(
        lot=request.financed_lot_id,
        bank=session.sheet.need(STANDINGS, request.bank_id).address,
        supplier=session.sheet.need(STANDINGS, request.supplier_id).address,
        advance_fen=request.advance_fen,
        discount_fen=request.discount_fen,
        holdback_fen=request.holdback_fen,
        recourse=request.with_recourse,
        # Unordered on chain; one request, one nonce, so a quote cannot be used twice.
        nonce=int(request.request_id, 16),
        expires_at_s=request.expires_at_s,
    )


def _verdict(session: Session, request: FinancingRequest) -> Verdict:
    assert request.expires_at_s is not None
    receivable = session.sheet.need(RECEIVABLES, request.receivable_id)
    fingerprint = bytes.fromhex(receivable.receivable_id)
    valid_until_s = session.now_s + session.parts.policy.verdict_valid_s
    expires_at_s = min(valid_until_s, request.expires_at_s)
    return Verdict(request.financed_lot_id, fingerprint, True, expires_at_s)
