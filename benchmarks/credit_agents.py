"""The merchants' economy written as people write it with Mesa: one agent per merchant.

The same rules and the same luck as ``sim.credit.economy``, in plain Python numbers, so that both
must end with the same books to the fen. Only what happens without a bank: sales, costs, a week's
news, exit.
"""

from collections.abc import Sequence
from dataclasses import fields
from math import floor, sqrt
from typing import Any

import mesa
import numpy as np
from numpy.typing import NDArray

from sim.credit.cash import Books
from sim.credit.columns import Block, blocks_of
from sim.credit.economy import Economy
from sim.credit.fraudsters import Fraud
from sim.credit.merchants import WEEK_DAYS, Traits
from sim.credit.shocks import Climate, memory_of
from sim.credit.world_parameters import WorldParameters
from sim.streams import Luck

YEAR_DAYS = 365
WEEKS = YEAR_DAYS / WEEK_DAYS
BOOKS = tuple(field.name for field in fields(Books))
WEEKLY = ("own_shock", "growth", "mishap", "opportunity", "retirement")


class MerchantModel(mesa.Model):  # type: ignore[misc]  # Mesa has no types
    """Agents that start with the traits and the books of an economy that has not lived yet."""

    def __init__(self, luck: Luck, p: WorldParameters, n: int) -> None:
        super().__init__(rng=0)
        start = Economy(luck, p, n)
        self.p, self.day = p, p.start_day
        self.climate = Climate(luck, p)
        self.blocks: Sequence[Block] = blocks_of(luck, n)
        self.left, self.fresh = memory_of(p)
        traits, books = _rows(start.traits, Traits), _rows(start.books, Books)
        self.merchants = [
            Merchant(self, row, *values)
            for row, values in enumerate(zip(traits, books, strict=True))
        ]

    def step(self) -> None:
        """One day."""
        self.climate.step(self.day)
        self.demand = self.climate.demand(self.day).tolist()
        self.cover = (self.climate.stock(self.day) * self.p.stock_cover_days).tolist()
        self.z = self._drawn("normal", "sales")
        words = [block.words("sales_rounding", self.day).tolist() for block in self.blocks]
        self.lots = [[lot_of(word, part) for part in range(4)] for rows in words for word in rows]
        if self.day % WEEK_DAYS == 0:
            kinds = ("normal", "normal", "uniform", "uniform", "uniform")
            self.week = {n: self._drawn(kind, n) for n, kind in zip(WEEKLY, kinds, strict=True)}
        self.agents.do("morning")
        self.agents.do("evening")
        self.day += 1

    def book(self, name: str) -> NDArray[Any]:
        """One column of what merchants own and owe, by row."""
        return np.array([getattr(one, name) for one in self.merchants])

    def _drawn(self, kind: str, purpose: str) -> list[float]:
        parts = [getattr(block, kind)(purpose, self.day).tolist() for block in self.blocks]
        return [value for part in parts for value in part]


def lot_of(word: int, part: int) -> float:
    """One of the four numbers of 16 bits in a word, in [0, 1)."""
    return (word >> 16 * part & 0xFFFF) / 0x1_0000


