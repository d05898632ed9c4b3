"""What merchant credit is asked and what it answers, as JSON."""

import datetime
from typing import Final, Literal

from system.api.answers import Answer
from system.api.bodies import Body, Int, example

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


class Nothing(Body):
    """A command that needs no more than its path."""


class Enrolled(Answer):
    account: int


class Done(Answer):
    account: int


class FeedTaken(Answer):
    """answers: one word per day sent, in order; ``none`` where it was taken in."""

    taken: int
    answers: list[str]


class ReasonAnswer(Answer):
    code: int
    en: str
    zh: str


class Decision(Answer):
    """approved, or ``refusal`` says what spoke against it and ``reasons`` which data did."""

    account: int
    approved: bool
    refusal: str
    limit_fen: int
    rate_ppm: int
    pd_ppm: int
    score: int
    reasons: list[ReasonAnswer]


class Drawn(Answer):
    account: int
    amount_fen: int


class Repayment(Answer):
    """asked = applied + returned; applied = fee + penalty + interest + principal."""

    account: int
    applied_fen: int
    returned_fen: int
    fee_fen: int
    penalty_fen: int
    interest_fen: int
    principal_fen: int


class Line(Answer):
    """A line as of today. Amounts in fen, rates in ppm a year."""

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
