"""What each product's chapter tells, on runs whose figures are made up and therefore known."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from benchmarks.run_library import START_S, made_run
from sim.reports.charts.theme import whole
from sim.reports.story.blocks import Cell, Figure, Report, Table
from sim.reports.story.source import sources_of
from sim.reports.story.tell import chapter, tell
from sim.reports.story.tongue import Tongue
from sim.reports.typeface.subset import FOLDER, missing
from sim.trace import EventLog
from system.chain.monitor import Rule
from system.credit.records import LineState
from system.leasing.records import AlertKind

KINDS = ("geofence", "fuel_theft")
BOOK = {
    "normal_asset_share": 0.9,
    "asset_share.special_mention": 0.06,
    "asset_share.substandard": 0.03,
    "asset_share.doubtful": 0.01,
    "asset_share.loss": 0.0,
}


def of_credit(arm: str, number: int) -> Mapping[str, float | None]:
    tenths = {
        name: value
        for tenth in range(1, 11)
        for name, value in (
            (f"pd_mean.tenth_{tenth:02d}", tenth / 100),
            (f"default_rate.tenth_{tenth:02d}", (tenth + number) / 100),
        )
    }
    found = {"npl_ratio_mean": 0.01, "approval_rate": 0.5, "calibration_error": 0.01}
    return BOOK | found | (tenths if arm == "data" else {})


def of_leasing(arm: str, number: int) -> Mapping[str, float | None]:
    found = {"utilisation": 0.5, "leased_share": 0.6, "default_rate": 0.01 * number}
    if arm == "fixed":
        return BOOK | found
    alerts = {
        f"{prefix}alert_{what}{suffix}": value
        for prefix, value in (("", 0.9), ("baseline_", 0.1))
        for what in ("precision", "recall")
        for suffix in ("", *(f".{kind}" for kind in KINDS))
    }
    delays = {f"detection_delay_s_{end}": 86_400.0 * 3 for end in ("p50", "p95")}
    return BOOK | found | alerts | delays


def requests(log: EventLog) -> None:
    """Ten requests on each of ten days, of which the slowest takes ten hours; one is never done."""
    for number in range(100):
        at_s = START_S + number // 10 * 86_400
        log.add(at_s, "sought", f"request/{number}")
        if number != 99:
            log.add(at_s + 3_600 * (number % 10 + 1), "funded", f"request/{number}")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("made")
    for scenario, metrics_of in (
        ("credit", of_credit),
        ("leasing", of_leasing),
        ("receivables", lambda arm, number: {"time_to_cash_s_p50": 60.0, **BOOK}),
        ("feed-outage", of_credit),
    ):
        made_run(place / scenario, scenario, metrics_of=metrics_of, more=requests)
    return place


def told(runs: Path, scenario: str, lang: str = "en") -> Report:
    return tell(sources_of([runs / scenario]), lang)


def figure(report: Report, key: str) -> Figure:
    [found] = [one for one in report.figures() if one.key == key]
    return found


def cells(table: Table) -> list[list[str]]:
    return [[c.text if isinstance(c, Cell) else c for c in row] for row in table.rows]


def test_calibration_sets_each_tenth_beside_what_came_of_it(runs: Path) -> None:
    shown = figure(told(runs, "credit"), "calibration")
    assert [row[:3] for row in cells(shown.table)][9] == ["on data", "10", "10 % (10 % – 10 %)"]
    assert cells(shown.table)[0][3].startswith("1.5 %")
    assert len(shown.table.rows) == 10


@pytest.mark.parametrize("product", ["credit", "receivables", "leasing"])
def test_npl_and_balance_are_told_by_vintage_over_time(runs: Path, product: str) -> None:
    report = told(runs, product)
    npl, balance = (figure(report, key) for key in ("npl-course", "balance-course"))
    parts = {row["part"] for row in npl.spec["data"]["values"]}
    assert parts == {"quarter 1", "quarter 2"}
    assert max(row["day"] for row in balance.spec["data"]["values"]) == 360
    # 12 of a thousand in replication 0, 13 in replication 1.
    assert npl.title.startswith("Worst NPL ratio of a vintage: 1.25 %")


@pytest.mark.parametrize("product", ["credit", "receivables", "leasing"])
def test_assets_are_told_by_all_five_categories(runs: Path, product: str) -> None:
    shown = figure(told(runs, product), "categories")
    names = ["normal", "special mention", "substandard", "doubtful", "loss"]
    assert [row[0] for row in cells(shown.table)] == names
    assert "90 %" in shown.title


def test_alerts_are_told_by_kind_beside_the_fixed_rules(runs: Path) -> None:
    report = told(runs, "leasing", "zh")
    shown = figure(report, "precision-recall")
    assert [row[0] for row in cells(shown.table)] == ["全部类型", "盗油", "越出围栏"]
    assert [cell[:4] for cell in cells(shown.table)[0][1:]] == ["90 %", "90 %", "10 %", "10 %"]
    delay = figure(report, "detection-delay")
    values = delay.spec["layer"][1]["data"]["values"]
    assert {row["mean"] for row in values} == {3.0}
    assert "天" in delay.spec["layer"][1]["encoding"]["x"]["title"]


def test_faults_stand_on_a_timeline_with_what_held_under_them(runs: Path) -> None:
    report = told(runs, "feed-outage")
    shown = figure(report, "faults-feed-outage")
    bars = shown.spec["data"]["values"]
    [missing_feed] = [bar for bar in bars if bar["row"].startswith("feed_missing")]
    assert (missing_feed["from_day"], missing_feed["until_day"]) == (150, 171)
    assert re.search(r"(\d+) of \1 invariants held", shown.title)


def test_latency_counts_from_when_somebody_meant_to_begin(runs: Path) -> None:
    report = tell(sources_of([runs / "receivables"]), "en", "qa")
    shown, through = (figure(report, f"{key}-receivables") for key in ("latency", "throughput"))
    first, second = [row for row in cells(shown.table) if row[0] == "on paper"]
    assert first[1:] == ["0", "140", "140", "5 h", "10 h", "10 h"]
    assert second[1:4] == ["1", "60", "58"]
    bounds = [layer["data"]["values"][0] for layer in shown.spec["layer"][1:]]
    assert "time_to_cash_s_mean ≤ 2 h" in {bound["label"] for bound in bounds}
    assert "396 of 400 requests were done" in shown.note
    assert through.title.endswith("up to 70 requests a week")


NUMBER = re.compile(r"\d[\d,.]*")


def numbers(report: Report) -> Iterator[list[list[str]]]:
    """The numbers of each table's cells; labels may write them out as words."""
    for section in report.sections:
        for block in section.blocks:
            table = block.table if isinstance(block, Figure) else block
            if isinstance(table, Table) and not section.key.startswith("parameters"):
                yield [sorted(NUMBER.findall(" ".join(row[1:]))) for row in cells(table)]


