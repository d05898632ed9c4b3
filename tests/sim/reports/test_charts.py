"""Charts: what they show, that they compile, and that their words are drawn."""

import re

import pytest

from sim.reports.charts.courses import Moment, course_chart
from sim.reports.charts.crosses import Cross, cross_chart
from sim.reports.charts.dots import Dot, dot_chart
from sim.reports.charts.scatter import Point, scatter_chart
from sim.reports.charts.shares import Mark, Spread, spread_chart
from sim.reports.charts.spark import WIDTH, Interval, spark
from sim.reports.charts.stacks import Part, stack_chart
from sim.reports.charts.theme import whole
from sim.reports.charts.timeline import Bar, timeline_chart
from sim.reports.charts.tornado import Weight, tornado_chart
from sim.reports.charts.vintages import Stretch, vintage_chart
from sim.reports.typeface.subset import FOLDER
from sim.run_folder import Json

vl_convert = pytest.importorskip("vl_convert", reason="the report extra is not installed")
ARMS = ("纸质流程", "链上流程")
TITLES = {"x": "横轴", "y": "纵轴", "arm": "对照组", "part": "环节"}
WEIGHTS = {"x": "权重", "moves": "超出噪声", "yes": "影响", "no": "无"}
CHARTS: dict[str, Json] = {
    "spread": spread_chart(
        [Spread(arm, [(0.1, 60.0), (0.9, 86_400.0)]) for arm in ARMS],
        [Mark(7_200.0, "承诺 ≤ 2 小时")],
        TITLES,
        "zh",
    ),
    "dots": dot_chart(
        [Dot("一级", arm, 0.04, 0.03, 0.05, 9) for arm in ARMS], ARMS, "ratio", TITLES, "zh"
    ),
    "stacks": stack_chart([Part(arm, "签约", 1.0, "3 天") for arm in ARMS], TITLES),
    "scatter": scatter_chart(
        [Point(arm, 0, 0.1, 0.2) for arm in ARMS], ARMS, "ratio", TITLES, "zh", True
    ),
    "course": course_chart(
        [Moment(arm, day, 0.1, 0.0, 0.2) for arm in ARMS for day in (0, 9)],
        ARMS,
        "ratio",
        TITLES,
        "zh",
    ),
    "vintages": vintage_chart(
        [
            Stretch(arm, part, day, 0.1, 0.0, 0.2)
            for arm in ARMS
            for part in "甲乙"
            for day in (0, 9)
        ],
        ARMS,
        "ratio",
        TITLES,
        "zh",
    ),
    "crosses": cross_chart(
        [Cross(arm, "十", 0.1, 0.2, (0.05, 0.15), (None, None)) for arm in ARMS],
        ARMS,
        "ratio",
        TITLES | {"category": "十分位"},
        "zh",
        diagonal=True,
    ),
    "timeline": timeline_chart(
        [Bar("断电", 3.0, 4.0, "故障", "3 – 4"), Bar("守恒", 5.0, 6.0, "破坏", "第 5 天")],
        30,
        {"x": "横轴", "state": "类别", "fault": "故障", "broken": "破坏"},
    ),
    "tornado": tornado_chart([Weight("参数", 0.4, 0.3, 0.5, True)], 0.1, WEIGHTS),
}


@pytest.fixture(scope="module", autouse=True)
def fonts() -> None:
    vl_convert.register_font_directory(str(FOLDER))


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_compiles_and_writes_its_words(name: str) -> None:
    svg = vl_convert.vegalite_to_svg(whole(CHARTS[name], 640))
    assert "Shapan Sans" in svg
    assert ("权重" if name == "tornado" else "横轴") in svg
    assert "NaN" not in svg


@pytest.mark.parametrize("name", ["spread", "dots", "scatter", "course"])
def test_arms_share_one_legend(name: str) -> None:
    svg = vl_convert.vegalite_to_svg(whole(CHARTS[name], 640))
    assert len(re.findall(">对照组<", svg)) == 1


def test_a_chart_draws_characters_and_no_boxes() -> None:
    """Each character has an outline of its own; boxes would all be alike."""
    pictures = {
        vl_convert.vegalite_to_png(
            whole({"mark": {"type": "text", "text": one}, "data": {"values": [{}]}}, 60)
        )
        for one in "沙盘承诺A"
    }
    assert len(pictures) == 5


def test_the_spark_shades_the_promised_side_and_marks_the_threshold() -> None:
    below = spark(Interval(5.0, 4.0, 6.0, 7.0, "<=", "supported"))
    above = spark(Interval(5.0, 4.0, 6.0, 7.0, ">=", "refuted"))
    [left] = re.findall(r'<rect x="([\d.]+)"', below)
    [right] = re.findall(r'<rect x="([\d.]+)"', above)
    assert float(left) == 0
    assert float(right) > WIDTH / 2


def test_there_is_no_spark_without_an_estimate() -> None:
    assert spark(Interval(None, None, None, 1.0, "<", "undecided")) == ""
