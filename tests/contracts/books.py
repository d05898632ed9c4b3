"""Receivables, lots, cash and limit usage as plain Python: the model, and what logs rebuild to."""

from dataclasses import dataclass, field
from typing import Any

from tests.contracts.cast import FINANCED, WRITTEN_OFF


@dataclass
class Claim:
    """One receivable. face is zero until it is accepted."""

    debtor: str
    supplier: str
    due_s: int
    state: int
    face: int = 0
    disputed: bool = False
    redeemed: int = 0
    credited: int = 0


@dataclass
class Lot:
    claim: bytes
    owner: str
    value: int
    parent: int
    tier: int
    state: int
    seller: str = ""
    holdback: int = 0
    recourse: bool = False


@dataclass
class Books:
    """Everything that has money in it. Accounts by address."""

    claims: dict[bytes, Claim] = field(default_factory=dict)
    lots: dict[int, Lot] = field(default_factory=dict)
    cash: dict[str, int] = field(default_factory=dict)

    def lots_of(self, claim: bytes) -> dict[int, Lot]:
        """By id, ascending."""
        return {lot: one for lot, one in self.lots.items() if one.claim == claim}

    def outstanding(self, claim: bytes) -> int:
        return sum(lot.value for lot in self.lots_of(claim).values())

    def usage(self, role: str) -> dict[str, int]:
        """Live financed value by party. role: 'debtor', 'seller' or 'owner' (the bank)."""
        used: dict[str, int] = {}
        for lot in self.lots.values():
            claim = self.claims[lot.claim]
            if lot.state == FINANCED and claim.state != WRITTEN_OFF:
                party = claim.debtor if role == "debtor" else str(getattr(lot, role))
                used[party] = used.get(party, 0) + lot.value
        return used

    def move(self, source: str, to: str, amount: int) -> None:
        """Cash. An empty source or target is the outside world."""
        if source:
            self.cash[source] = self.cash.get(source, 0) - amount
        if to:
            self.cash[to] = self.cash.get(to, 0) + amount

    def facts(self) -> dict[str, Any]:
        """What two sets of books are compared by; parties without cash are left out."""
        cash = {party: amount for party, amount in self.cash.items() if amount}
        return {"claims": self.claims, "lots": self.lots, "cash": cash}