def _rows(record: Any, kind: type) -> list[dict[str, Any]]:
    """Columns as one dictionary of plain numbers per row."""
    names = [field.name for field in fields(kind)]
    columns = [getattr(record, name).tolist() for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


class Merchant(mesa.Agent):  # type: ignore[misc]  # Mesa has no types
    """One merchant: its traits as ``t_...``, its books under their own names."""

    open: bool
    cash_fen: int
    stock: int
    held_fen: int
    payable_fen: int
    arrears_fen: int
    arrears_days: int
    wanted: float
    year_sold: float
    level: float
    own: float
    pull: float
    fixed_fen: int
    short_fen: int
    growth_fen: int
    growth_gain: float
    growth_until: int
    closed_on: int

    def __init__(
        self, model: MerchantModel, row: int, traits: dict[str, Any], books: dict[str, Any]
    ) -> None:
        super().__init__(model)
        self.row, self.p = row, model.p
        for name, value in traits.items():
            setattr(self, f"t_{name}", value)
        for name, value in books.items():
            setattr(self, name, value)

    def morning(self) -> None:
        """Open, sell, report."""
        if self.t_since_day == self.model.day:
            self.open = True
            self.pull = self._pull()
        p = self.p
        paid_fen = int(self.held_fen * (1 / p.settlement_days))
        self.held_fen -= paid_fen
        self.cash_fen += paid_fen
        lots = self.model.lots[self.row]
        asked = self._asked(lots[0])
        sold = min(asked, self.stock)
        kept = sold - floor(sold * self.t_refund + lots[1])
        kept_fen = kept * self.t_ticket_fen
        self.stock -= kept
        self.held_fen += kept_fen - int(kept_fen * p.fee_share)
        self.wanted += (asked - self.wanted) * (1 / 30)
        self.year_sold += (kept - self.year_sold) * (1 / YEAR_DAYS)
        self.report = self._report(sold, sold - kept, sold < asked, lots[2], lots[3])

    def _pull(self) -> float:
        pull: float = self.t_orders_per_day * self.level * max(1 + self.own, 0.1) * self.open
        return pull

    def _asked(self, lot: float) -> int:
        p = self.p
        thin = p.shelf_effect_ratio * p.stock_cover_days * self.wanted
        shelf = (1 + p.shelf_effect_ratio) * self.stock / (self.stock + thin + 1e-9)
        expected = self.pull * self.model.demand[self.t_cell] * shelf
        noise = 0.25 + (p.demand_cv * p.demand_cv / 4) * expected
        root = sqrt(expected) + sqrt(noise) * self.model.z[self.row]
        asked: int = floor(root * root * (expected / (expected + noise)) + lot)
        return asked

    def _report(
        self, sold: int, refunded: int, sold_out: bool, lot: float, stars: float
    ) -> tuple[int, ...]:
        rated = floor(sold * self.p.rating_given_share + lot)
        mean = max(self.t_rating_milli - 300 * sold_out, 1_000)
        room = min(5_000 - mean, mean - 1_000)
        total = floor(rated * mean + sqrt(rated) * room * (2 * stars - 1))
        invented = int(sold * self._brush_ratio())
        cost_fen = int(invented * self.t_ticket_fen * self.p.brush_cost_share)
        self.cash_fen -= min(cost_fen, self.cash_fen)
        rated_too = int(invented * self.p.rating_given_share)
        buyers = sold - int(sold * self.p.repeat_buyer_share)
        return (
            (sold + invented) * self.t_ticket_fen, sold + invented,
            buyers + int(invented * self.p.brush_buyer_share), refunded * self.t_ticket_fen,
            total + rated_too * 5_000, rated + rated_too, self.stock * self.t_unit_cost_fen,
        )  # fmt: skip

    def _brush_ratio(self) -> float:
        if self.t_fraud == Fraud.BRUSHER:
            return self.p.brush_ratio
        staged = self.t_fraud >= Fraud.VANISHER and self.model.day >= self.t_strike_day - 180
        return self.p.vanisher_brush_ratio if staged else 0.0

    def evening(self) -> None:
        """Costs, suppliers, goods, growth; a week's news; exit."""
        trusted = self._settle()
        self._restock(trusted)
        if self.growth_fen:
            self._grow()
        if self.model.day % WEEK_DAYS == 0:
            self._week()
        self._leave()

    def _settle(self) -> bool:
        bill_fen = self.arrears_fen + self.fixed_fen * self.open
        paid_fen = min(bill_fen, self.cash_fen)
        self.cash_fen -= paid_fen
        self.arrears_fen = bill_fen - paid_fen
        self.arrears_days = (self.arrears_days + 1) * (self.arrears_fen > 0)
        due_fen = int(self.payable_fen * (1 / self.p.supplier_credit_days))
        paid_fen = min(due_fen, self.cash_fen)
        self.cash_fen -= paid_fen
        self.payable_fen -= paid_fen
        return paid_fen == due_fen and not self.arrears_fen

    def _spare_fen(self) -> int:
        return max(self.cash_fen - self.fixed_fen * self.p.reserve_days, 0)

    def _restock(self, trusted: bool) -> None:
        target = floor(self.wanted * self.model.cover[self.t_cell]) + 1
        gap = max(target - self.stock, 0) * self.open
        cash_share = 1 - self.p.supplier_credit_share * trusted
        price_fen = self.t_unit_cost_fen * cash_share
        bought = min(gap, floor(self._spare_fen() / price_fen))
        cost_fen = bought * self.t_unit_cost_fen
        now_fen = int(cost_fen * cash_share)
        self.cash_fen -= now_fen
        self.payable_fen += cost_fen - now_fen
        self.stock += bought
        lack_fen = int((gap - bought) * (price_fen * (self.stock < target * 0.75)))
        self.short_fen = (self.arrears_fen + lack_fen) * self.open

    def _grow(self) -> None:
        cost_fen, spare_fen = self.growth_fen, self._spare_fen()
        self.short_fen += max(cost_fen - spare_fen, 0)
        if not self.arrears_fen and spare_fen >= cost_fen:
            self.stock += floor(cost_fen * self.p.opportunity_stock_share / self.t_unit_cost_fen)
            self.cash_fen -= cost_fen
            self.level *= 1 + self.growth_gain
            self.pull = self._pull()
            self.growth_fen = 0
        elif self.growth_until <= self.model.day:
            self.growth_fen = 0

    def _outflow_fen(self) -> int:
        return self.fixed_fen + int(self.t_unit_cost_fen * self.wanted)

    def _week(self) -> None:
        p, drawn = self.p, {name: draws[self.row] for name, draws in self.model.week.items()}
        self.own = self.own * self.model.left
        self.own += self.model.fresh * p.own_shock_cv * drawn["own_shock"]
        drift = (p.growth_per_year + p.growth_quality_per_year * self.t_quality) / WEEKS
        luck = p.growth_luck_cv / sqrt(WEEKS) * drawn["growth"]
        self.level = min(max(self.level * max(1 + drift + luck, 0.5), 0.02), 50.0)
        self.pull = self._pull()
        goal_fen = self.t_fixed_fen * (1 + p.cost_follows_share * (self.level - 1))
        part = WEEK_DAYS / max(p.cost_follows_days, WEEK_DAYS)
        self.fixed_fen += floor((goal_fen - self.fixed_fen) * part)
        if self.open and drawn["mishap"] < p.mishap_per_year / WEEKS:
            self.arrears_fen += p.mishap_days * self._outflow_fen()
        self._opportunity(drawn["opportunity"])
        self._withdraw()

    def _opportunity(self, lot: float) -> None:
        p = self.p
        share = p.opportunity_per_year / WEEKS
        if lot >= share or not self.open or self.growth_fen:
            return
        luck = p.opportunity_luck_cv * (lot / share - 0.5) * sqrt(12)
        fit = 1 + p.opportunity_quality_elasticity * self.t_quality + luck
        gain = p.opportunity_gain_ratio * p.opportunity_days / YEAR_DAYS * fit
        self.growth_fen = int(self.t_unit_cost_fen * (self.wanted * p.opportunity_days))
        self.growth_gain = min(max(gain, -0.5), 2.0)
        self.growth_until = self.model.day + p.opportunity_open_days

    def _withdraw(self) -> None:
        part = min(1.0, self.p.withdrawal_per_month * WEEK_DAYS / 30)
        idle_fen = self.cash_fen - int(self._outflow_fen() * self.t_buffer_days)
        self.cash_fen -= int(max(idle_fen, 0) * part) * self.open
        saves = self.t_repays_after_exit and self.closed_on <= self.model.day
        self.cash_fen += WEEK_DAYS * self.p.household_fen_per_day * saves

    def _leave(self) -> None:
        p, day = self.p, self.model.day
        leaves = self.arrears_days >= p.insolvency_arrears_days
        if day % WEEK_DAYS == 0:
            share = p.retirement_per_year * WEEK_DAYS / YEAR_DAYS
            leaves = leaves or self.model.week["retirement"][self.row] < share
        if leaves and self.open:
            self._close(day)

    def _close(self, day: int) -> None:
        cash_fen = self.cash_fen + int(self.stock * self.t_unit_cost_fen * self.p.liquidation_share)
        paid_fen = min(self.arrears_fen, cash_fen)
        cash_fen, self.arrears_fen = cash_fen - paid_fen, self.arrears_fen - paid_fen
        paid_fen = min(self.payable_fen, cash_fen)
        cash_fen, self.payable_fen = cash_fen - paid_fen, self.payable_fen - paid_fen
        stays = self.t_fraud < Fraud.VANISHER
        self.cash_fen, self.held_fen = cash_fen * stays, self.held_fen * stays
        self.open, self.pull, self.closed_on = False, 0.0, day
        self.stock = self.short_fen = self.growth_fen = 0
