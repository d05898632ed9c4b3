"""What a party asks of the receivables product. Imperative; each carries its idempotency key.

``command_id`` is made by the client; the same id with the same content gets the same answer, with
other content a refusal. Party ids are those of ``system.parties``.
"""

from dataclasses import dataclass

from system.parties.records import KycStep


@dataclass(frozen=True, slots=True)
class EnrolParty:
    """Admit a party whose documents were checked, and open its account on the chain.

    roles: sum of 1 debtor, 2 supplier, 4 bank.  group_id: empty for none.  pd_ppm: yearly
    default probability as a debtor.  limit_fen: of its own lines; None for the policy's.
    """

    command_id: str
    party_id: str
    name: str
    roles: int
    kyc_expires_at_s: int
    group_id: str = ""
    pd_ppm: int = 10_000
    limit_fen: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeKyc:
    """One step in a party's verification, as the compliance officer decided it.

    expires_at_s is needed by approve and reinstate, and by no other step.
    """

    command_id: str
    party_id: str
    step: KycStep
    expires_at_s: int | None = None


@dataclass(frozen=True, slots=True)
class RegisterReceivable:
    """Put one invoice on the chain, as the debtor's ERP or the supplier hands it in."""

    command_id: str
    seller_id: str
    debtor_id: str
    invoice_number: str
    amount_fen: int
    currency: str
    issued_at_s: int
    due_at_s: int
    document_hash: bytes


@dataclass(frozen=True, slots=True)
class AcceptReceivable:
    """The debtor acknowledges the debt by an EIP-712 signature over its exact terms."""

    command_id: str
    receivable_id: str
    debtor_id: str
    nonce: int
    deadline_s: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class RejectReceivable:
    command_id: str
    receivable_id: str
    debtor_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReportPledge:
    """A bank has financed this invoice outside the platform, and says so.

    claim_id: the bank's own name for it. Who sold what to whom is hashed on arrival: of the
    names and the number only keyed fingerprints are kept.
    """

    command_id: str
    bank_id: str
    claim_id: str
    seller_id: str
    debtor_id: str
    invoice_number: str
    amount_fen: int
    currency: str
    issued_at_s: int


@dataclass(frozen=True, slots=True)
class ReleaseAlert:
    """The claim behind an alert is sound. ``approved_by`` differs from ``asked_by`` (four eyes)."""

    command_id: str
    alert_id: str
    asked_by: str
    approved_by: str


@dataclass(frozen=True, slots=True)
class RequestFinancing:
    """Ask one bank for cash against ``amount_fen`` of a lot (the rest stays with the holder)."""

    command_id: str
    lot_id: int
    supplier_id: str
    bank_id: str
    amount_fen: int
    with_recourse: bool


@dataclass(frozen=True, slots=True)
class TakeQuote:
    """Accept the bank's signed quote: cash and lot change hands in one chain transaction."""

    command_id: str
    request_id: str
    supplier_id: str


@dataclass(frozen=True, slots=True)
class DeclineQuote:
    command_id: str
    request_id: str
    supplier_id: str


@dataclass(frozen=True, slots=True)
class EndorseLot:
    """Pass ``amount_fen`` of a lot to a supplier one tier down, in payment of its invoice."""

    command_id: str
    lot_id: int
    holder_id: str
    to_id: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class PayReceivable:
    """Cash of the debtor that has reached the bank, for one receivable; partial is allowed."""

    command_id: str
    receivable_id: str
    debtor_id: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class OpenDispute:
    command_id: str
    receivable_id: str
    debtor_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ResolveDispute:
    """End a dispute; ``credit_fen`` above zero is the part that the supplier gives up."""

    command_id: str
    receivable_id: str
    supplier_id: str
    credit_fen: int


@dataclass(frozen=True, slots=True)
class CallRecourse:
    """The bank returns an unpaid financed lot to the supplier that sold it with recourse."""

    command_id: str
    lot_id: int
    bank_id: str


@dataclass(frozen=True, slots=True)
class WriteOff:
    """Give up a defaulted receivable. ``approved_by`` differs from ``asked_by`` (four eyes)."""

    command_id: str
    receivable_id: str
    bank_id: str
    asked_by: str
    approved_by: str


@dataclass(frozen=True, slots=True)
class HoldPurchases:
    """An officer stops a bank's buying of claims on this party, and of claims that it holds."""

    command_id: str
    bank_id: str
    party_id: str
    reason: str
    asked_by: str


@dataclass(frozen=True, slots=True)
class LiftHold:
    """The bank may buy again. ``approved_by`` differs from ``asked_by`` (four eyes)."""

    command_id: str
    bank_id: str
    party_id: str
    asked_by: str
    approved_by: str


@dataclass(frozen=True, slots=True)
class PauseNewRisk:
    """Stop register, accept, split, endorse and disburse, in the contracts themselves.

    Payments, recoveries and recourse go on. Only the contracts' delayed administrator lifts it.
    """

    command_id: str
    reason: str
    asked_by: str
    approved_by: str


@dataclass(frozen=True, slots=True)
class EndPayout:
    """What the payment rail says became of a payment to a party: settled, rejected or returned."""

    command_id: str
    payment_id: str
    party_id: str
    amount_fen: int
    state: str
