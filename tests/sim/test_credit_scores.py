"""Rankings and probabilities against plain loops over all pairs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.metrics.credit_scores import (
    approved_at_bad_rate,
    auc,
    brier,
    calibration_error,
    ks,
    psi,
)

ROWS = st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=1, max_size=30)


def columns(rows: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    risk, bad = zip(*rows, strict=True)
    return np.array(risk, np.int64), np.array(bad, np.bool_)


@given(ROWS)
def test_auc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, bool]]) -> None:
    risk, bad = columns(rows)
    pairs = [(b > g) + 0.5 * (b == g) for b in risk[bad] for g in risk[~bad]]
    assert auc(risk, bad) == (sum(pairs) / len(pairs) if pairs else None)


@given(ROWS)
def test_ks_is_the_widest_gap_between_the_two_distributions(rows: list[tuple[int, bool]]) -> None:
    risk, bad = columns(rows)
    if bad.all() or not bad.any():
        assert ks(risk, bad) is None
        return
    gaps = [abs((risk[bad] <= x).mean() - (risk[~bad] <= x).mean()) for x in np.unique(risk)]
    found = ks(risk, bad)
    assert found is not None
    assert abs(found - max(gaps)) < 1e-12


@given(ROWS, st.integers(0, 10), st.integers(1, 10))
def test_the_cut_off_lets_in_as_many_as_the_bad_rate_allows(
    rows: list[tuple[int, bool]], part: int, whole: int
) -> None:
    risk, bad = columns(rows)
    sizes = []
    for cut in np.unique(risk):
        let_in = risk <= cut
        if bad[let_in].sum() * whole <= let_in.sum() * part:
            sizes.append(int(let_in.sum()))
    assert approved_at_bad_rate(risk, bad, part, whole) == max(sizes, default=0)


def test_a_perfect_forecast_has_no_brier_score_and_no_calibration_error() -> None:
    bad = np.array([True, False, False, True])
    assert brier(bad * 1_000_000, bad) == 0.0
    assert calibration_error(bad * 1_000_000, bad) == 0.0


def test_a_pd_of_a_half_for_all_costs_a_quarter() -> None:
    bad = np.array([True, False] * 10)
    half = np.full(20, 500_000)
    assert brier(half, bad) == 0.25
    assert calibration_error(half, bad) == 0.0


def test_a_population_like_its_reference_has_no_psi_and_another_one_has() -> None:
    reference = np.arange(1_000)
    assert psi(reference, reference) == 0.0
    shifted = psi(reference, reference + 500)
    assert shifted is not None
    assert shifted > 0.25
    assert psi(reference, reference[:0]) is None
