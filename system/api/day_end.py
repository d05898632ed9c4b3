"""The end of a business day, in every product of the gateway."""

from system.api.services import Services
from system.core import vouchers
from system.credit import registry
from system.credit.retention import apply_retention
from system.kernels.business_day import business_day
from system.limits import PERIOD_DAYS


def close_days(desk: Services, seen_day: int) -> int:
    """Close every day that has ended; with a period, look at all lines again. Returns today.

    seen_day: what this returned before: what is done once a day is done when that is another. All
    of it may be repeated.
    """
    credit = desk.credit.credit
    for day in credit.days_to_close():
        credit.end_of_day(day)
        with desk.unit() as unit:
            has_model = registry.champion_id(unit) is not None
        if has_model and (day + 1) % PERIOD_DAYS == 0:
            credit.review(day + 1)
    for day in desk.leasing.leases.days_to_close():
        desk.leasing.leases.end_of_day(day)
    today = business_day(desk.clock.now_s())
    if today != seen_day:
        with desk.credit.book.transaction() as book:
            apply_retention(book, desk.clock.now_s())
        desk.receivables.receivables.end_of_day()
        with desk.unit() as unit:
            vouchers.close(unit, today - 1, desk.clock.now_s())
    return today
