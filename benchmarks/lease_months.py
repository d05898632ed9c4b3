"""The month of a fleet of leases: columns, beside a loop over rows by the same rules.

A book of leases in every usual condition (fixed and by use, most pay, some are late, some machines
are silent) is closed for a whole period of 30 days, whose last day bills every lease by its
machine's counter. The loop is what one writes first: an object per lease, Python's integers. Both
must end with the same leases. Beside that, one usual day and one billing day of the full book.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.credit_days import story_of
from benchmarks.workload import CPU, Answer, Contender, Work, Workload
from sim.streams import Luck
from system.bootstrap_leasing import LeasingSystem, build_leasing
from system.kernels.business_day import business_day, day_start_s
from system.leasing.commands import EnrolMachines
from system.leasing.kernels.leaving import LeaveTerms
from system.leasing.kernels.rent import FIXED, NORM_S, PERIOD_S, Tariff
from system.leasing.leases.commands import AdmitLessees, OpenTariff, PayBatch, StartBatch
from system.leasing.leases.policy import DEFAULT_POLICY as POLICY
from system.leasing.leases.records import LEASES
from system.leasing.records import TWINS
from system.limits import AMOUNT_FEN_MAX, BILLS_MAX, DAY_S, PERIOD_DAYS, PPM

_FIRST_DAY = 20_010
_HISTORY_DAYS = 150
_PAYS_SHARE, _SILENT_SHARE, _FIXED_SHARE = 0.9, 0.05, 0.3
_HOUR_S = 3_600
_USAGE = Tariff(
    (0, 80 * _HOUR_S, 160 * _HOUR_S), (PPM, 800_000, 600_000), 400_000, 1_300_000, overuse_ppm=PPM
)
_TARIFFS = (FIXED, _USAGE)
ROUNDS = 3


class _Clock:
    def __init__(self) -> None:
        self.time_s = day_start_s(_FIRST_DAY)

    def now_s(self) -> int:
        return self.time_s


@dataclass(frozen=True, slots=True)
class _Lessor:
    clock: _Clock
    system: LeasingSystem
    luck: Luck
    n: int

    @property
    def today(self) -> int:
        return business_day(self.clock.time_s)

    def close_day(self) -> int:
        closed = self.system.leases.end_of_day(self.today).closed
        self.clock.time_s += DAY_S
        return closed

    def leases(self) -> dict[str, Any]:
        """Every column of every lease."""
        return self.system.leases.view([one.name for one in LEASES.columns], slice(0, self.n))

    def twins(self) -> dict[str, Any]:
        return self.system.leasing.twins(("engine_s", "at_ms"), slice(0, self.n))

    def work_until(self, day: int, hours: int) -> None:
        """Each machine works up to so many hours by the end of ``day``; some are not heard."""
        rows = slice(0, self.n)
        known = self.twins()
        worked_s = (self.luck.cohort("hours", day, self.n) * hours * _HOUR_S).astype(np.int64)
        heard = self.luck.cohort("heard", day, self.n) >= _SILENT_SHARE
        columns = {
            "engine_s": known["engine_s"] + worked_s * heard,
            "at_ms": np.where(heard, day_start_s(day + 1) * 1_000, known["at_ms"]),
        }
        with self.system.book.transaction() as unit:
            unit.write(TWINS, rows, columns)

    def take_payments(self) -> None:
        """Nine in ten pay what is due."""
        due_fen = self.system.leases.view(("due_fen",), slice(0, self.n))["due_fen"]
        pays = self.luck.cohort("pays", self.today, self.n) < _PAYS_SHARE
        rows = np.flatnonzero(pays & (due_fen > 0))
        if rows.size:
            self.system.leases.pay(PayBatch(f"pay {self.today}", rows, due_fen[rows]))


def _lessor(n: int, days: int) -> _Lessor:
    """A fleet with some history; ``days`` after its first day."""
    clock = _Clock()
    lessor = _Lessor(clock, build_leasing(clock=clock, store_url="memory"), Luck(20260101, 0), n)
    _enrol(lessor)
    for _ in range(days):
        if lessor.today % PERIOD_DAYS == POLICY.due_days - 1:
            lessor.take_payments()
        if (lessor.today + 1) % PERIOD_DAYS == 0:
            lessor.work_until(lessor.today, 300)
        lessor.close_day()
    return lessor


def _enrol(lessor: _Lessor) -> None:
    n, luck, service = lessor.n, lessor.luck, lessor.system.leases
    zeros, everyone = np.zeros(n, np.int64), np.arange(n)
    lessor.system.leasing.enrol_machines(
        EnrolMachines("enrol", n, zeros, zeros - 1, zeros, zeros, zeros, zeros, zeros)
    )
    with lessor.system.book.transaction() as unit:
        unit.write(TWINS, everyone, {"engine_s": zeros})
    service.admit(AdmitLessees("admit", n, zeros - 1, zeros + AMOUNT_FEN_MAX))
    for name, tariff in zip(("fixed", "usage"), _TARIFFS, strict=True):
        service.open_tariff(OpenTariff(name, name, tariff, LeaveTerms(60, 5)))
    by_use = (luck.cohort("tariff", 0, n) >= _FIXED_SHARE).astype(np.int64)
    rent_fen = (luck.cohort("rent", 0, n) * 4_000_000).astype(np.int64) + 1_000_000
    hours_s = zeros + 200 * _HOUR_S
    terms = (rent_fen, rent_fen * 20, rent_fen, zeros + 720, hours_s, zeros, zeros, zeros)
    started = service.start(StartBatch("start", everyone, everyone, by_use, *terms))
    assert not started.code.any()


@contextmanager
def _columns(n: int, history_days: int, days: int) -> Iterator[Work]:
    lessor = _lessor(n, history_days)
    lessor.work_until(lessor.today + days - 1, 300)

    def work() -> Answer:
        closed = sum(lessor.close_day() for _ in range(days))
        return Answer(closed, lambda: story_of(lessor.leases()))

    yield work


@contextmanager
def _loop(n: int, days: int) -> Iterator[Work]:
    """The peer. Its leases are read from the same book before, and put side by side after."""
    lessor = _lessor(n, _HISTORY_DAYS)
    first = lessor.today
    lessor.work_until(first + days - 1, 300)
    columns, twins = lessor.leases(), lessor.twins()
    planes = [one.name for one in LEASES.columns if one.planes > 1]
    rows = [
        SimpleNamespace(
            **{name: values[..., at].tolist() for name, values in columns.items()},
            engine_s=int(twins["engine_s"][at]),
            at_ms=int(twins["at_ms"][at]),
        )
        for at in range(n)
    ]

    def story() -> list[tuple[str, str]]:
        found = {name: np.array([getattr(row, name) for row in rows]) for name in columns}
        return story_of({name: x.T if name in planes else x for name, x in found.items()})

    def work() -> Answer:
        for day in range(first, first + days):
            for row in rows:
                _close_row(row, day)
        return Answer(n * days, story)

    yield work


def _close_row(row: Any, day: int) -> None:
    if (day - POLICY.due_days - POLICY.grace_days) % PERIOD_DAYS == 0:
        young_fen = row.bill_fen[day // PERIOD_DAYS % BILLS_MAX]
        row.overdue_fen = row.rent_due_fen - row.disputed_fen - young_fen
    if row.overdue_fen:
        row.penalty_raw += row.overdue_fen * POLICY.penalty_ppm
    dpd_days = max(day - row.unpaid_due_day, 0) if row.unpaid_due_day else 0
    if dpd_days or row.asset_class > 1:
        _age_row(row, day, dpd_days)
    if (day + 1) % PERIOD_DAYS == 0:
        _bill_row(row, day)


def _age_row(row: Any, day: int, dpd_days: int) -> None:
    rule = POLICY.classes
    if dpd_days:
        row.arrears_day = day
    bounds = (rule.special_mention_dpd_days, rule.substandard_dpd_days)
    bounds += (rule.doubtful_dpd_days, rule.loss_dpd_days)
    category = 1 + sum(dpd_days > bound for bound in bounds)
    if row.asset_class >= 3 and day - row.arrears_day < rule.cure_days:
        category = max(category, 3)
    row.asset_class = category
    if dpd_days > POLICY.default_dpd_days and not row.default_day:
        row.default_day = day


def _bill_row(row: Any, day: int) -> None:
    period, tariff = day // PERIOD_DAYS, _TARIFFS[row.tariff]
    first = max(period * PERIOD_DAYS, row.from_day)
    days = (period + 1) * PERIOD_DAYS - first
    silent_s = max(day_start_s(day + 1) - row.at_ms // 1_000, 0)
    is_guess = silent_s * 1_000 > POLICY.silence_ms_max
    guess_s = row.pace_s * silent_s // PERIOD_S if is_guess else 0
    used_s = max(row.engine_s - row.counter_from_s, 0)
    engine_s = min(max(used_s + guess_s - row.billed_s, 0), days * DAY_S)
    bill_fen = _rent_of(tariff, row, engine_s, days) + _overuse_of(tariff, row, engine_s, days)
    if not is_guess:
        row.pace_s = engine_s * PERIOD_DAYS // days
    row.billed_s += engine_s
    row.rent_due_fen += bill_fen
    row.billed_period = period + 1
    row.bill_fen[period % BILLS_MAX] = bill_fen
    row.bill_use[period % BILLS_MAX] = engine_s * 2 + is_guess
    if bill_fen and not row.unpaid_due_day:
        row.unpaid_due_day = (period + 1) * PERIOD_DAYS - 1 + POLICY.due_days


def _rent_of(tariff: Tariff, row: Any, engine_s: int, days: int) -> int:
    share, whole = 0, PERIOD_DAYS * NORM_S * PPM
    ends = (*tariff.edges_s[1:], PERIOD_S * PERIOD_DAYS)
    for start_s, end_s, price_ppm in zip(tariff.edges_s, ends, tariff.prices_ppm, strict=True):
        scaled_s = engine_s * PERIOD_DAYS - start_s * days
        share += min(max(scaled_s, 0), (end_s - start_s) * days) * price_ppm
    a_day = days * NORM_S
    share = min(max(share, a_day * tariff.least_ppm), a_day * tariff.most_ppm)
    quotient, rest = divmod(row.rent_fen * share, whole)
    return quotient + (2 * rest > whole or (2 * rest == whole and quotient % 2 == 1))


def _overuse_of(tariff: Tariff, row: Any, engine_s: int, days: int) -> int:
    over_s = max(engine_s - row.period_engine_s_max * days // PERIOD_DAYS, 0)
    return row.rent_fen * over_s * tariff.overuse_ppm // (NORM_S * PPM)


def _contenders(n: int, n_loop: int, rounds: int) -> Iterable[Contender]:
    period = partial(Contender, rounds=1, clock=CPU, tale="a period")
    loop = f"loop over rows, {n_loop:,} leases, 30 days"
    yield period(loop, partial(_loop, n_loop, PERIOD_DAYS))
    yield period(
        f"columns, {n_loop:,} leases, 30 days",
        partial(_columns, n_loop, _HISTORY_DAYS, PERIOD_DAYS),
        peer=loop,
    )
    for title, before in (("a usual day", _HISTORY_DAYS), ("a billing day", _HISTORY_DAYS - 1)):
        yield Contender(
            f"columns, {n:,} leases, {title}",
            partial(_columns, n, before, 1),
            rounds,
            clock=CPU,
            tale=title,
        )


MONTH_END = Workload(
    "lease-eod",
    "leases closed",
    {
        "small": partial(_contenders, n=2_000, n_loop=500, rounds=1),
        "full": partial(_contenders, n=1_000_000, n_loop=20_000, rounds=ROUNDS),
    },
)
