"""What customers say: how likely they are to recommend a product, 0 to 10, with their consent.

The net promoter score is the share of 9s and 10s less the share of 0s to 6s, in points of 100
(Reichheld, Harvard Business Review, December 2003).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from system.errors import InputError
from system.kernels.business_day import business_day
from system.limits import PERIOD_DAYS, TEXT_CHARS_MAX
from system.ports.store import AtLeast, Table, Unit

Product = Literal["receivables", "credit", "leasing"]
SCORE_MAX: Final = 10
_PROMOTER_MIN, _DETRACTOR_MAX = 9, 6


@dataclass(frozen=True, slots=True)
class Feedback:
    """feedback_id: of the request.  consented: the customer agreed that the words are kept."""

    feedback_id: str
    product: str
    client_id: str
    at_s: int
    score: int
    words: str
    consented: bool


FEEDBACK: Final = Table(
    "feedback",
    Feedback,
    key=("feedback_id",),
    index=(("product",),),
    checks=(AtLeast("score", 0),),
    append_only=True,
    sealed=("words",),
)


@dataclass(frozen=True, slots=True)
class Score:
    """Of one product in one 30-day period. nps: -100 to 100, in whole points, half to even."""

    product: str
    period: int
    answers: int
    nps: int


def give(unit: Unit, feedback: Feedback) -> None:
    """Keep an answer; words only with consent. The same again: nothing.

    Raises InputError for a score that the question does not have, and for too long a text.
    """
    if not 0 <= feedback.score <= SCORE_MAX:
        raise InputError("score", feedback.score, f"give 0 to {SCORE_MAX}")
    if len(feedback.words) > TEXT_CHARS_MAX:
        raise InputError("words", "…", f"give at most {TEXT_CHARS_MAX} characters")
    if feedback.words and not feedback.consented:
        raise InputError("consented", False, "leave the words out, or keep them with consent")
    [known] = unit.get(FEEDBACK, [(feedback.feedback_id,)])
    if known is None:
        unit.insert(FEEDBACK, [feedback])


def scores(rows: Iterable[Feedback]) -> list[Score]:
    """The score of every product and period, in order."""
    groups: dict[tuple[str, int], list[int]] = {}
    for row in rows:
        key = (row.product, business_day(row.at_s) // PERIOD_DAYS)
        groups.setdefault(key, []).append(row.score)
    return [
        Score(product, period, len(given), net_promoter_score(given))
        for (product, period), given in sorted(groups.items())
    ]


def net_promoter_score(given: Sequence[int]) -> int:
    """Promoters less detractors per hundred answers, half to even. given: 0..10, one or more."""
    promoters = sum(score >= _PROMOTER_MIN for score in given)
    detractors = sum(score <= _DETRACTOR_MAX for score in given)
    return round(100 * (promoters - detractors) / len(given))
