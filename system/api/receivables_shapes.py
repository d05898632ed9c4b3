"""What receivables financing is asked and what it answers, beside the commands themselves."""

from system.api.answers import Answer, answered
from system.api.bodies import Body, Int, Text, example


class LotAnswer(Answer):
    """A share of a receivable and its holder."""

    model_config = answered(
        lot_id=1,
        receivable_id="8f" * 32,
        parent_lot_id=0,
        owner_id="supplier-1",
        value_fen=10_000_000,
        redeemed_fen=0,
        tier=1,
        state="free",
    )
    lot_id: int
    receivable_id: str
    parent_lot_id: int
    owner_id: str
    value_fen: int
    redeemed_fen: int
    tier: int
    state: str


class ReceivableAnswer(Answer):
    """One receivable, with its lots. Amounts in fen, times in UTC seconds."""

    model_config = answered(
        receivable_id="8f" * 32,
        seller_id="supplier-1",
        debtor_id="core-1",
        invoice_number="INV-1",
        face_fen=10_000_000,
        credited_fen=0,
        paid_fen=0,
        currency="CNY",
        issued_at_s=1_767_110_400,
        due_at_s=1_777_564_799,
        document_hash="44" * 32,
        state="accepted",
        registered_at_s=1_767_240_025,
        accepted_at_s=1_767_240_045,
        settled_at_s=None,
        disputed=False,
    )
    receivable_id: str
    seller_id: str
    debtor_id: str
    invoice_number: str
    face_fen: int
    credited_fen: int
    paid_fen: int
    currency: str
    issued_at_s: int
    due_at_s: int
    document_hash: str
    state: str
    registered_at_s: int | None
    accepted_at_s: int | None
    settled_at_s: int | None
    disputed: bool
    lots: list[LotAnswer]


class FinancingAnswer(Answer):
    """A request for cash: the bank's quote, or why there is none (``refusal``)."""

    model_config = answered(
        request_id="172b54b11b05f0093e2b7064fb4826ab",
        lot_id=1,
        receivable_id="8f" * 32,
        supplier_id="supplier-1",
        bank_id="bank-1",
        amount_fen=10_000_000,
        state="disbursed",
        refusal=0,
        advance_fen=9_391_466,
        discount_fen=108_534,
        holdback_fen=500_000,
        apr_ppm=35_152,
        requested_at_s=1_767_240_060,
        expires_at_s=1_767_499_260,
        disbursed_at_s=1_767_240_085,
    )
    request_id: str
    lot_id: int
    receivable_id: str
    supplier_id: str
    bank_id: str
    amount_fen: int
    state: str
    refusal: int
    advance_fen: int
    discount_fen: int
    holdback_fen: int
    apr_ppm: int
    requested_at_s: int
    expires_at_s: int | None
    disbursed_at_s: int | None


class Accept(Body):
    """Empty: the system signs for a debtor whose key it holds. Else the debtor's own signature."""

    model_config = example()
    nonce: Int | None = None
    deadline_s: Int | None = None
    signature: Text | None = None
