"""What receivables financing is asked and what it answers, beside the commands themselves."""

from system.api.answers import Answer
from system.api.bodies import Body, Int, Text


class ReceivableAnswer(Answer):
    """One receivable, with its lots. Amounts in fen, times in UTC seconds."""

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
    lots: list["LotAnswer"]


class LotAnswer(Answer):
    """A share of a receivable and its holder."""

    lot_id: int
    receivable_id: str
    parent_lot_id: int
    owner_id: str
    value_fen: int
    redeemed_fen: int
    tier: int
    state: str


class FinancingAnswer(Answer):
    """A request for cash: the bank's quote, or why there is none (``refusal``)."""

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

    nonce: Int | None = None
    deadline_s: Int | None = None
    signature: Text | None = None
