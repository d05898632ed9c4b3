"""The nouns of leases: contracts as columns, lessees, tariffs, disputes."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from system.limits import BILLS_MAX
from system.ports.book import Column, Frame
from system.ports.store import Table
from system.subledger.records import CLOSED_DAYS, journal_table


class LeaseLife(IntEnum):
    """Where a lease stands."""

    LIVE = 1  # the lessee has the machine, rent runs
    ENDED = 2  # rent has stopped; something may still be owed, or the deposit held
    CHARGED_OFF = 3  # given up in the books; the claim stays, money comes by recovery
    CLOSED = 4  # nothing owed, no deposit held


class Ending(IntEnum):
    """What became of the machine when its lease ended."""

    NONE = 0
    RETURNED = 1
    REPOSSESSED = 2
    BOUGHT = 3  # by its lessee
    LOST = 4  # charged off while the lessee had it


# One row per contract. Balances in fen; days are business day numbers, 0 for never; a period has 30
# days, aligned for all. ``penalty_raw`` in fen x ppm x days, not yet billed.
LEASES: Final = Frame(
    "lease",
    (
        Column("machine"),
        Column("lessee"),
        Column("tariff"),
        Column("rent_fen", floor=0),  # list rent of a full period
        Column("value_fen", floor=0),  # the machine's at handover
        Column("from_day"),  # the first with rent
        Column("until_day"),  # the term is over; rent runs on until the machine is back
        Column("first_until_day"),  # of the first term: rent is the tariff's renewal rent after it
        Column("period_engine_s_max", floor=0),  # that a full period gives; 0: no bound
        Column("term_engine_s_max", floor=0),  # that end the lessee's commitment; 0: no bound
        Column("option_fen", floor=0),  # for which the lessee may buy after the term; 0: may not
        Column("life"),
        Column("ending"),
        Column("end_day"),
        Column("sold_day"),
        Column("default_day"),  # the first day in default
        Column("rent_due_fen", floor=0),  # billed and unpaid, disputed or not
        Column("fee_due_fen", floor=0),
        Column("penalty_due_fen", floor=0),
        Column("disputed_fen", floor=0),  # the part of rent_due_fen that neither ages nor costs
        Column("overdue_fen", floor=0),  # the part of rent_due_fen that is past grace
        Column("penalty_raw"),
        Column("deposit_fen", floor=0),  # held
        Column("written_off_fen", floor=0),  # claim that charge-off left, less recoveries
        Column("unpaid_due_day"),  # due day of the oldest unpaid bill
        Column("arrears_day"),  # the last day that ended with something past due
        Column("asset_class"),  # by this lease alone; cross-default is added in reports
        Column("counter_from_s", floor=0),  # reconciled engine seconds at handover
        Column("billed_s", floor=0),  # on all bills
        Column("pace_s", floor=0),  # of a usual full period
        Column("billed_period"),  # the last period that was billed, plus one
        # In plane period % BILLS_MAX: what is left of its bill, undisputed; and its hours, as
        # seconds x 2, plus 1 where a part is estimated.
        Column("bill_fen", planes=BILLS_MAX, floor=0),
        Column("bill_use", planes=BILLS_MAX, floor=0),
    ),
)
LESSEES: Final = Frame(
    "lessee",
    (
        Column("group"),  # the lessee that stands for all firms of one owner
        Column("limit_fen", floor=0),  # of machines and claims together, for its group's leases
        Column("listed", floor=0),  # 1 while a sanctions list keeps it out
    ),
)


@dataclass(frozen=True, slots=True)
class TariffRow:
    """text: the tariff and its leave terms, as JSON; see ``tariffs``."""

    tariff: int
    name: str
    text: str


class DisputeState(IntEnum):
    OPEN = 1
    UPHELD = 2  # fewer hours were found than were billed
    REJECTED = 3


@dataclass(frozen=True, slots=True)
class Dispute:
    """A lessee claims that a bill has too many hours. One per lease and period, ever.

    evidence: what it shows.  found_s, credited_fen, note, maker, checker: of the decision.
    """

    lease: int
    period: int
    state: int
    billed_s: int
    claimed_s: int
    disputed_fen: int
    evidence: str
    opened_at_s: int
    found_s: int
    credited_fen: int
    note: str
    maker: str
    checker: str
    decided_at_s: int


TARIFFS: Final = Table("leasing_tariff", TariffRow, key=("tariff",), append_only=True)
DISPUTES: Final = Table(
    "leasing_dispute", Dispute, key=("lease", "period"), index=(("lease",), ("state",))
)
JOURNAL: Final = journal_table("leasing_journal")
# Names the leases' days among CLOSED_DAYS.
LEASE_DAYS: Final = "leases"
LEASE_TABLES: Final = (TARIFFS, DISPUTES, JOURNAL, CLOSED_DAYS)
LEASE_FRAMES: Final = (LEASES, LESSEES)
