"""The state that trade, treasurers and both arms share, and the seam between them.

An arm is a ``Channel``: it learns of invoices and payments, and turns applications into cash. It
never touches trade; trade never knows which arm it runs under.
"""

from dataclasses import dataclass
from typing import Protocol

from sim.calendar import UTC_OFFSET_S, Calendar
from sim.engine import Engine
from sim.faults import Faults
from sim.receivables.network import Network
from sim.receivables.parameters import Parameters
from sim.receivables.purse import Purses
from sim.receivables.records import Claim, Firm, Invoice, Ticket
from sim.streams import Luck
from sim.trace import EventLog
from system.limits import DAY_S, PPM, YEAR_DAYS


class Channel(Protocol):
    """One way of turning receivables into cash."""

    def on_invoice(self, claim: Claim) -> None:
        """A delivery was received and invoiced; the claim is new."""
        ...

    def pays_with_claim(self, invoice: Invoice) -> bool:
        """Whether the buyer has settled this invoice by passing on a claim of its own."""
        ...

    def apr_ppm(self, claim: Claim) -> int | None:
        """What cash against this claim is expected to cost per year; None: not on offer."""
        ...

    def seek(self, ticket: Ticket) -> None:
        """A supplier applies for cash."""
        ...

    def settle(self, invoice: Invoice, amount_fen: int) -> None:
        """The debtor pays; the money goes to whoever holds the claims."""
        ...

    def on_dispute(self, invoice: Invoice) -> None:
        """The debtor contests the invoice until further notice."""
        ...

    def on_resolution(self, invoice: Invoice, credit_fen: int) -> None:
        """The dispute is over; the seller gives up ``credit_fen`` of the face (0 for nothing)."""
        ...

    def end_of_day(self) -> None:
        """Once per local day, at midnight, after everything else."""
        ...


@dataclass(slots=True)
class Counts:
    """What the metrics need of trade, in the measured window. Values in fen."""

    ordered_fen: int = 0
    filled_fen: int = 0
    overdraft_interest_fen: int = 0
    overdraft_fen_days: int = 0


class Economy:
    """Firms, money, claims and tickets of one arm of one replication."""

    def __init__(
        self, engine: Engine, luck: Luck, parameters: Parameters, counts: tuple[int, ...]
    ) -> None:
        self.engine, self.luck, self.p = engine, luck, parameters
        self.calendar = Calendar()
        self.network = Network(luck, parameters, counts)
        self.firms = self.network.firms
        self.purses = Purses()
        self.log = EventLog()
        # Every invoice of the run itself, also those that were settled by endorsement.
        self.invoices: list[Invoice] = []
        self.tickets: list[Ticket] = []
        # (rule, key of the invoice) of each fraud alert that the system has raised.
        self.alerts: list[tuple[str, str]] = []
        # Invariants that were seen broken during the run: when, and what broke first.
        self.broken: dict[str, str] = {}
        self.counts = Counts()
        # What is broken when; nothing unless the entry says so.
        self.faults = Faults((), luck, lambda: engine.now_s)
        self.start_s = engine.now_s
        self.warm_at_s = self.end_at_s = engine.now_s
        self.channel: Channel

    @property
    def day(self) -> int:
        """Days since the start."""
        return (self.engine.now_s - self.start_s) // DAY_S

    @property
    def is_measured(self) -> bool:
        return self.engine.now_s >= self.warm_at_s

    def day_s(self, day: int, second: int = 0) -> int:
        """UTC second of a local time of day."""
        return self.start_s + day * DAY_S + second

    def weekday(self, at_s: int) -> int:
        """Monday = 0, on the local calendar. The epoch was a Thursday."""
        return ((at_s + UTC_OFFSET_S) // DAY_S + 3) % 7

    def note(self, kind: str, subject: str, *values: int) -> None:
        """Record a fact in the event log, now."""
        self.log.add(self.engine.now_s, kind, subject, values)

    def demand_ppm(self, day: int) -> int:
        """What cores order on a day against a usual one, season aside."""
        return PPM

    def pay(self, payer: str, payee: str, amount_fen: int, reason: str) -> None:
        self.purses.move(self.engine.now_s, payer, payee, amount_fen, reason)

    def rail_opens_s(self) -> int | None:
        """When to try again, where this payment meets a payment rail that is down."""
        window = self.faults.open("rail_down")
        return window.until_s if window and self.faults.strikes("rail_down") else None

    def cash_fen(self, firm: Firm) -> int:
        return self.purses.of(firm.key)

    def overdraft_limit_fen(self, firm: Firm) -> int:
        return firm.sales_fen_per_day * self.p.overdraft_limit_days

    def headroom_fen(self, firm: Firm) -> int:
        """What a firm can pay now. A core enterprise can always pay until it fails."""
        return self.cash_fen(firm) + self.overdraft_limit_fen(firm)

    def delay_s(self, purpose: str, key: str, mean_s: int) -> int:
        """A person's delay: exponential with this mean, at most eight times the mean."""
        draw = self.luck.generator(purpose, key).exponential()
        return round(mean_s * min(float(draw), 8.0))

    def book(self, invoice: Invoice) -> None:
        """The invoice is open: the debtor owes it, and the seller holds a claim."""
        seller = self.firms[invoice.seller]
        self.firms[invoice.debtor].payables.append(invoice)
        claim = Claim(invoice.key, seller.index, invoice, invoice.face_fen, seller.tier)
        self.add_claim(claim)
        self.channel.on_invoice(claim)

    def has_recourse(self, claim: Claim) -> bool:
        """Whether bank and supplier agree on recourse: the same luck in every arm."""
        return self.luck.chance("recourse", claim.key, share=self.p.recourse_share)

    def add_claim(self, claim: Claim) -> None:
        self.firms[claim.holder].claims.append(claim)

    def daily_costs_fen(self, firm: Firm) -> int:
        """Wages and fixed costs per day; they do not follow orders."""
        share = self.p.payroll_share + self.p.fixed_cost_share
        return firm.sales_fen_per_day * round(share * PPM) // PPM

    def term_days_left(self, claim: Claim) -> int:
        return -((self.engine.now_s - claim.invoice.due_at_s) // DAY_S)


def interest_fen(amount_fen: int, rate_ppm: int, days: int) -> int:
    """Simple interest, rounded down."""
    return amount_fen * rate_ppm * days // (PPM * YEAR_DAYS)
