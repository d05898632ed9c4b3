"""How each claim's estimate and interval move while replications come in: charts that grow."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from sim.findings import judgements
from sim.looks import ALPHA
from sim.metrics.catalog import find
from sim.reports.charts.axes import axis_of, tooltip_format
from sim.reports.charts.colours import INK, NEW
from sim.reports.charts.theme import whole
from sim.reports.figures import claim_unit
from sim.reports.story.comparing import DRAWN_MIN
from sim.run_folder import Json
from sim.scenario import Scenario
from sim.scenario_records import Claim

_FIRST: Final = 2


class Growth:
    """Of one run. Each number of replications is judged once, however often it is shown."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._rows: dict[str, list[Json]] = {place_of(claim.id): [] for claim in scenario.claims}
        self._seen = _FIRST - 1

    def rows(self, records: Sequence[Json]) -> dict[str, list[Json]]:
        """Place of a chart -> n, estimate, low, high for each n from two on.

        Without low and high where so few replications give none worth drawing.
        """
        for n in range(self._seen + 1, len(records) + 1):
            found = judgements(self._scenario, records[:n], ALPHA)
            for claim, judged in zip(self._scenario.claims, found, strict=True):
                if judged.estimate is not None and judged.ci_low is not None:
                    row: Json = {"n": n, "estimate": judged.estimate}
                    if n >= DRAWN_MIN:
                        row |= {"low": judged.ci_low, "high": judged.ci_high}
                    self._rows[place_of(claim.id)].append(row)
        self._seen = max(self._seen, len(records))
        return self._rows


def place_of(claim_id: str) -> str:
    """The id of the element in which a claim's chart stands."""
    return f"grows-{claim_id}"


def charts_of(scenario: Scenario, planned: int, lang: str, axis: str) -> str:
    """JSON: place -> a chart without rows yet. axis: what n is called."""
    charts = {
        place_of(claim.id): whole(_chart(claim, planned, lang, axis), "container")
        for claim in scenario.claims
    }
    return json.dumps(charts, ensure_ascii=False)


def _chart(claim: Claim, planned: int, lang: str, axis: str) -> Json:
    """The estimate as a line in its interval, the threshold dashed."""
    metric = find(claim.metric)
    unit = claim_unit(claim.compare, metric.unit if metric else "")
    x = {
        "field": "n",
        "type": "quantitative",
        "title": axis,
        "scale": {"domain": [1, max(planned, _FIRST)], "nice": False},
        "axis": {"tickMinStep": 1, "tickCount": 6},
    }
    y: Json = {
        "type": "quantitative",
        "title": None,
        "axis": axis_of(unit, lang) | {"tickCount": 4},
        "scale": {"zero": False},
    }
    tooltip = [{"field": "n"}, {"field": "estimate", "title": " "} | tooltip_format(unit)]
    line = {"x": x, "y": y | {"field": "estimate"}, "tooltip": tooltip}
    rule = {"type": "rule", "strokeDash": [3, 2], "color": INK, "opacity": 0.7}
    return {
        "height": 110,
        "data": {"name": "rows", "values": []},
        "layer": [
            {
                "mark": {"type": "area", "opacity": 0.18, "color": NEW},
                "encoding": {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "line", "color": NEW, "point": {"color": NEW}},
                "encoding": line,
            },
            {
                "data": {"values": [{"threshold": claim.threshold}]},
                "mark": rule,
                "encoding": {"y": y | {"field": "threshold"}},
            },
        ],
    }
