"""What is asked of leases. Imperative; columns in, one row per lease.

``command_id`` is made by the client: the same id with the same content gets the same answer, with
other content a refusal. Columns are int64 (n,) NumPy arrays (``breach`` is bool), 1 to
COLUMN_ROWS_MAX rows; leases are the numbers that ``start`` gave, each at most once per command.
"""

from dataclasses import dataclass

from system.kernels.columns import I64, Mask
from system.leasing.kernels.leaving import LeaveTerms
from system.leasing.kernels.rent import Tariff


@dataclass(frozen=True, slots=True)
class OpenTariff:
    """A new tariff and its terms of leaving; its number is the answer. It never changes."""

    command_id: str
    name: str
    tariff: Tariff
    leave: LeaveTerms


@dataclass(frozen=True, slots=True)
class AdmitLessees:
    """Admit n lessees: they get the next n numbers.

    group: number of the lessee that stands for all firms of one owner, -1 for itself.
    limit_fen: of machines out and claims together, for the group where it stands for one.
    """

    command_id: str
    n: int
    group: I64
    limit_fen: I64


@dataclass(frozen=True, slots=True)
class SetLimits:
    command_id: str
    lessee: I64
    limit_fen: I64
    maker: str
    checker: str


@dataclass(frozen=True, slots=True)
class KeepOutBatch:
    """What screening found: whom a sanctions list keeps from new leases.

    listed: True to keep out from now on, False for those whose cases were settled.
    """

    command_id: str
    lessee: I64
    listed: Mask
    officer: str = "screening"


@dataclass(frozen=True, slots=True)
class StartBatch:
    """Hand machines over, from today on. Columns as in ``records.LEASES``.

    term_days: until the lessee may give it back for nothing.  deposit_fen: paid at handover.
    counter_s: the hour meter at handover, as both parties read it, where the machine itself never
    reported; MISSING for none.
    """

    command_id: str
    machine: I64
    lessee: I64
    tariff: I64
    rent_fen: I64
    value_fen: I64
    deposit_fen: I64
    term_days: I64
    period_engine_s_max: I64
    term_engine_s_max: I64
    option_fen: I64
    counter_s: I64


@dataclass(frozen=True, slots=True)
class PayBatch:
    """Cash of lessees; what exceeds the debt goes back."""

    command_id: str
    lease: I64
    amount_fen: I64


@dataclass(frozen=True, slots=True)
class RecoverBatch:
    """Cash on claims that were charged off; what exceeds the claim goes back."""

    command_id: str
    lease: I64
    amount_fen: I64


@dataclass(frozen=True, slots=True)
class ReturnBatch:
    """Machines come back today, the last day with rent.

    counter_s: the hour meter, as both parties read it; MISSING for what the machine reported.
    """

    command_id: str
    lease: I64
    counter_s: I64


@dataclass(frozen=True, slots=True)
class RenewBatch:
    """The term goes on until a later day, at the tariff's renewal rent."""

    command_id: str
    lease: I64
    until_day: I64


@dataclass(frozen=True, slots=True)
class BuyBatch:
    """Lessees buy their machines for the contract's price."""

    command_id: str
    lease: I64


@dataclass(frozen=True, slots=True)
class RepossessBatch:
    """Machines were taken back. breach: for another breach of contract than arrears; see note."""

    command_id: str
    lease: I64
    breach: Mask
    maker: str
    checker: str
    note: str


@dataclass(frozen=True, slots=True)
class SellBatch:
    """Machines that came back were sold."""

    command_id: str
    lease: I64
    price_fen: I64
    maker: str
    checker: str


@dataclass(frozen=True, slots=True)
class HoldBatch:
    """Order machines of leases in arrears not to start; each answers by its terminal."""

    command_id: str
    lease: I64
    maker: str
    checker: str
    note: str


@dataclass(frozen=True, slots=True)
class FreeBatch:
    """Let machines start again."""

    command_id: str
    lease: I64
    maker: str
    checker: str
    note: str


@dataclass(frozen=True, slots=True)
class ChargeOffBatch:
    command_id: str
    lease: I64
    maker: str
    checker: str


@dataclass(frozen=True, slots=True)
class SettleBatch:
    """Set the deposit off against what is owed, and return the rest of it."""

    command_id: str
    lease: I64


@dataclass(frozen=True, slots=True)
class DisputeBatch:
    """Lessees claim that bills have too many hours. evidence: for all rows."""

    command_id: str
    lease: I64
    period: I64
    claimed_s: I64
    evidence: str


@dataclass(frozen=True, slots=True)
class DecideBatch:
    """Hours that were found: as few as claimed, or more. As many as billed reject the dispute."""

    command_id: str
    lease: I64
    period: I64
    found_s: I64
    maker: str
    checker: str
    note: str