@pytest.mark.parametrize("product", ["credit", "receivables", "leasing", "feed-outage"])
def test_both_languages_tell_the_same_figures(runs: Path, product: str) -> None:
    english, chinese = (told(runs, product, lang) for lang in ("en", "zh"))
    assert [len(s.blocks) for s in english.sections] == [len(s.blocks) for s in chinese.sections]
    assert list(numbers(english)) == list(numbers(chinese))
    drawn = [
        [sorted(_figures(one.spec)) for one in report.figures()] for report in (english, chinese)
    ]
    assert drawn[0] == drawn[1]


def _figures(node: object) -> Iterator[float]:
    """Every number of a chart's data."""
    if isinstance(node, dict):
        for name, item in node.items():
            if name == "values" and isinstance(item, list):
                yield from (
                    value
                    for row in item
                    if isinstance(row, dict)
                    for value in row.values()
                    if isinstance(value, int | float)
                )
            else:
                yield from _figures(item)
    elif isinstance(node, list):
        for item in node:
            yield from _figures(item)


@pytest.mark.parametrize("product", ["credit", "leasing", "feed-outage"])
def test_every_chart_compiles_and_can_be_drawn(runs: Path, product: str) -> None:
    vl_convert = pytest.importorskip("vl_convert", reason="the report extra is not installed")
    vl_convert.register_font_directory(str(FOLDER))
    for shown in told(runs, product, "zh").figures():
        svg = vl_convert.vegalite_to_svg(whole(shown.spec, 640))
        assert "NaN" not in svg
        assert missing(shown.title + shown.note) == []


def test_a_joint_run_draws_each_chart_once(tmp_path: Path) -> None:
    """Its books are stated once; three chapters drew them, once as machines that are out."""
    made_run(tmp_path / "joint", "joint-contagion", 2)
    [source] = sources_of([tmp_path / "joint"])
    blocks = chapter(source, Tongue("en")).blocks
    keys = [block.key for block in blocks if isinstance(block, Figure)]
    assert len(keys) == len(set(keys)) > 1


def test_lines_that_are_given_up_are_not_counted_as_opened_again(tmp_path: Path) -> None:
    def lines(log: EventLog) -> None:
        for day, kind, values in (
            (0, "life_set", (4, 4 * LineState.OPEN, 0)),
            (100, "went_bad", (1, 0, 0)),
            (300, "life_set", (4, 4 * LineState.CHARGED_OFF, 0)),
        ):
            log.add(START_S + day * 86_400, kind, f"{kind}/{day}", values)

    made_run(tmp_path / "credit", "credit", more=lines)
    assert "25 % (on data)" in figure(told(tmp_path, "credit"), "gone-bad").title


@pytest.mark.parametrize(
    ("lang", "said"), [("en", "no value in any replication"), ("zh", "各次重复均无数值")]
)
def test_a_title_says_when_its_figure_is_undefined(tmp_path: Path, lang: str, said: str) -> None:
    known = {"npl_peak": 0.01, "npl_ratio_mean": None}
    made_run(tmp_path / "credit", "credit", metrics_of=lambda arm, number: known)
    report = told(tmp_path, "credit", lang)
    assert figure(report, "npl-vintages").title.endswith(said)
    claims = next(one for one in report.sections[0].blocks if isinstance(one, Table))
    notes = {row[2].note for row in claims.rows if isinstance(row[2], Cell)}
    assert notes == {Tongue(lang).word("no_interval")}


def test_every_kind_of_alert_has_a_chinese_name() -> None:
    troubles = ("reconciliation", "dead_letter", "final_block_dropped", "outcome_contradicted")
    for kind in (*(rule.value for rule in Rule), *troubles, *(k.name.lower() for k in AlertKind)):
        assert Tongue("zh").kind(kind) != kind
