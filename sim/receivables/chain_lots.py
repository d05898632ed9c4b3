"""Which claim of the economy stands behind which lot on the chain."""

from sim.receivables.economy import Economy
from sim.receivables.records import Claim


class LotBook:
    """Follows lots as they are made, divided, passed on and paid."""

    def __init__(self, economy: Economy) -> None:
        self._e = economy
        self._claim_of: dict[int, Claim] = {}

    def open(self, claim: Claim, lot_id: int) -> None:
        """The debtor has accepted: the whole claim is one lot."""
        claim.lot_id = lot_id
        self._claim_of[lot_id] = claim

    def claim_of(self, lot_id: int) -> Claim | None:
        """None for a lot that is split off but not yet paid for by its bank."""
        return self._claim_of.get(lot_id)

    def divide(self, claim: Claim, lot_id: int, value_fen: int) -> None:
        """A bank has paid for a part, which is a lot of its own; the rest stays with the holder.

        The claim that was applied for becomes the financed part, so that its tickets still name it.
        """
        key = f"{claim.invoice.key}/{claim.lot_id}-{lot_id}"
        self._part(key, claim, claim.lot_id, claim.holder, claim.value_fen - value_fen, claim.tier)
        claim.value_fen = value_fen
        self.open(claim, lot_id)

    def pass_on(self, claim: Claim, rest_lot_id: int, lot_id: int, to: int, part_fen: int) -> None:
        """A part goes one tier down. rest_lot_id: what the holder keeps, or 0."""
        del self._claim_of[claim.lot_id]
        claim.state = "closed"
        key, rest_fen = claim.invoice.key, claim.value_fen - part_fen
        if rest_lot_id:
            rest_key = f"{key}/{rest_lot_id}-{lot_id}"
            self._part(rest_key, claim, rest_lot_id, claim.holder, rest_fen, claim.tier)
        self._part(f"{key}/{lot_id}", claim, lot_id, to, part_fen, claim.tier + 1)

    def _part(
        self, key: str, of: Claim, lot_id: int, holder: int, value_fen: int, tier: int
    ) -> None:
        part = Claim(key, holder, of.invoice, value_fen, tier)
        self.open(part, lot_id)
        self._e.add_claim(part)
