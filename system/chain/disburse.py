"""The transaction in which cash and lot change hands, and the two signatures that allow it."""

from system.chain.records import RECEIVABLES, STANDINGS, FinancingRequest
from system.chain.session import Session
from system.chain.typed_data import Quote, Verdict, quote_digest, verdict_digest
from system.chain.wallets import RISK_SIGNER, party_wallet


def queue_disbursement(session: Session, request: FinancingRequest) -> None:
    """Sign quote and verdict for the financed lot and queue its disbursement.

    The caller has checked that monitoring is clear: the risk signer signs nothing else.
    """
    quote, verdict = _quote(session, request), _verdict(session, request)
    domain = session.parts.contracts.desk_domain
    wallets = session.parts.wallets
    bank_signature = wallets.sign_digest(quote.bank, quote_digest(domain, quote))
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
    return Verdict(request.financed_lot_id, fingerprint, True, request.expires_at_s)
