"""Rebuilds the books from events alone, without a call to the chain.

An event is applied once: each contract numbers its events, so a copy is dropped and a gap is an
error.
"""

from collections.abc import Iterable
from typing import Any

from system.chain.abi import Decoded
from tests.contracts.books import Books, Claim, Lot
from tests.contracts.cast import (
    ACCEPTED,
    DEFAULTED,
    DUE,
    EXPIRED,
    FINANCED,
    FREE,
    LOCKED,
    OVERDUE,
    RECOURSED,
    REDEEMED,
    REGISTERED,
    REJECTED,
    SETTLED,
    SPENT,
    WRITTEN_OFF,
)

_STATE_AFTER = {
    "Rejected": REJECTED,
    "Expired": EXPIRED,
    "BecameDue": DUE,
    "BecameOverdue": OVERDUE,
    "Defaulted": DEFAULTED,
    "Settled": SETTLED,
    "WrittenOff": WRITTEN_OFF,
}


def rebuilt(events: Iterable[Decoded]) -> Books:
    """The books after these events, in the order of the chain; repeated ones count once."""
    auditor = Auditor()
    for event in events:
        auditor.apply(event)
    return auditor.books


class Auditor:
    """Takes events one by one."""

    def __init__(self) -> None:
        self.books = Books()
        self._sequences: dict[str, int] = {}

    def apply(self, event: Decoded) -> None:
        """One event. Those of ERC-20, ERC-3525 and OpenZeppelin say nothing that ours do not."""
        if "sequence" not in event.values or not self._is_next(event):
            return
        name, values = event.name, event.values
        if name in _STATE_AFTER:
            self.books.claims[values["fingerprint"]].state = _STATE_AFTER[name]
        rule = getattr(self, f"_{name}", None)
        if rule is not None:
            rule(values)

    def _is_next(self, event: Decoded) -> bool:
        last, number = self._sequences.get(event.contract, 0), event.values["sequence"]
        assert number <= last + 1, f"{event.contract}: {number} follows {last}"
        self._sequences[event.contract] = max(last, number)
        return bool(number == last + 1)

    def _Minted(self, values: dict[str, Any]) -> None:  # noqa: N802 (named as the event)
        self.books.move("", values["account"], values["amount"])

    def _Burned(self, values: dict[str, Any]) -> None:  # noqa: N802
        self.books.move(values["account"], "", values["amount"])

    def _Registered(self, values: dict[str, Any]) -> None:  # noqa: N802
        parties = values["debtor"], values["supplier"]
        self.books.claims[values["fingerprint"]] = Claim(*parties, values["dueAt"], REGISTERED)

    def _Accepted(self, values: dict[str, Any]) -> None:  # noqa: N802
        claim = self.books.claims[values["fingerprint"]]
        claim.state, claim.face = ACCEPTED, values["value"]
        self._add(values, values["lot"], values["supplier"], values["value"], 0, 1)

    def _add(
        self, values: dict[str, Any], lot: int, owner: str, value: int, parent: int, tier: int
    ) -> None:
        self.books.lots[lot] = Lot(values["fingerprint"], owner, value, parent, tier, FREE)

    def _Disputed(self, values: dict[str, Any]) -> None:  # noqa: N802
        self.books.claims[values["fingerprint"]].disputed = True

    def _DisputeResolved(self, values: dict[str, Any]) -> None:  # noqa: N802
        self.books.claims[values["fingerprint"]].disputed = False

    def _Split(self, values: dict[str, Any]) -> None:  # noqa: N802
        parent = values["lot"]
        for child, value in zip(values["children"], values["values"], strict=True):
            self._add(values, child, values["owner"], value, parent, values["tier"])
            self.books.lots[parent].value -= value

    def _Endorsed(self, values: dict[str, Any]) -> None:  # noqa: N802
        parent, value = self.books.lots[values["lot"]], values["value"]
        self._add(values, values["child"], values["to"], value, values["lot"], values["tier"])
        parent.value -= value
        if parent.value == 0:
            parent.state = SPENT

    def _Locked(self, values: dict[str, Any]) -> None:  # noqa: N802
        self.books.lots[values["lot"]].state = LOCKED

    def _Unlocked(self, values: dict[str, Any]) -> None:  # noqa: N802
        self.books.lots[values["lot"]].state = FREE

    def _Disbursed(self, values: dict[str, Any]) -> None:  # noqa: N802
        lot = self.books.lots[values["lot"]]
        lot.state, lot.owner, lot.seller = FINANCED, values["bank"], values["supplier"]
        lot.holdback, lot.recourse = values["holdback"], values["recourse"]
        self.books.move(lot.owner, lot.seller, values["advance"])

    def _Paid(self, values: dict[str, Any]) -> None:  # noqa: N802
        self.books.claims[values["fingerprint"]].redeemed += values["amount"]
        for lot, holder, to_holder, seller, to_seller, _, _ in values["payouts"]:
            self._fall(lot, to_holder + to_seller)
            self.books.lots[lot].holdback -= to_seller
            self.books.move(values["payer"], holder, to_holder)
            if to_seller:
                self.books.move(values["payer"], seller, to_seller)

    def _fall(self, lot: int, amount: int) -> None:
        self.books.lots[lot].value -= amount
        if self.books.lots[lot].value == 0:
            self.books.lots[lot].state = REDEEMED

    def _CreditNoted(self, values: dict[str, Any]) -> None:  # noqa: N802
        lot = self.books.lots[values["lot"]]
        self.books.claims[values["fingerprint"]].credited += values["amount"]
        if values["by"] != lot.owner:
            lot.holdback -= values["amount"]
        self._fall(values["lot"], values["amount"])

    def _Recoursed(self, values: dict[str, Any]) -> None:  # noqa: N802
        lot = self.books.lots[values["lot"]]
        lot.state, lot.owner, lot.holdback, lot.recourse = RECOURSED, values["seller"], 0, False
        self.books.move(values["seller"], values["bank"], values["price"])
