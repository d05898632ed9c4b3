"""A model card as a page that people read, in English or Chinese. Missing facts are shown."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from system.credit.cards import CalibrationBand, FairnessFact, ModelCard
from system.credit.reasons import Language
from system.limits import DAY_S, PPM

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "card": ("Model card", "模型卡"),
    "product": ("Product", "产品"),
    "target": ("Target", "预测目标"),
    "data": ("Training data", "训练数据"),
    "days": ("Observation days", "观察日"),
    "rows": ("Rows", "样本数"),
    "merchants": ("Merchants", "商户数"),
    "bads": ("Defaults", "违约数"),
    "source": ("Source", "来源"),
    "features": ("Features", "特征"),
    "name": ("Name", "名称"),
    "direction": ("Direction", "方向"),
    "bins": ("Bins", "分箱数"),
    "points_span": ("Points span", "分值跨度"),
    "metrics": ("Metrics on unseen rows", "样本外指标"),
    "split": ("Split", "划分方式"),
    "value": ("Value", "数值"),
    "interval": ("95 % interval", "95 % 置信区间"),
    "calibration": ("Calibration", "校准"),
    "pd_band": ("PD band", "违约概率区间"),
    "expected": ("Expected", "预期"),
    "observed": ("Observed", "实际"),
    "fairness": ("Fairness", "公平性"),
    "group": ("Group", "组别"),
    "selection": ("Approved", "通过率"),
    "tpr": ("Good approved", "好客户通过率"),
    "fpr": ("Bad approved", "坏客户通过率"),
    "cut_off": ("Cut-off PD", "违约概率门槛"),
    "parity": ("Demographic parity difference", "人口统计平等差"),
    "tpr_gap": ("Gap of good approved", "好客户通过率差"),
    "fpr_gap": ("Gap of bad approved", "坏客户通过率差"),
    "odds": ("Equalised odds difference", "均等几率差"),
    "reject_bias": ("Reject bias", "拒绝偏差"),
    "accepted": ("Accepted rows alone", "仅通过样本"),
    "all": ("With explored rejects", "含探索放行样本"),
    "explored": ("Explored rejects", "探索放行数"),
    "limits": ("Limits of use", "使用限制"),
    "missing": ("missing", "缺失"),
    "more_is_better": ("more is better", "越大越好"),
    "less_is_better": ("less is better", "越小越好"),
    "mixed": ("mixed", "非单调"),
    "constant": ("constant", "不变"),
    "unknown": ("unknown", "未知"),
}
Row = Sequence[str]


def card_page(card: ModelCard, language: Language) -> str:
    """The card in Markdown."""
    page = _Page(language)
    page.title(card)
    page.data(card)
    page.features(card)
    page.metrics(card)
    page.calibration(card.calibration)
    page.fairness(card.fairness)
    page.reject_bias(card)
    page.limits(card)
    return "\n".join(page.lines) + "\n"


class _Page:
    """Lines of one page."""

    def __init__(self, language: Language) -> None:
        self._column = ("en", "zh").index(language)
        self.lines: list[str] = []

    def word(self, key: str) -> str:
        return _WORDS[key][self._column]

    def head(self, key: str, held: object) -> bool:
        """A heading; where there is nothing to show, a line that says so. True to go on."""
        self.lines += ["", f"## {self.word(key)}", ""]
        if not held:
            self.lines.append(f"**{self.word('missing')}**")
        return bool(held)

    def table(self, heads: Sequence[str], rows: Iterable[Row]) -> None:
        lines = [[self.word(key) if key in _WORDS else key for key in heads], ["---"] * len(heads)]
        self.lines += [f"| {' | '.join(map(_cell, row))} |" for row in (*lines, *rows)]

    def title(self, card: ModelCard) -> None:
        self.lines += [f"# {self.word('card')}: {card.model_id}", ""]
        self.lines.append(f"- {self.word('product')}: {card.product}")
        self.lines.append(f"- {self.word('target')}: {_cell(card.target_text)}")
        lacking = ", ".join(card.missing())
        if lacking:
            self.lines.append(f"- **{self.word('missing')}: {lacking}**")

    def data(self, card: ModelCard) -> None:
        if self.head("data", card.data) and card.data is not None:
            data = card.data
            days = f"{day_text(data.first_day)} … {day_text(data.last_day)}"
            counts = (f"{count:,}" for count in (data.rows, data.merchants, data.bads))
            heads = ("days", "rows", "merchants", "bads", "source")
            self.table(heads, [(days, *counts, data.source)])

    def features(self, card: ModelCard) -> None:
        if self.head("features", card.features):
            heads = ("name", "direction", "bins", "points_span")
            self.table(
                heads,
                [
                    (fact.name, self.word(fact.direction), str(fact.bins), str(fact.points_span))
                    for fact in card.features
                ],
            )

    def metrics(self, card: ModelCard) -> None:
        if self.head("metrics", card.metrics):
            heads = ("name", "split", "value", "interval", "n")
            self.table(
                heads,
                [
                    (
                        fact.name,
                        fact.split,
                        _number(fact.value_ppm),
                        f"{_number(fact.low_ppm)} … {_number(fact.high_ppm)}",
                        f"{fact.n:,}",
                    )
                    for fact in card.metrics
                ],
            )

    def calibration(self, bands: Sequence[CalibrationBand]) -> None:
        if self.head("calibration", bands):
            heads = ("pd_band", "n", "bads", "expected", "observed", "interval")
            self.table(
                heads,
                [
                    (
                        f"{_percent(band.from_ppm)} … {_percent(min(band.to_ppm, PPM))}",
                        f"{band.n:,}",
                        f"{band.bads:,}",
                        _percent(band.expected_ppm),
                        _percent(band.observed_ppm),
                        f"{_percent(band.low_ppm)} … {_percent(band.high_ppm)}",
                    )
                    for band in bands
                ],
            )

    def fairness(self, facts: Sequence[FairnessFact]) -> None:
        self.head("fairness", facts)
        for fact in facts:
            self.lines += ["", f"### {_cell(fact.attribute)}", ""]
            self.table(
                ("group", "n", "selection", "tpr", "fpr"),
                [
                    (
                        str(one.group),
                        f"{one.n:,}",
                        _percent(one.selection_ppm),
                        self.rate(one.tpr_ppm),
                        self.rate(one.fpr_ppm),
                    )
                    for one in fact.groups
                ],
            )
            self.lines += ["", *self.gaps(fact)]

    def gaps(self, fact: FairnessFact) -> list[str]:
        named = (
            ("cut_off", fact.cut_off_ppm),
            ("parity", fact.demographic_parity_ppm),
            ("tpr_gap", fact.tpr_gap_ppm),
            ("fpr_gap", fact.fpr_gap_ppm),
            ("odds", fact.equalized_odds_ppm),
        )
        return [f"- {self.word(key)}: {self.rate(value)}" for key, value in named]

    def rate(self, value_ppm: int | None) -> str:
        return self.word("missing") if value_ppm is None else _percent(value_ppm)

    def reject_bias(self, card: ModelCard) -> None:
        if self.head("reject_bias", card.reject_bias) and card.reject_bias is not None:
            bias = card.reject_bias
            values = (_number(bias.accepted_ppm), _number(bias.all_ppm), f"{bias.explored_n:,}")
            self.table(("name", "accepted", "all", "explored"), [(bias.metric, *values)])

    def limits(self, card: ModelCard) -> None:
        self.head("limits", card.limits)
        self.lines += [f"- {(limit.en, limit.zh)[self._column]}" for limit in card.limits]


def day_text(day: int) -> str:
    """A local business day as YYYY-MM-DD."""
    return datetime.fromtimestamp(day * DAY_S, UTC).date().isoformat()


def _cell(text: str) -> str:
    """Text that cannot break a Markdown table."""
    return " ".join(text.replace("|", "\\|").split())


def _number(value_ppm: int) -> str:
    return f"{value_ppm / PPM:.4f}"


def _percent(value_ppm: int) -> str:
    return f"{value_ppm / (PPM // 100):.2f} %"
