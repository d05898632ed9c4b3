"""The layered supply network: who buys from whom, how much, on which terms.

All luck is keyed by purpose and actor. Sizes are Pareto distributed and a buyer's shares follow
the sizes of its sellers; a share of suppliers sells to a second buyer, more often when large.
"""

from itertools import pairwise

from sim.receivables.parameters import Parameters
from sim.receivables.records import Edge, Firm
from sim.streams import Luck
from system.limits import PPM

BANKS = ("bank-a", "bank-b")
# A size is capped at this multiple of the smallest one, so that no single firm is the economy.
_SIZE_RATIO_MAX = 60


class Network:
    """Firms by index (cores first, then tier by tier) and the relations between them."""

    def __init__(self, luck: Luck, parameters: Parameters, counts: tuple[int, ...]) -> None:
        self._luck, self._p = luck, parameters
        self.firms: list[Firm] = []
        self.edges: list[Edge] = []
        self._size: dict[str, int] = {}
        tiers = [self._tier(tier, count) for tier, count in enumerate(counts)]
        for buyers, sellers in pairwise(tiers):
            self._connect(buyers, sellers)
        self._flow(tiers)

    def of_tier(self, tier: int) -> list[Firm]:
        return [firm for firm in self.firms if firm.tier == tier]

    @property
    def cores(self) -> list[Firm]:
        return self.of_tier(0)

    @property
    def suppliers(self) -> list[Firm]:
        return [firm for firm in self.firms if not firm.is_core]

    def _tier(self, tier: int, count: int) -> list[Firm]:
        firms = [self._firm(tier, position) for position in range(count)]
        self.firms.extend(firms)
        self._size.update((firm.key, self._drawn_size(firm)) for firm in firms)
        return firms

    def _firm(self, tier: int, position: int) -> Firm:
        key = f"core{position}" if tier == 0 else f"t{tier}-{position:03d}"
        in_group = self._luck.chance("group", key, share=self._p.group_share)
        shared = f"group-{self._luck.choice_index('group_of', key, n=5)}"
        bank = BANKS[self._luck.choice_index("house_bank", key, n=len(BANKS))]
        return Firm(len(self.firms) + position, key, tier, shared if in_group else key, bank, 0)

    def _drawn_size(self, firm: Firm) -> int:
        """A Pareto size in thousandths of the smallest one."""
        unit = 1.0 - self._luck.unit("size", firm.key)
        ratio: float = unit ** (-1.0 / self._p.size_pareto_exponent)
        return round(1000 * min(ratio, _SIZE_RATIO_MAX))

    def _connect(self, buyers: list[Firm], sellers: list[Firm]) -> None:
        for rank, seller in enumerate(sellers):
            # The first sellers go round, so that nobody is left without a supplier.
            first = rank if rank < len(buyers) else self._pick(buyers, "buyer", seller)
            chosen = [first % len(buyers)]
            extra_share = min(1.0, self._p.buyers_extra_share * self._size[seller.key] / 3000)
            if self._luck.chance("second_buyer", seller.key, share=extra_share):
                chosen.append(self._pick(buyers, "buyer_2", seller))
            for position in sorted(set(chosen)):
                self._edge(buyers[position], seller)
        for buyer in buyers:
            _normalise(buyer.inputs, [self._size[self.firms[e.seller].key] for e in buyer.inputs])

    def _pick(self, buyers: list[Firm], purpose: str, seller: Firm) -> int:
        """A buyer's position, drawn in proportion to size: degrees become heavy-tailed."""
        sizes = [self._size[buyer.key] for buyer in buyers]
        target = self._luck.integer(purpose, seller.key, low=0, high=sum(sizes) - 1)
        for position, size in enumerate(sizes):
            target -= size
            if target < 0:
                return position
        raise AssertionError("the target lies below the sum of sizes")

    def _edge(self, buyer: Firm, seller: Firm) -> None:
        key, luck, p = (buyer.key, seller.key), self._luck, self._p
        options = p.term_days_options
        edge = Edge(
            index=len(self.edges),
            buyer=buyer.index,
            seller=seller.index,
            weight_ppm=0,
            term_days=options[luck.choice_index("term", *key, n=len(options))],
            lead_days=luck.integer("lead", *key, low=p.lead_days_min, high=p.lead_days_max),
            phase_days=luck.integer("phase", *key, low=0, high=p.order_interval_days - 1),
        )
        self.edges.append(edge)
        buyer.inputs.append(edge)
        seller.outputs.append(edge)

    def _flow(self, tiers: list[list[Firm]]) -> None:
        """Expected sales per day: what the cores buy, passed down by the input share."""
        sizes = [self._size[core.key] for core in tiers[0]]
        for core, size in zip(tiers[0], sizes, strict=True):
            total_fen = self._p.core_purchase_fen_per_day * len(tiers[0])
            core.sales_fen_per_day = total_fen * size // sum(sizes)
        for firm in self.firms:
            bought_ppm = PPM if firm.is_core else round(self._p.input_share * PPM)
            for edge in firm.inputs:
                bought_fen = firm.sales_fen_per_day * bought_ppm // PPM
                self.firms[edge.seller].sales_fen_per_day += bought_fen * edge.weight_ppm // PPM


def _normalise(edges: list[Edge], sizes: list[int]) -> None:
    for edge, size in zip(edges, sizes, strict=True):
        edge.weight_ppm = PPM * size // sum(sizes)
