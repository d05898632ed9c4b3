"""Money that reached the account and named nothing that it could pay: kept for people."""

from dataclasses import dataclass
from typing import Final

from system.ports.store import AtLeast, Table


@dataclass(frozen=True, slots=True)
class UnappliedCash:
    """cash_id: of the message and its entry.  text: what the payer wrote.  why: in our words."""

    cash_id: str
    amount_fen: int
    text: str
    why: str
    at_s: int


UNAPPLIED: Final = Table(
    "unapplied_cash",
    UnappliedCash,
    key=("cash_id",),
    checks=(AtLeast("amount_fen", 1),),
    sealed=("text",),
)
