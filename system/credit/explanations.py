"""One automated decision, explained on the merchant's request: what was seen, and what it did.

The same kernel that decided is run again over the inputs as of that day, so an explanation cannot
tell another story than the decision; one that would is an IntegrityError.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from system.canonical import canonical_json
from system.credit.card_pages import day_text
from system.credit.kernels.scorecard import bins_of
from system.credit.policy import CreditPolicy
from system.credit.reasons import Language, reason_text
from system.credit.rules import Refusal
from system.credit.scorer import FeaturePoints, ScorecardModel
from system.errors import InputError, IntegrityError
from system.kernels.columns import MISSING, i64

# What the merchant is told of each answer to an application that a machine gives.
OUTCOME_TEXTS: Final[dict[Refusal, dict[Language, str]]] = {
    Refusal.NONE: {"en": "Approved", "zh": "已批准"},
    Refusal.APPLICATION_LINE_CHARGED_OFF: {
        "en": "Declined: an earlier line was charged off",
        "zh": "未批准:此前的额度已核销",
    },
    Refusal.APPLICATION_LINE_EXISTS: {
        "en": "Not considered: there is a line already",
        "zh": "未受理:已有有效额度",
    },
    Refusal.APPLICATION_CONSENT_MISSING: {
        "en": "Not considered: there is no consent to read the shop's data",
        "zh": "未受理:缺少数据使用授权",
    },
    Refusal.APPLICATION_RISK_STOPPED: {
        "en": "Not considered: no new lines are granted at present",
        "zh": "未受理:目前暂停新增授信",
    },
    Refusal.APPLICATION_LISTED: {
        "en": "Not considered: the bank has to check first who the owner is",
        "zh": "未受理:银行须先核实经营者身份",
    },
    Refusal.DECLINED_HISTORY_SHORT: {
        "en": "Declined: the sales record is too short",
        "zh": "未批准:经营数据记录过短",
    },
    Refusal.DECLINED_DATA_INCOMPLETE: {
        "en": "Declined: too many days are missing from the sales record",
        "zh": "未批准:经营数据缺失天数过多",
    },
    Refusal.DECLINED_PD_TOO_HIGH: {
        "en": "Declined: the estimated probability of default is too high",
        "zh": "未批准:估计违约概率过高",
    },
    Refusal.DECLINED_PRICE_ABOVE_CAP: {
        "en": "Declined: the price of the risk would exceed the cap",
        "zh": "未批准:风险定价将超过利率上限",
    },
    Refusal.DECLINED_LIMIT_TOO_SMALL: {
        "en": "Declined: cash flow supports no line of the smallest size",
        "zh": "未批准:现金流不足以支持最低额度",
    },
    Refusal.DECLINED_OUTSIDE_SANDBOX: {
        "en": "Declined: the pilot that the regulator admitted is full",
        "zh": "未批准:监管沙盒试点额度已满",
    },
}
# What an officer is told whom a sanctions list stands in the way of, and what to do about it.
LISTED_TEXTS: Final[dict[Refusal, dict[Language, str]]] = {
    Refusal.GRANT_LISTED: {
        "en": "A sanctions list keeps the owner out: two officers dismiss the case first",
        "zh": "经营者在制裁名单上:须先由两名人员排除该案件",
    },
    Refusal.UNFREEZE_LISTED: {
        "en": "Screening froze it, and no officer alone lifts that: two dismiss the case first",
        "zh": "该额度因名单筛查冻结,不能由一人解除:须先由两名人员排除该案件",
    },
}
_DECIDED_BY_MODEL: Final = tuple(
    code for code in OUTCOME_TEXTS if code is Refusal.NONE or code >= Refusal.DECLINED_HISTORY_SHORT
)


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as it was given, and the model's answers in it."""

    account: int
    day: int
    code: Refusal
    limit_fen: int
    rate_ppm: int
    score: int
    pd_ppm: int
    explored: bool


@dataclass(frozen=True, slots=True)
class FeatureLine:
    """value: as of the day; None where it was not known. from_value, to_value: its bin's ends,
    None where it has none. lost: points short of the feature's best bin.
    """

    name: str
    value: int | None
    from_value: int | None
    to_value: int | None
    points: int
    lost: int


@dataclass(frozen=True, slots=True)
class Threshold:
    """A bound of the policy beside the value that met or missed it; None where not known."""

    name: str
    value: int | None
    bound: int
    met: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """features: in the model's order. base_points and their points add up to the score.
    reasons: codes of the features that cost most, with their texts.
    """

    decided: Decided
    model_id: str
    target_text: str
    outcome_text: str
    pd_low_ppm: int
    pd_high_ppm: int
    base_points: int
    features: tuple[FeatureLine, ...]
    thresholds: tuple[Threshold, ...]
    reasons: tuple[int, ...]
    reason_texts: tuple[str, ...]

    def to_json(self) -> str:
        """Canonical text."""
        return canonical_json(asdict(self))


def texts_of(refusal: Refusal) -> dict[Language, str]:
    """What whoever asked is told of a refusal; empty where its name has to do."""
    return OUTCOME_TEXTS.get(refusal) or LISTED_TEXTS.get(refusal) or {}


