"""What merchant credit is asked and what it answers, as JSON."""

import datetime
from typing import Final, Literal

from system.api.answers import Answer, answered
from system.api.bodies import Body, Int, example
from system.credit.reasons import Reason, reason_text

PurposeName = Literal["scoring", "monitoring", "training"]


class Enrol(Body):
    """region: the bank's number of it.  since: the shop's first day on the platform."""

    model_config = example(region=3, since="2026-01-15")
    region: Int
    since: datetime.date


class Consent(Body):
    """Consent to one purpose is none to another.  until_s: UTC seconds, exclusive."""

    model_config = example(purpose="scoring", classes=["orders"], until_s=1_900_000_000)
    purpose: PurposeName
    classes: list[Literal["orders", "refunds", "ratings", "inventory"]]
    until_s: Int


class Withdrawal(Body):
    """Which use of the data ends."""

    model_config = example(purpose="training")
    purpose: PurposeName


_DAY_EXAMPLE: Final = {
    "day": "2026-02-03",
    "revision": 0,
    "gross_fen": 61_000,
    "orders": 7,
    "buyers": 6,
    "refund_fen": 0,
    "rating_sum_milli": 9_000,
    "rating_count": 2,
    "stock_fen": 2_000_000,
}


class FeedDay(Body):
    """One day of one shop. Money in fen, ratings in thousandths of a star."""

    model_config = example(**_DAY_EXAMPLE)
    day: datetime.date
    revision: Int = 0
    gross_fen: Int
    orders: Int
    buyers: Int
    refund_fen: Int
    rating_sum_milli: Int
    rating_count: Int
    stock_fen: Int


class Feed(Body):
    """Days in the order in which the platform sends them."""

    model_config = example(days=[_DAY_EXAMPLE])
    days: list[FeedDay]


class Apply(Body):
    """requested_fen: at most this much."""

    model_config = example(requested_fen=3_000_000)
    requested_fen: Int


class Amount(Body):
    """Money in fen."""

    model_config = example(amount_fen=500_000)
    amount_fen: Int


class Enrolled(Answer):
    model_config = answered(account=0)
    account: int


class Done(Answer):
    model_config = answered(account=0)
    account: int


class FeedTaken(Answer):
    """answers: one word per day sent, in order; ``none`` where it was taken in."""

    model_config = answered(taken=1, answers=["none"])
    taken: int
    answers: list[str]


class ReasonAnswer(Answer):
    model_config = answered(
        code=int(Reason.STOCK_COVER_DAYS),
        en=reason_text(Reason.STOCK_COVER_DAYS, "en"),
        zh=reason_text(Reason.STOCK_COVER_DAYS, "zh"),
    )
    code: int
    en: str
    zh: str


class Decision(Answer):
    """approved, or ``refusal`` says what spoke against it and ``reasons`` which data did."""

    model_config = answered(
        account=0,
        approved=False,
        refusal="declined_pd_too_high",
        limit_fen=0,
        rate_ppm=0,
        pd_ppm=71_000,
        score=512,
    )
    account: int
    approved: bool
    refusal: str
    limit_fen: int
    rate_ppm: int
    pd_ppm: int
    score: int
    reasons: list[ReasonAnswer]


class Drawn(Answer):
    model_config = answered(account=0, amount_fen=500_000)
    account: int
    amount_fen: int


class Repayment(Answer):
    """asked = applied + returned; applied = fee + penalty + interest + principal."""

    model_config = answered(
        account=0,
        applied_fen=500_865,
        returned_fen=99_135,
        fee_fen=0,
        penalty_fen=0,
        interest_fen=865,
        principal_fen=500_000,
    )
    account: int
    applied_fen: int
    returned_fen: int
    fee_fen: int
    penalty_fen: int
    interest_fen: int
    principal_fen: int


class Line(Answer):
    """A line as of today. Amounts in fen, rates in ppm a year."""

    model_config = answered(
        account=0,
        state="open",
        limit_fen=3_000_000,
        available_fen=2_500_000,
        principal_fen=500_000,
        due_fen=0,
        outstanding_fen=500_865,
        rate_ppm=63_153,
        dpd_days=0,
        score=600,
        pd_ppm=10_000,
    )
    account: int
    state: str
    limit_fen: int
    available_fen: int
    principal_fen: int
    due_fen: int
    outstanding_fen: int
    rate_ppm: int
    dpd_days: int
    score: int
    pd_ppm: int


class PortfolioAnswer(Answer):
    """The book as the last close left it. Amounts in fen; classes and stages from the best on."""

    model_config = answered(
        day=20_592,
        lines=1,
        drawn_lines=0,
        limit_fen=3_000_000,
        balance_fen=0,
        npl_fen=0,
        overdue_90_fen=0,
        due_fen=0,
        by_class_fen=[0, 0, 0, 0, 0],
        by_stage_fen=[0, 0, 0],
        ecl_fen=3_284,
        written_off_fen=0,
    )
    day: int
    lines: int
    drawn_lines: int
    limit_fen: int
    balance_fen: int
    npl_fen: int
    overdue_90_fen: int
    due_fen: int
    by_class_fen: tuple[int, ...]
    by_stage_fen: tuple[int, ...]
    ecl_fen: int
    written_off_fen: int
