"""What the economy keeps about firms, deliveries, claims and applications for cash."""

from __future__ import annotations

from dataclasses import dataclass, field

WORLD = "world"


@dataclass(slots=True)
class Edge:
    """A standing relation: ``buyer`` orders from ``seller``. weight_ppm: share of its purchases."""

    index: int
    buyer: int
    seller: int
    weight_ppm: int
    term_days: int
    lead_days: int
    phase_days: int
    demand_fen: int = 0


@dataclass(slots=True)
class Firm:
    """A core enterprise (tier 0) or a supplier (tier 1..3). Money in fen, times in days.

    idle: it has no machine to work with.
    """

    index: int
    key: str
    tier: int
    group: str
    bank: str
    sales_fen_per_day: int
    inputs: list[Edge] = field(default_factory=list)
    outputs: list[Edge] = field(default_factory=list)
    inventory_fen: int = 0
    backlog: list[Order] = field(default_factory=list)
    payables: list[Invoice] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    late_ppm: int = 0
    onboarded: bool = False
    fraudulent: bool = False
    unpaid_wages_fen: int = 0
    unpaid_costs_fen: int = 0
    arrears_days: int = 0
    failed_on_day: int | None = None
    idle: bool = False

    @property
    def is_core(self) -> bool:
        return self.tier == 0

    @property
    def alive(self) -> bool:
        return self.failed_on_day is None


@dataclass(slots=True)
class Order:
    key: str
    edge: Edge
    value_fen: int
    due_day: int


@dataclass(slots=True)
class Invoice:
    """``genuine`` is truth that only the simulation knows. accepted_at_s: on the platform only.

    credited_fen: what the debtor deducts when it pays.
    """

    key: str
    number: str
    seller: int
    debtor: int
    face_fen: int
    issued_at_s: int
    due_at_s: int
    pays_on_day: int
    genuine: bool = True
    disputed: bool = False
    dispute_day: int = -1
    in_dispute: bool = False
    paid: bool = False
    receivable_id: str = ""
    accepted_at_s: int | None = None
    registered_at_s: int = 0
    looked_at_s: int = 0
    credited_fen: int = 0


@dataclass(slots=True)
class Claim:
    """A holder's right to ``value_fen`` of an invoice. state: held sought financed refused closed.

    lot_id: the lot on the chain, 0 while there is none.
    """

    key: str
    holder: int
    invoice: Invoice
    value_fen: int
    tier: int
    state: str = "held"
    lot_id: int = 0


@dataclass(slots=True)
class Ticket:
    """One application for cash against one claim. state: open funded declined.

    stage_s: seconds spent in each stage, which add up to the time from ``sought_at_s`` to the end.
    fraud: the scheme behind it, "" when honest (truth). flagged: the bank or the system took it
    for fraud. recourse: agreed with the supplier, who pays if the debtor does not.
    needed_fen: the cash that the supplier lacks; 0 where it wants all.
    """

    key: str
    firm: int
    claim: Claim
    bank: str
    channel: str
    amount_fen: int
    sought_at_s: int
    fraud: str = ""
    state: str = "open"
    last_at_s: int = 0
    stage_s: dict[str, int] = field(default_factory=dict)
    advance_fen: int = 0
    discount_fen: int = 0
    holdback_fen: int = 0
    fee_fen: int = 0
    days: int = 0
    decided_at_s: int | None = None
    funded_at_s: int | None = None
    flagged: bool = False
    recourse: bool = False
    needed_fen: int = 0
    collected_fen: int = 0
    reason: str = ""

    def mark(self, stage: str, at_s: int) -> None:
        """The stage has ended at ``at_s``."""
        assert at_s >= self.last_at_s, f"{self.key}: {stage} ends before it begins"
        self.stage_s[stage] = self.stage_s.get(stage, 0) + at_s - self.last_at_s
        self.last_at_s = at_s