def explain(
    model: ScorecardModel,
    inputs: Mapping[str, int],
    decided: Decided,
    policy: CreditPolicy,
    language: Language,
) -> Explanation:
    """Why this decision came out as it did.

    model, policy: those that decided.  inputs: every feature as of decided.day, MISSING where not
    known.  Raises IntegrityError when model and inputs do not give the score and PD that were
    stored, InputError for a missing input or an outcome for which the model was not asked.
    """
    if decided.code not in _DECIDED_BY_MODEL:
        remedy = "explain a decision of the model; OUTCOME_TEXTS tells why it was not asked"
        raise InputError("code", decided.code, remedy)
    scores = model.score({name: i64((value,)) for name, value in inputs.items()})
    again = (int(scores.score[0]), int(scores.pd_ppm[0]))
    if again != (decided.score, decided.pd_ppm):
        given = (decided.score, decided.pd_ppm)
        raise IntegrityError(f"score and PD of account {decided.account}", given, again)
    codes = tuple(code for code in scores.reasons[0].tolist() if code)
    high_ppm = int(scores.pd_high_ppm[0])
    return Explanation(
        decided,
        model.model_id,
        model.target_text,
        OUTCOME_TEXTS[decided.code][language],
        int(scores.pd_low_ppm[0]),
        high_ppm,
        model.base_points,
        tuple(_line(feature, inputs[feature.name]) for feature in model.features_points),
        _thresholds(inputs, high_ppm, policy),
        codes,
        tuple(reason_text(code, language) for code in codes),
    )


def _line(feature: FeaturePoints, value: int) -> FeatureLine:
    place = int(bins_of(i64((value,)), i64((MISSING + 1, *feature.edges)))[0])
    known, points = place > 0, feature.points[place]
    return FeatureLine(
        feature.name,
        value if known else None,
        feature.edges[place - 2] if place > 1 else None,
        feature.edges[place - 1] if 0 < place <= len(feature.edges) else None,
        points,
        max(feature.points) - points,
    )


def _thresholds(
    inputs: Mapping[str, int], pd_high_ppm: int, policy: CreditPolicy
) -> tuple[Threshold, ...]:
    pd_max_ppm = policy.limit.pd_ppm_max
    return (
        _at_least("history_periods", inputs, policy.history_periods_min),
        _at_least("coverage_3p_ppm", inputs, policy.coverage_ppm_min),
        Threshold("pd_high_ppm", pd_high_ppm, pd_max_ppm, pd_high_ppm <= pd_max_ppm),
    )


def _at_least(name: str, inputs: Mapping[str, int], bound: int) -> Threshold:
    value = inputs.get(name, MISSING)
    return Threshold(name, None if value == MISSING else value, bound, value >= bound)


_HEADS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("Feature", "Value", "From", "Below", "Points", "Lost"),
    "zh": ("特征", "取值", "下限", "上限(不含)", "得分", "失分"),
}
_WORDS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "title": "Decision for merchant {account} of {day}",
        "score": "Score {score}, from {base} points; model {model}",
        "pd": "Estimated probability: {pd} ppm ({low} … {high}) that: {target}",
        "line": "Limit {limit} fen, yearly rate {rate} ppm",
        "explored": "Approved in spite of the estimate, as part of a small random share",
        "reasons": "Reasons, most important first",
        "bounds": "Bounds",
        "met": "met",
        "missed": "not met",
        "review": "You may ask for a review by a person.",
    },
    "zh": {
        "title": "商户 {account} 于 {day} 的决定",
        "score": "评分 {score},基础分 {base};模型 {model}",
        "pd": "估计概率:{pd} ppm({low} … {high}),事件:{target}",
        "line": "额度 {limit} 分,年利率 {rate} ppm",
        "explored": "属于少量随机放行样本,虽超出门槛仍予批准",
        "reasons": "主要原因(按重要性排列)",
        "bounds": "门槛",
        "met": "满足",
        "missed": "未满足",
        "review": "您可以申请人工复核。",
    },
}


def explanation_page(explanation: Explanation, language: Language) -> str:
    """The explanation in Markdown. Take the language that it was made in."""
    e, words = explanation, _WORDS[language]
    decided = e.decided
    lines = [
        "# " + words["title"].format(account=decided.account, day=day_text(decided.day)),
        "",
        f"**{e.outcome_text}**",
        "",
        "- " + words["line"].format(limit=decided.limit_fen, rate=decided.rate_ppm),
        "- " + words["score"].format(score=decided.score, base=e.base_points, model=e.model_id),
        "- "
        + words["pd"].format(
            pd=decided.pd_ppm, low=e.pd_low_ppm, high=e.pd_high_ppm, target=e.target_text
        ),
        *([f"- {words['explored']}"] if decided.explored else []),
        *_list(words["reasons"], [f"{text} ({code})" for code, text in _coded(e)]),
        *_list(words["bounds"], [_bound(one, words) for one in e.thresholds]),
        "",
        *_feature_table(e.features, _HEADS[language]),
        "",
        words["review"],
    ]
    return "\n".join(lines) + "\n"


def _coded(explanation: Explanation) -> list[tuple[int, str]]:
    return list(zip(explanation.reasons, explanation.reason_texts, strict=True))


def _list(title: str, items: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *(f"{n}. {item}" for n, item in enumerate(items, 1))]


def _bound(threshold: Threshold, words: Mapping[str, str]) -> str:
    word = words["met" if threshold.met else "missed"]
    return f"{threshold.name}: {_shown(threshold.value)} / {threshold.bound}: {word}"


def _feature_table(features: Sequence[FeatureLine], heads: Sequence[str]) -> list[str]:
    rows = [
        (one.name, *map(_shown, (one.value, one.from_value, one.to_value, one.points, one.lost)))
        for one in features
    ]
    return [f"| {' | '.join(row)} |" for row in (heads, ("---",) * len(heads), *rows)]


def _shown(value: int | None) -> str:
    return "–" if value is None else str(value)
