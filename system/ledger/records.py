"""The nouns of the ledger: accounts, transfers, holds, and their tables.

A transfer moves an amount from its debit account to its credit account. It is posted at once, or
held (pending) until it is posted, voided or expires. Nothing is edited: a mistake is reversed.
"""

from dataclasses import dataclass
from typing import Literal

from system.ledger.rules import Refusal
from system.ports.store import AtLeast, Table

Side = Literal["credit", "debit"]
Kind = Literal["post", "hold", "post_hold", "void_hold", "expire_hold", "reverse"]
HoldState = Literal["open", "posted", "voided", "expired"]
CURRENCY = "CNY"


@dataclass(frozen=True, slots=True)
class Account:
    """Four counters, and what is left to spend.

    normal: the side that makes the balance grow: "credit" for what the bank owes (deposits),
    "debit" for what it owns (loans, cash). floor_fen: the lowest ``available_fen`` allowed, None
    for no floor; negative is an overdraft. Counters and ``available_fen`` belong to the ledger:
    leave them at zero when opening.
    """

    account_id: str
    owner_id: str
    normal: Side
    floor_fen: int | None = 0
    currency: str = CURRENCY
    debits_posted_fen: int = 0
    debits_pending_fen: int = 0
    credits_posted_fen: int = 0
    credits_pending_fen: int = 0
    available_fen: int = 0

    @property
    def balance_fen(self) -> int:
        """Posted balance on the account's normal side."""
        net_fen = self.credits_posted_fen - self.debits_posted_fen
        return net_fen if self.normal == "credit" else -net_fen


@dataclass(frozen=True, slots=True)
class TransferRequest:
    """One wish to the ledger. ``transfer_id`` is made by the client; a retry repeats it.

    kind "post" and "hold" need both accounts and amount_fen; "hold" may give expires_at_s. The
    others name the transfer that they resolve in ``refers_to`` and leave the accounts empty;
    amount_fen 0 means all of it, and only "post_hold" may give less. Neighbours in a batch with
    one ``group_id`` stand or fall together.
    """

    transfer_id: str
    debit_account_id: str = ""
    credit_account_id: str = ""
    amount_fen: int = 0
    kind: Kind = "post"
    refers_to: str | None = None
    expires_at_s: int | None = None
    group_id: str | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """What the ledger did: the request with accounts and amount filled in, and its time."""

    transfer_id: str
    debit_account_id: str
    credit_account_id: str
    amount_fen: int
    kind: Kind
    refers_to: str | None
    expires_at_s: int | None
    group_id: str | None
    reference: str
    at_s: int


@dataclass(frozen=True, slots=True)
class Hold:
    """Where a held transfer stands. ``hold_id`` is its transfer id."""

    hold_id: str
    state: HoldState
    expires_at_s: int | None


@dataclass(frozen=True, slots=True)
class TransferOutcome:
    """done: now; exists: an earlier equal request did it; refused: see ``refusal``."""

    transfer_id: str
    status: Literal["done", "exists", "refused"]
    refusal: Refusal | None = None


ACCOUNTS = Table(
    "accounts",
    Account,
    key=("account_id",),
    index=(("owner_id",),),
    checks=(
        AtLeast("debits_posted_fen", 0),
        AtLeast("debits_pending_fen", 0),
        AtLeast("credits_posted_fen", 0),
        AtLeast("credits_pending_fen", 0),
        AtLeast("available_fen", "floor_fen"),
    ),
)
# One resolution per hold and one reversal per transfer, by the database itself.
TRANSFERS = Table(
    "transfers",
    Transfer,
    key=("transfer_id",),
    unique=(("refers_to",),),
    checks=(AtLeast("amount_fen", 1),),
    append_only=True,
)
HOLDS = Table("holds", Hold, key=("hold_id",), index=(("state",),))
LEDGER_TABLES = (ACCOUNTS, TRANSFERS, HOLDS)
