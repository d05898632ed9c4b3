"""Who has how much money: double entry over every actor, the banks and the outside world.

Each transfer takes from one purse what it gives to another, so the sum of all purses is always
zero: the outside world and the banks start at zero and may go below it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transfer:
    at_s: int
    payer: str
    payee: str
    amount_fen: int
    reason: str


class Purses:
    """Balances by owner, in fen, and the journal they follow from."""

    def __init__(self) -> None:
        self._balance_fen: dict[str, int] = {}
        self.journal: list[Transfer] = []

    def of(self, owner: str) -> int:
        """What an owner has; below zero it is an overdraft."""
        return self._balance_fen.get(owner, 0)

    def move(self, at_s: int, payer: str, payee: str, amount_fen: int, reason: str) -> None:
        """Pay ``amount_fen`` (0 or more) at once. Whether the payer may is the caller's matter."""
        assert amount_fen >= 0, f"{reason}: a payment of {amount_fen} fen"
        if amount_fen == 0:
            return
        self._balance_fen[payer] = self.of(payer) - amount_fen
        self._balance_fen[payee] = self.of(payee) + amount_fen
        self.journal.append(Transfer(at_s, payer, payee, amount_fen, reason))

    def balances(self) -> dict[str, int]:
        """A copy of every balance, by owner."""
        return dict(self._balance_fen)
