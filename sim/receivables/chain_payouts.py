"""What enterprises have in their deposits, until it is in their accounts elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass

from sim.receivables.chain_platform import RAIL, Platform
from sim.receivables.economy import Economy
from system.chain.events import CashWithdrawn, PayoutEnded


@dataclass(frozen=True, slots=True)
class _Due:
    amount_fen: int
    arrived: Callable[[], None]


class PayoutDesk:
    """Enterprises' clerks, who match what arrives with what the platform said had left.

    by_rail: whether there is anything to wait for. A bank's own deposit stays on the platform.
    """

    def __init__(self, economy: Economy, platform: Platform) -> None:
        self._e, self._platform = economy, platform
        self.by_rail = platform.rail is not None
        # By party, oldest first: in the deposit; and, by amount too, on the way.
        self._in_deposit: dict[str, list[_Due]] = {}
        self._on_way: dict[tuple[str, int], list[list[_Due]]] = {}

    def owe(self, party_id: str, amount_fen: int, arrived: Callable[[], None]) -> None:
        """The deposit has grown by so much; ``arrived`` is called when the account has it."""
        self._in_deposit.setdefault(party_id, []).append(_Due(amount_fen, arrived))
        self._platform.reach(lambda: self._pay_out(party_id))

    def owe_payout(self, party_id: str, amount_fen: int) -> None:
        """Of a debtor's payment, which is in no purse of its own until the rail has brought it."""
        self._e.pay(party_id, RAIL, amount_fen, "on_way")
        self.owe(party_id, amount_fen, lambda: self._e.pay(RAIL, party_id, amount_fen, "by_rail"))

    def _pay_out(self, party_id: str) -> None:
        self._platform.service.pay_out([party_id])
        self._platform.driver.wake()

    def on_withdrawn(self, event: CashWithdrawn) -> None:
        """Part of a deposit is on its way: what has been in it longest.

        It may hold more than is owed here: a price that was paid back to a seller.
        """
        if self._platform.rail is None:
            return
        due, rest_fen = self._in_deposit.get(event.party_id, []), event.amount_fen
        leaving = list[_Due]()
        while due and due[0].amount_fen <= rest_fen:
            leaving.append(due.pop(0))
            rest_fen -= leaving[-1].amount_fen
        self._on_way.setdefault((event.party_id, event.amount_fen), []).append(leaving)
        self._platform.rail.wake()

    def on_ended(self, event: PayoutEnded) -> None:
        """The rail has confirmed a payment. Of equal ones the oldest counts as this one.

        What was not said to have left is nobody's to use: the auditor will name it.
        """
        assert event.state == "settled", f"every account of this economy is good: {event}"
        self._e.note("rail_paid", event.party_id, event.amount_fen)
        expected = self._on_way.get((event.party_id, event.amount_fen))
        for one in expected.pop(0) if expected else ():
            one.arrived()
