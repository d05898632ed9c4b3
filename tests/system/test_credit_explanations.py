"""Reasons and explanations: what a merchant is told is what decided."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.credit.explanations import (
    OUTCOME_TEXTS,
    Decided,
    explain,
    explanation_page,
    texts_of,
)
from system.credit.features import FEATURES
from system.credit.policy import DEFAULT_POLICY
from system.credit.reasons import (
    FOREIGN_REASON_FIRST,
    TEXTS,
    Language,
    Reason,
    reason_codes,
    reason_text,
)
from system.credit.rules import Refusal
from system.errors import InputError, IntegrityError
from system.kernels.columns import MISSING, i64
from tests.system.scorecards import scorecard

LANGUAGES: tuple[Language, ...] = ("en", "zh")
INPUTS = {
    "revenue_3p_fen": 150,
    "refund_rate_3p_ppm": 95,
    "tenure_days": MISSING,
    "history_periods": 6,
    "coverage_3p_ppm": 500_000,
}
values = st.one_of(st.just(MISSING), st.integers(-500, 500), st.integers(-(2**60), 2**60))


def decided(inputs: dict[str, int], code: Refusal = Refusal.DECLINED_PD_TOO_HIGH) -> Decided:
    scores = scorecard().score({name: i64((value,)) for name, value in inputs.items()})
    score, pd_ppm = int(scores.score[0]), int(scores.pd_ppm[0])
    return Decided(42, 20_500, code, 0, 0, score, pd_ppm, False)


@pytest.mark.parametrize("name", FEATURES)
def test_each_feature_has_a_reason_of_its_own(name: str) -> None:
    (code,) = reason_codes([name])
    assert Reason(code).name == name.upper()


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason])
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_reason_has_a_text_of_its_own(reason: Reason, language: Language) -> None:
    text = reason_text(reason, language)
    assert text
    assert [other for other in TEXTS if TEXTS[other][language] == text] == [reason]
    assert (language == "zh") == any("\u4e00" <= sign <= "\u9fff" for sign in text)


def test_there_is_no_reason_without_a_feature() -> None:
    assert {reason.name.lower() for reason in Reason if reason} == set(FEATURES)


def test_features_of_other_peoples_files_get_codes_by_position() -> None:
    assert reason_codes(["PAY_0", "tenure_days", "AGE"]) == (
        FOREIGN_REASON_FIRST,
        Reason.TENURE_DAYS,
        FOREIGN_REASON_FIRST + 2,
    )
    for code in (0, FOREIGN_REASON_FIRST, -1):
        with pytest.raises(InputError):
            reason_text(code, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_answer_to_an_application_has_a_text(language: Language) -> None:
    answers = [code for code in Refusal if code.name.startswith(("APPLICATION_", "DECLINED_"))]
    assert list(OUTCOME_TEXTS) == [Refusal.NONE, *answers]
    assert all(texts[language] for texts in OUTCOME_TEXTS.values())
    assert all(texts_of(code)[language] for code in Refusal if code.name.endswith("_LISTED"))
    assert texts_of(Refusal.DRAW_OVER_LIMIT) == {}


@given(values, values, values)
def test_points_of_an_explanation_add_up_to_the_score(revenue: int, refunds: int, age: int) -> None:
    inputs = {
        **INPUTS,
        "revenue_3p_fen": revenue,
        "refund_rate_3p_ppm": refunds,
        "tenure_days": age,
    }
    found = explain(scorecard(), inputs, decided(inputs), DEFAULT_POLICY, "en")
    points = sum(line.points for line in found.features)
    assert found.base_points + points == found.decided.score
    for line in found.features:
        value = inputs[line.name]
        assert line.value == (None if value == MISSING else value)
        if line.value is not None:
            assert line.from_value is None or line.from_value <= value
            assert line.to_value is None or value < line.to_value
    told = [line.lost for code in found.reasons for line in found.features if _code(line) == code]
    assert told == sorted((line.lost for line in found.features if line.lost), reverse=True)


def _code(line: object) -> int:
    return reason_codes([line.name])[0]  # type: ignore[attr-defined]


def test_an_explanation_shows_inputs_bins_points_and_bounds() -> None:
    found = explain(scorecard(), INPUTS, decided(INPUTS), DEFAULT_POLICY, "en")
    first, second, third = found.features
    assert (first.value, first.from_value, first.to_value, first.points) == (150, 100, 200, 10)
    assert (second.value, second.from_value, second.to_value, second.lost) == (95, 90, None, 30)
    assert (third.value, third.from_value, third.to_value, third.lost) == (None, None, None, 0)
    assert found.reasons == (Reason.REFUND_RATE_3P_PPM, Reason.REVENUE_3P_FEN)
    assert [(bound.name, bound.met) for bound in found.thresholds] == [
        ("history_periods", True),
        ("coverage_3p_ppm", False),
        ("pd_high_ppm", False),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_tells_outcome_reasons_and_the_way_to_a_person(language: Language) -> None:
    found = explain(scorecard(), INPUTS, decided(INPUTS), DEFAULT_POLICY, language)
    page = explanation_page(found, language)
    assert OUTCOME_TEXTS[Refusal.DECLINED_PD_TOO_HIGH][language] in page
    assert page.index(reason_text(10, language)) < page.index(reason_text(3, language))
    assert "2026-02-16" in page
    assert "| tenure_days | – | – | – | 10 | 0 |" in page
    assert found.to_json().startswith("{")


def test_a_story_that_differs_from_the_decision_is_not_told() -> None:
    for wrong in (
        replace(decided(INPUTS), score=1),
        replace(decided(INPUTS), pd_ppm=1),
    ):
        with pytest.raises(IntegrityError):
            explain(scorecard(), INPUTS, wrong, DEFAULT_POLICY, "en")
    with pytest.raises(IntegrityError):
        explain(scorecard(501), INPUTS, decided(INPUTS), DEFAULT_POLICY, "en")


def test_what_the_model_was_not_asked_is_not_explained_by_it() -> None:
    for code in (Refusal.APPLICATION_CONSENT_MISSING, Refusal.DRAW_FROZEN):
        with pytest.raises(InputError):
            explain(scorecard(), INPUTS, decided(INPUTS, code), DEFAULT_POLICY, "en")
    with pytest.raises(InputError):
        explain(scorecard(), {"tenure_days": 3}, decided(INPUTS), DEFAULT_POLICY, "en")
