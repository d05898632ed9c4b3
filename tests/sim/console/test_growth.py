"""Charts that grow: a row per claim and number of replications, each judged once."""

import json
from pathlib import Path

from sim.console.growth import Growth, charts_of, place_of
from sim.findings import judgements
from sim.looks import ALPHA
from sim.prepare import reopen
from sim.run_folder import RunFolder
from sim.scenario import load


def test_each_number_of_replications_adds_one_row_to_each_claim(finished: Path) -> None:
    folder = RunFolder(finished)
    scenario, records = reopen(folder, None).plan.scenario, folder.records()
    growth = Growth(scenario)
    assert set(map(len, growth.rows(records[:1]).values())) == {0}
    growth.rows(records[:3])
    rows = growth.rows(records)
    assert growth.rows(records) == rows
    for number, claim in enumerate(scenario.claims):
        grown = rows[place_of(claim.id)]
        assert [row["n"] for row in grown] == list(range(2, len(records) + 1))
        last = judgements(scenario, records, ALPHA)[number]
        assert (grown[-1]["low"], grown[-1]["high"]) == (last.ci_low, last.ci_high)


def test_a_chart_waits_for_its_rows_with_the_threshold_drawn(finished: Path) -> None:
    folder = RunFolder(finished)
    scenario = reopen(folder, None).plan.scenario
    charts = json.loads(charts_of(scenario, 10, "zh", "n"))
    assert list(charts) == [place_of(claim.id) for claim in scenario.claims]
    first = charts[place_of(scenario.claims[0].id)]
    assert first["data"] == {"name": "rows", "values": []}
    assert first["layer"][2]["data"]["values"] == [{"threshold": scenario.claims[0].threshold}]


def test_a_chart_has_its_unit_before_anything_is_measured() -> None:
    scenario = load("receivables")
    charts = json.loads(charts_of(scenario, 10, "zh", "n"))
    first = charts[place_of(scenario.claims[0].id)]
    assert "天" in first["layer"][1]["encoding"]["y"]["axis"]["labelExpr"]


def test_no_interval_is_drawn_of_two_replications(finished: Path) -> None:
    folder = RunFolder(finished)
    scenario = reopen(folder, None).plan.scenario
    rows = Growth(scenario).rows(folder.records()[:3])[place_of(scenario.claims[0].id)]
    assert [set(row) - {"n", "estimate"} for row in rows] == [set(), {"low", "high"}]
