"""The nouns of the receivables product, and the tables that hold them."""

from dataclasses import dataclass

from system.ports.store import AtLeast, Table


@dataclass(frozen=True, slots=True)
class Receivable:
    """What one debtor owes one supplier for one invoice. ``receivable_id`` is its fingerprint.

    state: registering registered accepting accepted due overdue settled defaulted written_off
    rejected expired failed. A dispute is a flag beside the state: it stops new risk, never
    payment. resolving: the seller has answered the dispute, and the chain follows. Times are UTC
    seconds; None where it has not happened. claimed_fen: paid or on its way, so that two payments
    in flight cannot exceed the debt.
    """

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
    document_hash: bytes
    state: str
    registered_at_s: int | None
    accepted_at_s: int | None
    settled_at_s: int | None
    disputed: bool = False
    claimed_fen: int = 0
    resolving: bool = False


@dataclass(frozen=True, slots=True)
class Lot:
    """A share of a receivable; value_fen less redeemed_fen is outstanding.

    state: free, locked (a quote, split or endorsement is under way), financed, redeemed,
    recoursed, split (all its value went to children). holdback_fen: still owed to the seller of
    a financed lot when it is paid.
    """

    lot_id: int
    receivable_id: str
    parent_lot_id: int
    owner_id: str
    seller_of_lot_id: str
    value_fen: int
    redeemed_fen: int
    tier: int
    state: str
    holdback_fen: int = 0
    with_recourse: bool = False


@dataclass(frozen=True, slots=True)
class FinancingRequest:
    """state: quoted splitting signing disbursing disbursed declined withdrawn expired failed.

    financed_lot_id: the lot that the bank gets; 0 until a split has made it.
    """

    request_id: str
    lot_id: int
    financed_lot_id: int
    receivable_id: str
    supplier_id: str
    bank_id: str
    amount_fen: int
    with_recourse: bool
    state: str
    refusal: int
    advance_fen: int
    discount_fen: int
    holdback_fen: int
    apr_ppm: int
    requested_at_s: int
    quoted_at_s: int | None
    expires_at_s: int | None
    disbursed_at_s: int | None


@dataclass(frozen=True, slots=True)
class Payment:
    """Cash of a debtor on its way to holders. state: sent settled failed."""

    payment_id: str
    receivable_id: str
    debtor_id: str
    amount_fen: int
    state: str


@dataclass(frozen=True, slots=True)
class LimitLine:
    """How much of one party's or group's debt may be financed, and how much is.

    kind: 1 debtor, 2 supplier, 4 bank, 8 group of the debtor (as in the contracts). used_fen
    counts quoted and financed lots.
    """

    kind: int
    party_id: str
    limit_fen: int
    used_fen: int


@dataclass(frozen=True, slots=True)
class CreditStanding:
    """What the product knows of a party beyond its identity. pd_ppm: yearly default probability."""

    party_id: str
    pd_ppm: int
    address: str


@dataclass(frozen=True, slots=True)
class DiaryEntry:
    """Something to look at on a day. ``day`` counts days since the epoch, UTC."""

    kind: str
    subject: str
    day: int


@dataclass(frozen=True, slots=True)
class DayClosed:
    """The last day for which the diary was worked through."""

    name: str
    day: int


@dataclass(frozen=True, slots=True)
class Alert:
    """A monitoring rule fired. blocks: no disbursement on this receivable while it stands.

    released_at_s: when two people found it harmless; it stands no more.
    """

    alert_id: str
    rule: str
    receivable_id: str
    evidence: str
    raised_at_s: int
    blocks: bool = True
    released_at_s: int | None = None


@dataclass(frozen=True, slots=True)
class PurchaseHold:
    """A bank buys no claim on this party, and none that it holds. lifted_at_s: until when."""

    bank_id: str
    party_id: str
    reason: str
    held_by: str
    held_at_s: int
    lifted_at_s: int | None = None


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One event of the product, in the order in which it became true."""

    sequence: int
    kind: str
    body: str


# Tables of this product; bootstrap adds those of ledger, parties, audit, relay and index.
RECEIVABLES = Table(
    "receivable",
    Receivable,
    key=("receivable_id",),
    index=(("state",), ("debtor_id",), ("seller_id",)),
    checks=(AtLeast("face_fen", 1), AtLeast("paid_fen", 0), AtLeast("face_fen", "paid_fen")),
)
LOTS = Table(
    "lot",
    Lot,
    key=("lot_id",),
    index=(("receivable_id",), ("owner_id",)),
    checks=(AtLeast("value_fen", 0), AtLeast("value_fen", "redeemed_fen")),
)
REQUESTS = Table(
    "financing_request",
    FinancingRequest,
    key=("request_id",),
    index=(("state",), ("lot_id",), ("receivable_id",), ("financed_lot_id",)),
)
ALERTS = Table("alert", Alert, key=("alert_id",), index=(("receivable_id",),))
PAYMENTS = Table("payment", Payment, key=("payment_id",), index=(("receivable_id",), ("state",)))
LIMITS = Table(
    "limit_line",
    LimitLine,
    key=("kind", "party_id"),
    checks=(AtLeast("used_fen", 0),),
)
STANDINGS = Table("credit_standing", CreditStanding, key=("party_id",), unique=(("address",),))
DIARY = Table("diary", DiaryEntry, key=("kind", "subject"), index=(("day",),))
DAYS_CLOSED = Table("day_closed", DayClosed, key=("name",))
HOLDS = Table("purchase_hold", PurchaseHold, key=("bank_id", "party_id"))
FEED = Table("event_feed", FeedRow, key=("sequence",), append_only=True)
