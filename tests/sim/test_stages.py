"""The terminal says where the time goes, and what must shrink for a bound to hold."""

import io

import pytest
from rich.console import Console

from sim.reports.figures import claim_unit, figure
from sim.reports.stages import must_shrink, stage_table
from sim.reports.words import words

METRICS = {
    "paper": {},
    "chain": {
        "stage_delay_s_mean.acceptance": {"mean": 10_800.0},
        "stage_delay_s_mean.take_quote": {"mean": 3_600.0},
        "stage_delay_s_mean.relay_block": {"mean": 0.0},
        "stage_delay_s_mean.cash_window": {"mean": None},
        "acceptance_delay_s_mean.approver": {"mean": 36_000.0},
    },
}


def claim(**changes: object) -> dict[str, object]:
    return {
        "id": "two_hours",
        "metric": "time_to_cash_s_mean",
        "arm": "chain",
        "compare": "level",
        "operator": "<=",
        "threshold": 7_200.0,
        "estimate": 14_400.0,
        "verdict": "refuted",
        **changes,
    }


def test_a_refuted_bound_names_the_excess_and_the_longest_stages_first() -> None:
    (advice,) = must_shrink(METRICS, [claim()], "en")
    assert "two_hours: the mean must lose 2 h" in advice
    assert advice.index("acceptance 3 h") < advice.index("take_quote 60 min")


def test_each_bound_is_advised_by_its_own_stages() -> None:
    (advice,) = must_shrink(METRICS, [claim(metric="invoice_to_acceptance_s_mean")], "en")
    assert advice.endswith("approver 10 h")


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "supported"},
        {"estimate": 7_000.0, "verdict": "undecided"},
        {"operator": ">="},
        {"metric": "npl_ratio"},
    ],
)
def test_what_holds_or_is_no_bound_on_time_gets_no_advice(changes: dict[str, object]) -> None:
    assert not list(must_shrink(METRICS, [claim(**changes)], "zh"))


def test_the_table_shows_each_stage_with_its_share_and_leaves_out_arms_without_stages() -> None:
    table = stage_table(METRICS, words("en"))
    assert table is not None
    console = Console(file=io.StringIO(), width=100)
    console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "3 h (75%)" in text
    assert "60 min (25%)" in text
    assert "paper" not in text
    assert stage_table({"paper": {}}, words("en")) is None


def test_a_difference_of_shares_is_in_points() -> None:
    assert figure(0.00615, claim_unit("difference", "ratio")) == "+0.615 pt"
    assert figure(0.0, claim_unit("difference", "ratio")) == "0 pt"
    assert figure(0.82, claim_unit("ratio", "s")) == "0.82"
    assert figure(-60.0, claim_unit("difference", "s")) == "-60 s"
