"""Agents decide from a view alone."""

from hypothesis import given
from hypothesis import strategies as st

from sim.agents.approver import Approver, Entry
from sim.agents.fraudster import FraudView, Scheme, plan
from sim.agents.treasurer import Books, Offer, choose
from sim.streams import Luck

FEN = st.integers(0, 10**9)


def books(short_fen: int, overdraft_limit_fen: int = 0) -> Books:
    return Books(0, 0, short_fen, 0, overdraft_limit_fen, 120_000)


def offer(cash_fen: int, apr_ppm: int = 50_000) -> Offer:
    return Offer(value_fen=cash_fen, cash_fen=cash_fen, days_left=60, apr_ppm=apr_ppm)


def test_a_treasurer_with_enough_cash_sells_nothing() -> None:
    assert choose(books(short_fen=0), [offer(100)]) == []


def test_a_treasurer_takes_the_cheapest_offer_first() -> None:
    assert choose(books(50), [offer(100, 90_000), offer(100, 40_000)]) == [1]


def test_an_offer_dearer_than_the_overdraft_is_for_emergencies() -> None:
    dear = offer(100, 150_000)
    assert choose(books(50, overdraft_limit_fen=80), [dear]) == []
    assert choose(books(90, overdraft_limit_fen=80), [dear]) == [0]


@given(st.integers(1, 10**9), st.lists(st.tuples(st.integers(1, 10**8), st.integers(0, 119_999))))
def test_no_chosen_offer_is_superfluous(short_fen: int, rows: list[tuple[int, int]]) -> None:
    offers = [offer(cash, apr) for cash, apr in rows]
    chosen = choose(books(short_fen), offers)
    assert len(set(chosen)) == len(chosen)
    without_last = sum(offers[position].cash_fen for position in chosen[:-1])
    assert without_last < short_fen or not chosen
    if len(chosen) < len(offers):
        assert sum(offers[position].cash_fen for position in chosen) >= short_fen


def test_an_approver_signs_what_the_books_know_and_refuses_the_rest() -> None:
    honest = Approver(Luck(1, 0), miss_share=0.0, insider_share=0.0)
    assert honest.signs(Entry("a", is_matched=True))
    assert not honest.signs(Entry("b", is_matched=False))


def test_an_insider_signs_what_nobody_delivered() -> None:
    bribed = Approver(Luck(1, 0), miss_share=0.0, insider_share=1.0)
    assert bribed.signs(Entry("b", is_matched=False))


def test_every_scheme_is_tried_when_there_are_claims_to_misuse() -> None:
    chosen = {plan(Luck(1, 0), FraudView("s", day, 3, 3)) for day in range(200)}
    assert {choice[0] for choice in chosen if choice} == set(Scheme)


def test_a_fraudster_without_claims_only_invents() -> None:
    chosen = [plan(Luck(1, 0), FraudView("s", day, 0, 0)) for day in range(200)]
    schemes = {choice[0] for choice in chosen if choice}
    assert schemes == {Scheme.FABRICATED, Scheme.SPLIT, Scheme.CIRCULAR}
