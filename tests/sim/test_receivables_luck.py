"""Both arms meet the same luck, and no arm's luck depends on what else an arm does."""

from datetime import UTC, datetime, timedelta

import pytest

from sim.receivables.economy import Economy
from system.limits import DAY_S
from tests.sim.receivables_worlds import chain, idle, paid, paper

EAST = timedelta(hours=8)
# Cash for everybody, so that no failure or late delivery of one arm moves the other's orders.
WEALTHY = ("parameters.cash_buffer_days_p50=60", "parameters.cash_buffer_sigma=0.3")
UNRELATED = (
    "parameters.platform_fee_ppm=30000",
    "parameters.onboarded_deep_share=0.2",
    "parameters.relay_interval_s=600",
    "parameters.approver_miss_share=0.1",
    "parameters.quote_click_delay_s=28800",
)


def opening_cash(economy: Economy) -> list[tuple[str, str, int]]:
    return paid(economy, "opening_cash")


def orders(economy: Economy) -> dict[str, int]:
    """Value by key; the key names buyer, seller and day."""
    events = economy.log.events()
    return {event.subject: event.values[0] for event in events if event.kind == "ordered"}


def late_days(economy: Economy) -> dict[str, int]:
    """Of each undisputed invoice: days from the due date to the day on which the debtor pays."""
    return {
        invoice.key: invoice.pays_on_day - (invoice.due_at_s - economy.start_s) // DAY_S
        for invoice in economy.invoices
        if not invoice.disputed
    }


def disputes(economy: Economy) -> dict[str, int | None]:
    """Of each invoice: days from its issue to the dispute, or None."""
    return {
        invoice.key: invoice.dispute_day - (invoice.issued_at_s - economy.start_s) // DAY_S
        if invoice.disputed
        else None
        for invoice in economy.invoices
    }


def distress(economy: Economy) -> list[tuple[int, str]]:
    return [(e.at_s, e.subject) for e in economy.log.events() if e.kind == "core_failed"]


@pytest.fixture(scope="module")
def arms() -> tuple[Economy, Economy, Economy]:
    """Paper, chain, and the chain with other parameters that concern nobody's luck."""
    return paper(*WEALTHY), chain(*WEALTHY), chain(*WEALTHY, *UNRELATED)


def test_every_arm_opens_with_the_same_cash(arms: tuple[Economy, ...]) -> None:
    first, *others = [opening_cash(economy) for economy in arms]
    assert len(first) == 22
    assert len({fen for _, _, fen in first}) == 22, "each supplier has its own luck"
    assert all(other == first for other in others)


def test_every_arm_gets_the_same_orders(arms: tuple[Economy, ...]) -> None:
    first, *others = [orders(economy) for economy in arms]
    assert len(first) > 100
    assert all(other == first for other in others)


def common(measured: list[dict[str, int]]) -> list[str]:
    return sorted(set.intersection(*(set(values) for values in measured)))


def test_every_invoice_is_as_late_in_every_arm(arms: tuple[Economy, ...]) -> None:
    measured = [late_days(economy) for economy in arms]
    keys = common(measured)
    assert len(keys) > 50
    first, *others = [[values[key] for key in keys] for values in measured]
    assert len(set(first)) > 5, "some are late by more days than others"
    assert all(other == first for other in others)


def test_every_invoice_is_disputed_alike_in_every_arm(arms: tuple[Economy, ...]) -> None:
    measured = [disputes(economy) for economy in arms]
    keys = sorted(set.intersection(*(set(values) for values in measured)))
    first, *others = [[values[key] for key in keys] for values in measured]
    assert 0 < sum(day is not None for day in first) < len(first)
    assert all(other == first for other in others)


def test_the_share_of_late_invoices_belongs_to_the_debtor_not_to_the_arm(
    arms: tuple[Economy, ...],
) -> None:
    first, *others = [[firm.late_ppm for firm in economy.firms] for economy in arms]
    assert len(set(first)) > 5
    assert all(other == first for other in others)


def test_core_enterprises_fail_on_the_same_day_in_every_arm() -> None:
    fragile = ("parameters.core_distress_per_year=0.2", "populations.core.count=8", "seed=5")
    on_paper, on_chain = distress(paper(*fragile)), distress(chain(*fragile))
    assert on_paper
    assert on_paper == on_chain


def test_the_first_day_is_a_local_midnight() -> None:
    start = datetime.fromtimestamp(idle().start_s, UTC) + EAST
    assert (start.hour, start.minute, start.second) == (0, 0, 0)
