"""What is asked of the credit product. Imperative; columns in, one row per merchant.

``command_id`` is made by the client: the same id with the same content gets the same answer, with
other content a refusal. Columns are int64 (n,) NumPy arrays (``explore``, ``listed``: bool), 1 to
COLUMN_ROWS_MAX rows; accounts are the numbers that ``enrol`` gave, each at most once per command.
"""

from dataclasses import dataclass

from system.credit.records import Basis
from system.kernels.columns import I64, Mask


@dataclass(frozen=True, slots=True)
class EnrolMerchants:
    """Admit n merchants: they get the next n account numbers.

    since_day: business day since which the shop is on the platform, or from which it will be: its
    feed is refused for days before that.  borrower: account number that stands for all shops of
    one owner, -1 (or no column) for the merchant itself.
    """

    command_id: str
    n: int
    region: I64
    since_day: I64
    borrower: I64 | None = None


@dataclass(frozen=True, slots=True)
class GrantConsent:
    """purpose: a ``Purpose``.  classes: sum of ``DataClass``.  until_s: UTC seconds, exclusive."""

    command_id: str
    accounts: I64
    purpose: int
    classes: int
    until_s: int


@dataclass(frozen=True, slots=True)
class WithdrawConsent:
    command_id: str
    accounts: I64
    purpose: int


@dataclass(frozen=True, slots=True)
class ApplyBatch:
    """Ask for a line, decided on the merchant's data.

    explore: the caller's draw of the small random share that is approved in spite of its PD, with
    a small limit, so that the bias of learning from approved merchants alone can be measured.
    """

    command_id: str
    accounts: I64
    requested_fen: I64
    explore: Mask


@dataclass(frozen=True, slots=True)
class GrantBatch:
    """An officer's decision, which a second one has approved; also renews an open line."""

    command_id: str
    accounts: I64
    limit_fen: I64
    rate_ppm: I64
    maker: str
    checker: str
    basis: Basis = Basis.COLLATERAL


@dataclass(frozen=True, slots=True)
class DrawBatch:
    command_id: str
    accounts: I64
    amount_fen: I64


@dataclass(frozen=True, slots=True)
class RepayBatch:
    """Cash of merchants; what exceeds the debt goes back."""

    command_id: str
    accounts: I64
    amount_fen: I64


@dataclass(frozen=True, slots=True)
class RecoverBatch:
    """Cash on claims that were charged off; what exceeds the claim goes back."""

    command_id: str
    accounts: I64
    amount_fen: I64


@dataclass(frozen=True, slots=True)
class FreezeBatch:
    """An officer stops drawing."""

    command_id: str
    accounts: I64
    officer: str


@dataclass(frozen=True, slots=True)
class KeepOutBatch:
    """What screening found: whom a sanctions list keeps out of credit, with a line or without.

    listed: True to keep out from now on, False for those whose cases were settled.
    """

    command_id: str
    accounts: I64
    listed: Mask
    officer: str = "screening"


@dataclass(frozen=True, slots=True)
class UnfreezeBatch:
    """Lift the officer's freeze; those by arrears or consent stay."""

    command_id: str
    accounts: I64
    officer: str


@dataclass(frozen=True, slots=True)
class RestructureBatch:
    """Make all that is due principal again, at a new rate and a slower pace."""

    command_id: str
    accounts: I64
    rate_ppm: I64
    maker: str
    checker: str


@dataclass(frozen=True, slots=True)
class ChargeOffBatch:
    command_id: str
    accounts: I64
    maker: str
    checker: str


@dataclass(frozen=True, slots=True)
class CloseBatch:
    """End a line that owes nothing."""

    command_id: str
    accounts: I64


LineCommand = (
    ApplyBatch
    | GrantBatch
    | DrawBatch
    | RepayBatch
    | RecoverBatch
    | FreezeBatch
    | UnfreezeBatch
    | RestructureBatch
    | ChargeOffBatch
    | CloseBatch
)
