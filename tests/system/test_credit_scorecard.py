"""The scorecard at run time: integers in, integers out, the same everywhere."""

import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.credit.kernels.scorecard import CHUNK_ROWS, pd_by_point
from system.credit.scorer import FeaturePoints, ScorecardModel
from system.errors import InputError
from system.kernels.columns import MISSING, i64
from tests.system.scorecards import random_columns, random_scorecard, scorecard


def by_hand(model: ScorecardModel, row: dict[str, int]) -> tuple[int, list[int]]:
    """Score and reasons of one row, the slow way."""
    score, lost = model.base_points, []
    for position, feature in enumerate(model.features_points):
        value = row[feature.name]
        place = 0 if value == MISSING else 1 + sum(value >= edge for edge in feature.edges)
        score += feature.points[place]
        loss = max(feature.points) - feature.points[place]
        if loss:
            lost.append((-loss, position, feature.reason))
    codes = [reason for _, _, reason in sorted(lost)][:4]
    return score, codes + [0] * (4 - len(codes))


def pd_by_hand(knots: list[int], values: list[int], score: int) -> int:
    """Linear between knots, halves up, the slow and exact way."""
    if score <= knots[0]:
        return values[0]
    if score >= knots[-1]:
        return values[-1]
    right = next(place for place, knot in enumerate(knots) if knot > score)
    left = right - 1
    part = Fraction(score - knots[left], knots[right] - knots[left])
    exact = values[left] + (values[right] - values[left]) * part
    return int((exact + Fraction(1, 2)) // 1)


@given(st.integers(0, 2**32), st.integers(1, 18))
def test_scores_and_reasons_are_those_of_the_points_table_read_by_hand(seed: int, f: int) -> None:
    luck = np.random.Generator(np.random.Philox(seed))
    model = random_scorecard(luck, f)
    columns = random_columns(luck, model, 20)
    scores = model.score(columns)
    for n in range(20):
        score, reasons = by_hand(model, {name: int(col[n]) for name, col in columns.items()})
        assert (int(scores.score[n]), scores.reasons[n].tolist()) == (score, reasons)
        for found, values in (
            (scores.pd_ppm, model.pd_map.pd_ppm),
            (scores.pd_low_ppm, model.pd_map.low_ppm),
        ):
            assert int(found[n]) == pd_by_hand([*model.pd_map.points], [*values], score)
    assert bool((scores.pd_low_ppm <= scores.pd_ppm).all())
    assert bool((scores.pd_ppm <= scores.pd_high_ppm).all())


def test_a_row_scores_the_same_alone_and_across_the_edge_of_a_chunk() -> None:
    luck = np.random.Generator(np.random.Philox(7))
    model = random_scorecard(luck, 15)
    columns = random_columns(luck, model, CHUNK_ROWS + 3)
    together = model.score(columns)
    for row in (0, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 2):
        alone = model.score({name: column[row : row + 1] for name, column in columns.items()})
        for name in ("score", "pd_ppm", "pd_low_ppm", "pd_high_ppm", "reasons"):
            assert getattr(together, name).dtype == np.int64
            assert getattr(together, name)[row].tolist() == getattr(alone, name)[0].tolist()


def test_no_rows_score_to_no_rows() -> None:
    scores = scorecard().score({name: i64([]) for name in scorecard().features})
    assert scores.score.shape == (0,)
    assert scores.reasons.shape == (0, 4)


def test_an_edge_belongs_to_the_bin_above_it_and_missing_has_a_bin_of_its_own() -> None:
    revenue = i64([MISSING, MISSING + 1, 99, 100, 199, 200, 2**63 - 1])
    best = {"refund_rate_3p_ppm": np.zeros_like(revenue), "tenure_days": revenue * 0 + 400}
    points = scorecard().score({"revenue_3p_fen": revenue, **best}).score - 540
    assert points.tolist() == [5, 0, 0, 10, 10, 20, 20]


def test_equal_losses_are_named_in_the_order_of_the_features() -> None:
    row = {"revenue_3p_fen": 150, "refund_rate_3p_ppm": 0, "tenure_days": 0}
    reasons = scorecard().score({name: i64([value]) for name, value in row.items()}).reasons
    assert reasons.tolist() == [[3, 15, 0, 0]]


def test_a_step_in_pd_is_two_knots_one_point_apart() -> None:
    assert pd_by_point(i64([5, 6, 8]), i64([900, 100, 100])).tolist() == [900, 100, 100, 100]
    assert pd_by_point(i64([5]), i64([7])).tolist() == [7]


def test_a_file_gives_back_the_model_and_its_id() -> None:
    model = scorecard()
    again = ScorecardModel.from_json(model.to_json())
    assert again == model
    assert again.model_id == model.model_id
    assert scorecard(501).model_id != model.model_id


def changed(**changes: Any) -> str:
    return json.dumps({**json.loads(scorecard().to_json()), **changes})


def with_feature(**changes: Any) -> str:
    body = json.loads(scorecard().to_json())
    body["features"][0] |= changes
    return json.dumps(body)


def with_map(**changes: Any) -> str:
    body = json.loads(scorecard().to_json())
    body["pd_map"] |= changes
    return json.dumps(body)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("{", "scorecard"),
        ("[" * 100_000, "scorecard"),
        ("[]", "scorecard"),
        (changed(format="scorecard/9"), "format"),
        (changed(extra=1), "scorecard"),
        (changed(base_points=1.5), "base_points"),
        (changed(base_points=True), "base_points"),
        (changed(base_points=float("nan")), "scorecard"),
        (changed(base_points=10_000), "points"),
        (changed(features=[]), "features"),
        (changed(features={}), "features"),
        (changed(target_text=""), "target_text"),
        (with_feature(name="tenure_days"), "features.name"),
        (with_feature(reason=15), "features.reason"),
        (with_feature(reason=0), "features.revenue_3p_fen.reason"),
        (with_feature(edges=[200, 100]), "features.revenue_3p_fen.edges"),
        (with_feature(edges=[100, 100]), "features.revenue_3p_fen.edges"),
        (with_feature(edges=[100, 2**63]), "features.revenue_3p_fen.edges"),
        (with_feature(edges=list(range(63)), points=[0] * 65), "features.revenue_3p_fen.edges"),
        (with_feature(points=[1, 2, 3]), "features.revenue_3p_fen.points"),
        (with_feature(points=[1, 2, 3, None]), "features.points"),
        (with_map(points=[]), "pd_map.points"),
        (with_map(points=[3, 2, 1]), "pd_map.points"),
        (with_map(points=[1, 2, 10_001]), "pd_map.points"),
        (with_map(pd_ppm=[90_000, 40_000]), "pd_map.pd_ppm"),
        (with_map(pd_ppm=[90_000, 40_000, -1]), "pd_map.pd_ppm"),
        (with_map(pd_ppm=[40_000, 90_000, 10_000]), "pd_map.pd_ppm"),
        (with_map(low_ppm=[95_000, 30_000, 8_000]), "pd_map"),
    ],
)
def test_a_file_that_is_no_sound_scorecard_is_refused_by_field(text: str, field: str) -> None:
    with pytest.raises(InputError) as caught:
        ScorecardModel.from_json(text)
    assert caught.value.field == field


@pytest.mark.parametrize(
    "revenue",
    [None, np.zeros(2), np.zeros((2, 1), dtype=np.int64), i64([1]), np.zeros(2, dtype=np.int32)],
)
def test_a_column_that_is_absent_or_of_other_shape_or_type_is_refused(revenue: Any) -> None:
    columns: dict[str, Any] = {name: i64([1, 2]) for name in scorecard().features}
    columns["revenue_3p_fen"] = revenue
    with pytest.raises(InputError):
        scorecard().score({name: col for name, col in columns.items() if col is not None})


def test_points_that_could_leave_the_bounds_together_are_refused() -> None:
    wide = tuple(FeaturePoints(f"f{n}", (), (0, 400), n + 1) for n in range(25))
    with pytest.raises(InputError):
        ScorecardModel(1, wide, scorecard().pd_map, "t")
    assert ScorecardModel(0, wide, scorecard().pd_map, "t").base_points == 0
