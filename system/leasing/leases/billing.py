"""Bills: what a period costs, issued once per lease and period, and credit notes on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from system.kernels import arrears
from system.kernels.business_day import day_start_s
from system.kernels.columns import I64, MISSING
from system.kernels.day_count import MONTHS_A_YEAR, month_of
from system.leasing.kernels import rent
from system.leasing.kernels.metered import Metered, Use, metered
from system.leasing.leases.desk import Desk
from system.leasing.leases.events import Kind
from system.leasing.leases.records import LEASES
from system.leasing.leases.tariffs import Plan, by_tariff, plans
from system.leasing.leases.usage import counters
from system.limits import BILLS_MAX, DAY_S, LOCAL_OFFSET_S, PERIOD_DAYS
from system.subledger import bills

TERMS: Final = (
    "tariff",
    "rent_fen",
    "from_day",
    "end_day",
    "first_until_day",
    "period_engine_s_max",
)
_USED: Final = ("machine", "counter_from_s", "billed_s", "pace_s")
_OWED: Final = ("rent_due_fen", "unpaid_due_day")


@dataclass(frozen=True, slots=True)
class Issued:
    """bill_fen: int64 (n,).  over_s: seconds billed beyond what was used, to be made up for."""

    bill_fen: I64
    over_s: I64


def bill_of(desk: Desk, terms: Mapping[str, I64], period: I64, engine_s: I64) -> I64:
    """What a period costs with so many hours, by the lease's terms. Returns int64 (n,) fen."""
    start = period * PERIOD_DAYS
    month = month_of(start) % MONTHS_A_YEAR
    renewed = (start >= terms["first_until_day"]).astype(np.int64)
    days = _days_on_lease(terms, period)

    def work(plan: Plan, rows: I64) -> I64:
        columns = (terms["rent_fen"], engine_s, days, month, renewed, terms["period_engine_s_max"])
        return rent.bill_fen(plan.tariff, rent.Month(*(column[rows] for column in columns)))

    return by_tariff(plans(desk.unit.rows), terms["tariff"], work)


def _days_on_lease(terms: Mapping[str, I64], period: I64) -> I64:
    first = np.maximum(period * PERIOD_DAYS, terms["from_day"])
    last = (period + 1) * PERIOD_DAYS - 1
    ended = terms["end_day"] > 0
    return np.where(ended, np.minimum(last, terms["end_day"]), last) - first + 1


def issue(desk: Desk, leases: I64, meter_s: I64 | None = None) -> Issued:
    """Bill the running period up to today, its last day or the lease's last.

    leases: int64 (n,), none of them billed for this period; ``end_day`` is set where they end.
    meter_s: read off by people, MISSING where not.
    """
    columns = desk.unit.read(LEASES, (*TERMS, *_USED, *_OWED), leases)
    hours = _hours(desk, columns, meter_s)
    period = np.full(leases.size, desk.period)
    bill_fen = bill_of(desk, columns, period, hours.engine_s)
    first_unpaid = (columns["unpaid_due_day"] == 0) & (bill_fen > 0)
    due_day = arrears.due_day(desk.period, desk.policy.due_days)
    desk.write(
        leases,
        {
            "rent_due_fen": columns["rent_due_fen"] + bill_fen,
            "unpaid_due_day": np.where(first_unpaid, due_day, columns["unpaid_due_day"]),
            "billed_s": columns["billed_s"] + hours.engine_s,
            "pace_s": hours.pace_s,
            "billed_period": period + 1,
        },
    )
    plane, use = desk.period % BILLS_MAX, hours.engine_s * 2 + hours.estimated
    desk.unit.write_plane(LEASES, "bill_fen", plane, leases, bill_fen)
    desk.unit.write_plane(LEASES, "bill_use", plane, leases, use)
    desk.tell(Kind.RENT_BILLED, leases, bill_fen)
    return Issued(bill_fen, hours.over_s)


def _hours(desk: Desk, columns: Mapping[str, I64], meter_s: I64 | None) -> Metered:
    machine = columns["machine"]
    read_s = np.full(machine.size, MISSING) if meter_s is None else meter_s
    counter_s, seen_ms = counters(desk.unit, machine, read_s)
    from_ms = (columns["from_day"] * DAY_S - LOCAL_OFFSET_S) * 1_000
    before = (columns[name] for name in ("billed_s", "pace_s"))
    use = Use(counter_s, seen_ms, columns["counter_from_s"], from_ms, *before)
    days = _days_on_lease(columns, np.full(machine.size, desk.period))
    return metered(use, day_start_s(desk.today + 1) * 1_000, days, desk.policy.silence_ms_max)


def credit(desk: Desk, leases: I64, period: I64, credit_fen: I64) -> I64:
    """Credit notes: off what is left of a bill first; the rest is cash of the lessee's.

    period: int64 (n,), of each bill.  Returns int64 (n,) fen, that rest.
    """
    off_fen = np.minimum(left_of(desk, leases, period), credit_fen)
    take_off(desk, leases, period, off_fen)
    owed_fen = desk.unit.read(LEASES, ("rent_due_fen",), leases)["rent_due_fen"]
    desk.write(leases, {"rent_due_fen": owed_fen - off_fen})
    desk.tell(Kind.RENT_CREDITED, leases, off_fen)
    desk.tell(Kind.RENT_REFUNDED, leases, credit_fen - off_fen)
    return credit_fen - off_fen


def left_of(desk: Desk, leases: I64, period: I64) -> I64:
    """What is left, undisputed, of one bill of each lease. Returns int64 (n,) fen."""
    bill_fen = desk.unit.read(LEASES, ("bill_fen",), leases)["bill_fen"]
    left_fen: I64 = bill_fen[period % BILLS_MAX, np.arange(leases.size)]
    return left_fen


def take_off(desk: Desk, leases: I64, period: I64, off_fen: I64) -> None:
    """Change what is left of one bill of each lease, and age the lease anew.

    off_fen: int64 (n,), less than zero to put back.
    """
    bill_fen = desk.unit.read(LEASES, ("bill_fen",), leases)["bill_fen"].copy()
    bill_fen[period % BILLS_MAX, np.arange(leases.size)] -= off_fen
    late_fen = np.zeros(leases.size, np.int64)
    for one in range(desk.period - BILLS_MAX + 1, desk.period + 1):
        # The close of the first day after grace has counted it as overdue.
        if arrears.due_day(one, desk.policy.due_days) + desk.policy.grace_days + 1 < desk.today:
            late_fen += bill_fen[one % BILLS_MAX]
    desk.write(leases, {"bill_fen": bill_fen, "overdue_fen": late_fen})
    due_days = desk.policy.due_days
    oldest = bills.oldest_due_day(desk.unit, LEASES, leases, desk.period, due_days)
    fee = desk.unit.read(LEASES, ("fee_due_fen", "end_day"), leases)
    only_fee = (oldest == 0) & (fee["fee_due_fen"] > 0)
    fee_day = fee_due_day(fee["end_day"], due_days)
    desk.write(leases, {"unpaid_due_day": np.where(only_fee, fee_day, oldest)})


def fee_due_day(end_day: I64, due_days: int) -> I64:
    """A fee for leaving is due with the lease's last bill. Returns int64 (n,)."""
    return (end_day // PERIOD_DAYS + 1) * PERIOD_DAYS - 1 + due_days
