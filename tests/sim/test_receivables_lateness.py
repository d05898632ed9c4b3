"""Lateness follows the fitted figures: what goes in as a share over all invoices comes out."""

import numpy as np
import pytest

from sim.receivables.lateness import debtor_late_ppm, is_disputed, late_days, undisputed_late_share
from sim.receivables.model import run_chain
from sim.receivables.parameters import parameters_of
from sim.scenario import apply, load
from sim.streams import Luck
from sim.world import Task
from system.limits import DAY_S
from tests.sim.receivables_builders import small


@pytest.mark.parametrize(("late", "dispersion", "ratio"), [(0.356, 0.46, 2.63), (0.6, 0.2, 3.5)])
def test_the_share_over_all_invoices_is_the_parameter(
    late: float, dispersion: float, ratio: float
) -> None:
    overrides = {
        "debtor_late_share": late,
        "debtor_late_dispersion_ratio": dispersion,
        "late_given_dispute_ratio": ratio,
    }
    scenario = apply(load("receivables"), [f"parameters.{k}={v}" for k, v in overrides.items()])
    p, luck = parameters_of(scenario, "paper"), Luck(7, 0)
    days = [
        late_days(luck, p, key, late_ppm, is_disputed(luck, p, key))
        for debtor in range(6_000)
        if (late_ppm := debtor_late_ppm(luck, p, f"d{debtor}")) >= 0
        for key in (f"d{debtor}i{n}" for n in range(3))
    ]
    assert np.mean(np.array(days) > 0) == pytest.approx(late, abs=0.015)


def test_without_disputes_or_spread_the_share_is_used_as_it_is() -> None:
    assert undisputed_late_share(0.3, 0.0, 0.0, 2.0) == pytest.approx(0.3)
    assert undisputed_late_share(0.3, 0.4, 0.2, 1.0) == pytest.approx(0.3)


@pytest.mark.parametrize("late", [0.05, 0.5])
def test_core_enterprises_pay_late_as_often_as_the_parameter_says(late: float) -> None:
    """Realised on the calendar, payment runs, holidays and disputes included."""
    scenario = small(
        "horizon_days=150",
        "parameters.term_days_options=[30]",
        "parameters.order_interval_days=7",
        f"parameters.debtor_late_share={late}",
        "parameters.debtor_late_dispersion_ratio=0",
        "parameters.core_distress_per_year=0",
        "parameters.fraud_supplier_share=0",
    )
    economy, platform = run_chain(Task(scenario, "chain", 0, "columns", "revm", "memory"))
    platform.system.close()
    paid_at_s = {e.subject: e.at_s for e in economy.log.events() if e.kind == "paid"}
    end_s = economy.day_s(160 - 50)

    def day(at_s: int) -> int:
        return (at_s - economy.start_s) // DAY_S

    judged = [
        day(paid_at_s[invoice.key]) > day(invoice.due_at_s)
        for invoice in economy.invoices
        if economy.firms[invoice.debtor].is_core and invoice.due_at_s < end_s
    ]
    assert len(judged) > 80
    assert np.mean(judged) == pytest.approx(late, abs=0.1)
