"""The joint economy: suppliers with a shop, a line and a machine, and one purse for all of it.

It is the receivables economy (``sim.receivables.economy``) with causes of its own: demand that
rises or falls for a while, and core enterprises that fail on a day.
"""

from typing import Final

from sim.engine import Engine
from sim.joint.parameters import JointParameters, Setting
from sim.receivables.debtors import Debtors
from sim.receivables.economy import Economy
from sim.receivables.records import WORLD, Firm, Invoice
from sim.streams import Luck
from system.limits import PPM

# The bank's purse for lines and leases; the house banks of the network are its branches.
BANK: Final = "bank"


class JointEconomy(Economy):
    """Firms, money and claims as in receivables; ``members`` are the suppliers, by account."""

    def __init__(
        self, engine: Engine, luck: Luck, setting: Setting, counts: tuple[int, ...]
    ) -> None:
        super().__init__(engine, luck, setting.receivables, counts)
        self.j: JointParameters = setting.joint
        self.members: list[Firm] = self.network.suppliers

    def demand_ppm(self, day: int) -> int:
        """A ramp up to ``demand_ratio``, a plateau, and the same ramp down."""
        j, since = self.j, day - self.j.demand_from_days
        end = 2 * j.demand_ramp_days + j.demand_hold_days
        height = min(max(since, 0), max(end - since, 0), j.demand_ramp_days)
        return PPM + round((j.demand_ratio - 1) * PPM) * height // j.demand_ramp_days

    @property
    def failing(self) -> list[Firm]:
        """The core enterprises that fail in this scenario: those that buy most."""
        by_size = sorted(self.network.cores, key=lambda core: (-core.sales_fen_per_day, core.index))
        return by_size[: self.j.core_failure_count]

    def sell_retail(self) -> None:
        """What a day in the shop leaves after goods, for every supplier that is alive."""
        j, day = self.j, self.day
        luck = self.luck.cohort("retail", day, len(self.members))
        share_ppm = round(j.retail_share * j.retail_margin_share * PPM)
        demand = max(self.demand_ppm(day), 0)
        for firm, draw in zip(self.members, luck.tolist(), strict=True):
            # Uniform luck with this spread, never below zero.
            factor = max(PPM + round(j.retail_cv * 12**0.5 * (draw - 0.5) * PPM), 0)
            usual_fen = firm.sales_fen_per_day * share_ppm // PPM * demand // PPM
            if firm.alive:
                self.pay(WORLD, firm.key, usual_fen * factor // PPM, "retail")

    def leave(self, firm: Firm) -> None:
        """A swindler is gone, with all the cash there is."""
        self.pay(firm.key, WORLD, max(self.cash_fen(firm), 0), "vanished")
        firm.failed_on_day = self.day
        self.note("vanished", firm.key)


class JointDebtors(Debtors):
    """Debtors of whom some fail on a known day, and stop paying before that."""

    def __init__(self, economy: JointEconomy) -> None:
        super().__init__(economy)
        self._joint = economy
        self._failing = {core.index for core in economy.failing}

    def _distress(self) -> None:
        super()._distress()
        for core in self._joint.failing:
            if core.alive and self._joint.day >= self._joint.j.core_failure_days:
                core.failed_on_day = self._joint.day
                self._joint.note("core_failed", core.key)

    def _pays(self, invoice: Invoice) -> bool:
        slides_from = self._joint.j.core_failure_days - self._joint.j.core_slide_days
        if invoice.debtor in self._failing and self._joint.day >= slides_from:
            return False
        return super()._pays(invoice)
