"""Lateness follows the fitted figures: what goes in as a share over all invoices comes out."""

import numpy as np
import pytest

from sim.receivables.lateness import debtor_late_ppm, is_disputed, late_days, undisputed_late_share
from sim.receivables.parameters import parameters_of
from sim.scenario import apply, load
from sim.streams import Luck


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
