"""The end of the day of revolving lines: columns, beside a loop over rows by the same rules.

A book of lines in every condition (most pay, some are late, a few are given up) is closed for a
whole period of 30 days. The loop is what one writes first: an object per line, Python's integers.
Both must end with the same lines. Beside that, one usual day and one billing day of the full book.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.workload import CPU, Answer, Contender, Work, Workload
from sim.streams import Luck
from system.bootstrap_credit import build_credit
from system.credit.commands import DrawBatch, EnrolMerchants, GrantBatch, RepayBatch
from system.credit.policy import DEFAULT_POLICY, CreditPolicy
from system.credit.records import LINES, LineState
from system.credit.service import CreditService
from system.kernels.business_day import business_day, day_start_s
from system.limits import BILLS_MAX, DAY_S, PERIOD_DAYS, PPM

_FIRST_DAY = 20_010
# Lines are given up early, so that the period that is timed sees some of that too.
POLICY = replace(DEFAULT_POLICY, charge_off_dpd_days=95)
# Shares of merchants that borrow, and that pay each bill; the last payer stops after these days.
_BORROWS_SHARE, _PAYS_SHARE = 0.7, 0.9
_VANISHED_AFTER_DAYS = 1_500
_HISTORY_DAYS = 150
ROUNDS = 3


class _Clock:
    def __init__(self) -> None:
        self.time_s = day_start_s(_FIRST_DAY)

    def now_s(self) -> int:
        return self.time_s


@dataclass(frozen=True, slots=True)
class _Bank:
    clock: _Clock
    service: CreditService
    n: int

    def close_day(self) -> int:
        closed = self.service.end_of_day(business_day(self.clock.time_s)).closed
        self.clock.time_s += DAY_S
        return closed

    def lines(self) -> dict[str, Any]:
        """Every column of every line."""
        return self.service.view([column.name for column in LINES.columns], slice(0, self.n))


def _bank(n: int, days: int) -> _Bank:
    """A book with some history; ``days`` after its first day."""
    clock, luck = _Clock(), Luck(20260101, 0)
    service = build_credit(clock=clock, store_url="memory", policy=POLICY).credit
    bank = _Bank(clock, service, n)
    zeros, everyone = np.zeros(n, np.int64), np.arange(n)
    bank.service.enrol(EnrolMerchants("enrol", n, zeros, zeros + 10_000))
    limit_fen = (luck.cohort("limit", 0, n) * 10**7).astype(np.int64) + 200_000
    rate_ppm = (luck.cohort("rate", 0, n) * 120_000).astype(np.int64) + 40_000
    bank.service.grant(GrantBatch("grant", everyone, limit_fen, rate_ppm, "ann", "bob"))
    borrows = np.flatnonzero(luck.cohort("borrows", 0, n) < _BORROWS_SHARE)
    bank.service.draw(DrawBatch("draw", borrows, limit_fen[borrows] // 2))
    vanishes_on = luck.cohort("vanishes", 0, n) * _VANISHED_AFTER_DAYS
    for day in range(days):
        if day % PERIOD_DAYS == POLICY.billing.due_days - 1:
            due_fen = bank.service.view(("due_fen",), slice(0, n))["due_fen"]
            pays = (luck.cohort("pays", day, n) < _PAYS_SHARE) & (day < vanishes_on)
            rows = np.flatnonzero(pays & (due_fen > 0))
            if rows.size:
                bank.service.repay(RepayBatch(f"repay {day}", rows, due_fen[rows]))
        bank.close_day()
    return bank


def story_of(columns: dict[str, Any]) -> list[tuple[str, str]]:
    """Each column by name, as the hash of its values."""
    return [
        (name, sha256(np.ascontiguousarray(values).tobytes()).hexdigest())
        for name, values in columns.items()
    ]


@contextmanager
def _columns(n: int, history_days: int, days: int) -> Iterator[Work]:
    bank = _bank(n, history_days)

    def work() -> Answer:
        closed = sum(bank.close_day() for _ in range(days))
        return Answer(closed, lambda: story_of(bank.lines()))

    yield work


@contextmanager
def _loop(n: int, days: int) -> Iterator[Work]:
    """The peer. Its lines are read from the same book before, and put side by side after."""
    bank = _bank(n, _HISTORY_DAYS)
    columns = bank.lines()
    names = [name for name in columns if name != "bill_fen"]
    rows = [
        SimpleNamespace(
            **{name: int(columns[name][at]) for name in names},
            bill_fen=columns["bill_fen"][:, at].tolist(),
        )
        for at in range(n)
    ]
    first = business_day(bank.clock.time_s)

    def story() -> list[tuple[str, str]]:
        found = {name: np.array([getattr(row, name) for row in rows]) for name in names}
        bills = np.array([row.bill_fen for row in rows]).T
        return story_of({name: bills if name == "bill_fen" else found[name] for name in columns})

    def work() -> Answer:
        for day in range(first, first + days):
            for row in rows:
                _close_row(row, day, POLICY)
        return Answer(n * days, story)

    yield work


def _close_row(row: Any, day: int, policy: CreditPolicy) -> None:
    billing = policy.billing
    if (day - billing.due_days - billing.grace_days) % PERIOD_DAYS == 0:
        row.overdue_fen = row.interest_due_fen + row.principal_due_fen
    row.accrued_raw += row.principal_fen * row.rate_ppm
    if row.overdue_fen:
        uplift = row.rate_ppm * billing.penalty_uplift_ppm // PPM
        row.penalty_raw += row.overdue_fen * min(uplift, billing.cost_cap_ppm - row.rate_ppm)
    dpd_days = max(day - row.unpaid_due_day, 0) if row.unpaid_due_day else 0
    if dpd_days or row.asset_class > 1:
        _age_row(row, day, dpd_days, policy)
    if (day + 1) % PERIOD_DAYS == 0:
        _bill_row(row, day, policy)


def _age_row(row: Any, day: int, dpd_days: int, policy: CreditPolicy) -> None:
    rule = policy.classes
    if dpd_days:
        row.arrears_day = day
    bounds = (rule.special_mention_dpd_days, rule.substandard_dpd_days)
    bounds += (rule.doubtful_dpd_days, rule.loss_dpd_days)
    category = 1 + sum(dpd_days > bound for bound in bounds)
    if row.asset_class >= 3 and day - row.arrears_day < rule.cure_days:
        category = max(category, 3)
    row.asset_class = category
    if dpd_days >= policy.freeze_dpd_days:
        row.frozen_for |= 1
    elif not dpd_days:
        row.frozen_for &= ~1
    if dpd_days > policy.charge_off_dpd_days:
        _give_up_row(row, policy)


def _give_up_row(row: Any, policy: CreditPolicy) -> None:
    claim = row.principal_fen + row.interest_due_fen + row.penalty_due_fen + row.fee_due_fen
    for raw in (row.accrued_raw, row.penalty_raw):
        claim += _whole_fen(raw, policy)
    for name in ("principal", "principal_due", "interest_due", "penalty_due", "fee_due"):
        setattr(row, f"{name}_fen", 0)
    row.overdue_fen = row.limit_fen = row.frozen_for = row.asset_class = 0
    row.accrued_raw = row.penalty_raw = row.unpaid_due_day = 0
    row.bill_fen = [0] * BILLS_MAX
    row.written_off_fen, row.life = claim, int(LineState.CHARGED_OFF)


def _whole_fen(raw: int, policy: CreditPolicy) -> int:
    unit = PPM * policy.billing.year_days
    quotient, rest = divmod(raw, unit)
    return quotient + (2 * rest > unit or (2 * rest == unit and quotient % 2 == 1))


def _bill_row(row: Any, day: int, policy: CreditPolicy) -> None:
    billing, period = policy.billing, day // PERIOD_DAYS
    unit = PPM * billing.year_days
    interest, penalty = (_whole_fen(raw, policy) for raw in (row.accrued_raw, row.penalty_raw))
    uncalled = row.principal_fen - row.principal_due_fen
    share = -(-uncalled * billing.principal_share_ppm // PPM)
    called = min(max(share, billing.principal_fen_min), uncalled)
    row.accrued_raw -= interest * unit
    row.penalty_raw -= penalty * unit
    row.interest_due_fen += interest
    row.penalty_due_fen += penalty
    row.principal_due_fen += called
    row.bill_fen[period % BILLS_MAX] = interest + called
    if interest + called and not row.unpaid_due_day:
        row.unpaid_due_day = (period + 1) * PERIOD_DAYS - 1 + billing.due_days


def _contenders(n: int, n_loop: int, rounds: int) -> Iterable[Contender]:
    period = partial(Contender, rounds=1, clock=CPU, tale="a period")
    loop = f"loop over rows, {n_loop:,} lines, 30 days"
    yield period(loop, partial(_loop, n_loop, PERIOD_DAYS))
    yield period(
        f"columns, {n_loop:,} lines, 30 days",
        partial(_columns, n_loop, _HISTORY_DAYS, PERIOD_DAYS),
        peer=loop,
    )
    usual, billing = _HISTORY_DAYS, _HISTORY_DAYS - 1
    for title, before in (("a usual day", usual), ("a billing day", billing)):
        yield Contender(
            f"columns, {n:,} lines, {title}",
            partial(_columns, n, before, 1),
            rounds,
            clock=CPU,
            tale=title,
        )


END_OF_DAY = Workload(
    "credit-eod",
    "lines closed",
    {
        "small": partial(_contenders, n=2_000, n_loop=500, rounds=1),
        "full": partial(_contenders, n=1_000_000, n_loop=20_000, rounds=ROUNDS),
    },
)
