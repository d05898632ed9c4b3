"""Builders for the merchants' economy: packaged parameters, and a bank that asks no questions."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.credit.columns import I64, Mask
from sim.credit.economy import Economy, Feed
from sim.credit.world_parameters import WorldParameters, world_parameters_of
from sim.scenario import load
from sim.streams import Luck

Number = int | float
# Nothing happens by chance but what a test asks for.
CALM: dict[str, Number] = {
    "demand_cv": 0.0,
    "common_shock_cv": 0.0,
    "region_shock_cv": 0.0,
    "own_shock_cv": 0.0,
    "growth_luck_cv": 0.0,
    "mishap_per_year": 0.0,
    "opportunity_per_year": 0.0,
    "retirement_per_year": 0.0,
}
HONEST: dict[str, Number] = {"brusher_share": 0.0, "vanisher_share": 0.0, "ring_share": 0.0}


def world(**changes: Number) -> WorldParameters:
    """The packaged parameters, some changed."""
    values = {name: item.value for name, item in load("credit").parameters.items()}
    return world_parameters_of({**values, **changes})


def economy(n: int, *, replication: int = 0, threads: int = 1, **changes: Number) -> Economy:
    return Economy(Luck(7, replication), world(**changes), n, threads)


def nothing(n: int) -> dict[str, I64]:
    """What merchants without a line see of it."""
    names = ("available_fen", "due_fen", "outstanding_fen", "dpd_days", "state")
    return {name: np.zeros(n, np.int64) for name in names}


def live(one: Economy, days: int, watch: Callable[[Feed], object] = lambda feed: None) -> Economy:
    """So many days from the start, without any bank."""
    for day in range(one.p.start_day, one.p.start_day + days):
        watch(one.morning(day))
        one.evening(day)
    return one


@dataclass
class Bank:
    """Lends to whoever asks, at 12 %: 30 days of sales, a twelfth of the debt due each month."""

    economy: Economy
    lends: bool = True

    def __post_init__(self) -> None:
        n = self.economy.n
        self.view = nothing(n)
        self.limit_fen, self.received_fen, self.repaid_fen = (np.zeros(n, np.int64) for _ in "abc")
        self.was_bad = np.zeros(n, bool)

    @property
    def borrowers(self) -> Mask:
        return self.received_fen > 0

    def day(self, day: int) -> None:
        """One whole day of economy and bank."""
        self.economy.morning(day)
        self._grant(day)
        self._pay_out(day)
        self._collect(day)
        self.economy.evening(day)
        self._bill(day)

    def run(self, first: int, days: int) -> "Bank":
        for day in range(first, first + days):
            self.day(day)
        return self

    def _grant(self, day: int) -> None:
        asked_fen = self.economy.wants_credit(day, self.view)
        rows = np.flatnonzero(asked_fen) if self.lends else np.zeros(0, np.int64)
        t, b = self.economy.traits, self.economy.books
        sales_fen = (30 * b.wanted[rows] * t.ticket_fen[rows]).astype(np.int64)
        self.limit_fen[rows] = np.minimum(asked_fen[rows], sales_fen)
        self.view["state"][rows] = 1

    def _pay_out(self, day: int) -> None:
        room_fen = np.maximum(self.limit_fen - self.view["outstanding_fen"], 0)
        self.view["available_fen"] = room_fen * (self.view["dpd_days"] == 0)
        drawn_fen = self.economy.wants_draw(day, self.view)
        assert (drawn_fen <= self.view["available_fen"]).all()
        rows = np.flatnonzero(drawn_fen)
        self.economy.receive(day, rows, drawn_fen[rows])
        self.view["outstanding_fen"] += drawn_fen
        self.received_fen += drawn_fen

    def _collect(self, day: int) -> None:
        paid_fen = self.economy.pays(day, self.view)
        assert (paid_fen <= self.view["outstanding_fen"]).all()
        rows = np.flatnonzero(paid_fen)
        self.economy.paid(rows, paid_fen[rows])
        self.view["outstanding_fen"] -= paid_fen
        self.view["due_fen"] = np.maximum(self.view["due_fen"] - paid_fen, 0)
        self.repaid_fen += paid_fen

    def _bill(self, day: int) -> None:
        if day % 30 == 0:
            debt_fen = self.view["outstanding_fen"]
            debt_fen += debt_fen // 100
            self.view["due_fen"] = np.minimum(self.view["due_fen"] + debt_fen // 12, debt_fen)
        late = self.view["due_fen"] > 0
        self.view["dpd_days"] = (self.view["dpd_days"] + 1) * late
        self.was_bad |= self.view["dpd_days"] > 90


def net_worth_fen(bank: Bank) -> I64:
    """Cash and goods at cost, less all debts."""
    t, b = bank.economy.traits, bank.economy.books
    goods_fen = b.stock * t.unit_cost_fen
    debts_fen = b.payable_fen + b.arrears_fen + bank.view["outstanding_fen"]
    worth: I64 = b.cash_fen + goods_fen - debts_fen
    return worth
