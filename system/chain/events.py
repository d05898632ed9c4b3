"""What happened in the receivables product. Past tense; produced once each, in chain order."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReceivableRegistered:
    receivable_id: str
    at_s: int


@dataclass(frozen=True, slots=True)
class ReceivableAccepted:
    """``lot_id`` is the root lot, owned by the supplier of the receivable."""

    receivable_id: str
    lot_id: int
    at_s: int


@dataclass(frozen=True, slots=True)
class ReceivableRejected:
    receivable_id: str
    at_s: int


@dataclass(frozen=True, slots=True)
class QuoteMade:
    """An approved request; the quote is open to the supplier until ``expires_at_s``."""

    request_id: str
    advance_fen: int
    discount_fen: int
    holdback_fen: int
    apr_ppm: int
    expires_at_s: int
    at_s: int


@dataclass(frozen=True, slots=True)
class RequestDeclined:
    """``refusal`` is the number of the member of ``system.chain.rules.Refusal``."""

    request_id: str
    refusal: int
    at_s: int


@dataclass(frozen=True, slots=True)
class LotDisbursed:
    """Final on chain and posted in the ledger: the supplier has the cash."""

    request_id: str
    receivable_id: str
    lot_id: int
    supplier_id: str
    bank_id: str
    advance_fen: int
    at_s: int


@dataclass(frozen=True, slots=True)
class DisbursementFailed:
    """The chain refused; the pending transfer was voided. ``error`` names the contract's error."""

    request_id: str
    error: str
    at_s: int


@dataclass(frozen=True, slots=True)
class LotEndorsed:
    """``lot_id`` is the new lot of ``to_id``; ``rest_lot_id`` is what the holder keeps, or 0."""

    parent_lot_id: int
    lot_id: int
    rest_lot_id: int
    receivable_id: str
    to_id: str
    amount_fen: int
    tier: int
    at_s: int


@dataclass(frozen=True, slots=True)
class PaymentSettled:
    """A debtor's payment was paid out to the holders of the receivable's lots."""

    receivable_id: str
    payment_id: str
    amount_fen: int
    at_s: int


@dataclass(frozen=True, slots=True)
class PayoutMade:
    """One holder's share of a payment, or the holdback returned to a supplier."""

    receivable_id: str
    lot_id: int
    to_id: str
    amount_fen: int
    at_s: int


@dataclass(frozen=True, slots=True)
class ReceivableSettled:
    receivable_id: str
    at_s: int


@dataclass(frozen=True, slots=True)
class ReceivableOverdue:
    receivable_id: str
    at_s: int


@dataclass(frozen=True, slots=True)
class ReceivableDefaulted:
    receivable_id: str
    at_s: int


@dataclass(frozen=True, slots=True)
class DisputeOpened:
    receivable_id: str
    at_s: int


@dataclass(frozen=True, slots=True)
class DisputeResolved:
    receivable_id: str
    credit_fen: int
    at_s: int


@dataclass(frozen=True, slots=True)
class LotRecoursed:
    """The supplier bought the lot back for ``paid_fen``."""

    lot_id: int
    receivable_id: str
    supplier_id: str
    bank_id: str
    paid_fen: int
    at_s: int


@dataclass(frozen=True, slots=True)
class ReceivableWrittenOff:
    receivable_id: str
    loss_fen: int
    at_s: int


@dataclass(frozen=True, slots=True)
class AlertRaised:
    """A monitoring rule fired. ``evidence`` is canonical JSON: rows and figures behind it."""

    alert_id: str
    rule: str
    receivable_id: str
    evidence: str
    at_s: int


@dataclass(frozen=True, slots=True)
class CommandFailed:
    """The chain refused what had been taken on; everything is as before the command.

    ``use_case``: register, accept, endorse, pay, … ``subject``: what the command was about.
    """

    use_case: str
    subject: str
    error: str
    at_s: int


@dataclass(frozen=True, slots=True)
class ReceivableDue:
    receivable_id: str
    at_s: int


@dataclass(frozen=True, slots=True)
class ReceivableExpired:
    """Not accepted before its due date."""

    receivable_id: str
    at_s: int


@dataclass(frozen=True, slots=True)
class QuoteClosed:
    """An open quote ended without disbursement: withdrawn by the supplier, or expired."""

    request_id: str
    expired: bool
    at_s: int


@dataclass(frozen=True, slots=True)
class PayoutEnded:
    """The payment rail has settled, rejected or returned a payment to a party."""

    payment_id: str
    party_id: str
    amount_fen: int
    state: str
    at_s: int


@dataclass(frozen=True, slots=True)
class CashWithdrawn:
    """A deposit left for the party's own bank account."""

    party_id: str
    amount_fen: int
    at_s: int


Event = (
    ReceivableRegistered
    | ReceivableAccepted
    | ReceivableRejected
    | QuoteMade
    | RequestDeclined
    | LotDisbursed
    | DisbursementFailed
    | LotEndorsed
    | PaymentSettled
    | PayoutMade
    | ReceivableSettled
    | ReceivableOverdue
    | ReceivableDefaulted
    | DisputeOpened
    | DisputeResolved
    | LotRecoursed
    | ReceivableWrittenOff
    | AlertRaised
    | CommandFailed
    | ReceivableDue
    | ReceivableExpired
    | QuoteClosed
    | CashWithdrawn
    | PayoutEnded
)
