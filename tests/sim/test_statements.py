"""The monthly statement of a lender's book: balances, bad loans and categories, by vintage."""

import numpy as np
import pytest

from sim.credit.statements import lent_of
from sim.metrics.credit import measure
from sim.receivables.statements import lent_of as advances_of
from sim.statements import BOOK, KIND, Lent, shares_of, stand
from sim.trace import EventLog
from system.limits import DAY_S, PERIOD_DAYS
from tests.sim.credit_runs import finished
from tests.sim.receivables_worlds import claim, idle, ticket


def lent(*rows: tuple[int, bool, int, int]) -> Lent:
    balance_fen, bad, category, quarter = zip(*rows, strict=True)
    columns = (np.array(one, np.int64) for one in (balance_fen, category, quarter))
    balance, categories, quarters = columns
    return Lent(balance, np.array(bad, np.bool_), categories, quarters)


BOOK_OF_FOUR = lent((100, False, 1, 0), (50, False, 2, 0), (30, True, 3, 1), (20, True, 5, 1))


def test_a_statement_tells_of_the_book_and_of_each_vintage() -> None:
    log = EventLog()
    stand(log, 7, BOOK_OF_FOUR)
    told = {event.subject: event.values for event in log.events()}
    assert told == {
        "book": (200, 50, 100, 50, 30, 0, 20),
        "vintage/1": (150, 0, 100, 50, 0, 0, 0),
        "vintage/2": (50, 50, 0, 0, 30, 0, 20),
    }


def test_the_shares_of_the_categories_are_of_the_balance() -> None:
    assert shares_of(BOOK_OF_FOUR) == {
        "normal_asset_share": 0.5,
        "asset_share.special_mention": 0.25,
        "asset_share.substandard": 0.15,
        "asset_share.doubtful": 0.0,
        "asset_share.loss": 0.1,
    }


def test_nothing_lent_has_no_shares() -> None:
    assert set(shares_of(lent((0, False, 0, -1))).values()) == {None}


@pytest.mark.parametrize("arm", ["collateral", "data"])
def test_a_lender_states_its_book_every_period_and_at_the_end_as_it_is_measured(arm: str) -> None:
    stage, run, journal = finished(arm)
    told = [event for event in stage.log.events() if event.kind == KIND and event.subject == BOOK]
    assert len(told) == -(-(stage.end_day - stage.lend_day) // PERIOD_DAYS) + 1
    balance_fen, bad_fen, *by_category_fen = told[-1].values
    assert (
        balance_fen
        == sum(by_category_fen)
        == int(lent_of(stage.bank, stage.lend_day).balance_fen.sum())
        > 0
    )
    measured = measure(run, journal)
    assert measured["npl_ratio"] == bad_fen / balance_fen
    assert measured["normal_asset_share"] == by_category_fen[0] / balance_fen


def test_ten_groups_of_equal_size_say_what_was_predicted_and_what_came() -> None:
    _, run, journal = finished("data")
    measured = measure(run, journal)
    predicted = [measured[f"pd_mean.tenth_{number:02d}"] for number in range(1, 11)]
    assert None not in predicted
    assert predicted == sorted(predicted, key=float)
    assert all(f"default_rate.tenth_{number:02d}" in measured for number in range(1, 11))


def test_an_advance_is_worse_the_longer_it_is_unpaid_and_at_least_bad_once_its_debtor_failed() -> (
    None
):
    economy = idle()
    now_s = economy.engine.now_s
    for key, late_days in (("a", 0), ("b", 30), ("c", 100), ("d", 300), ("e", 400)):
        held = claim(economy, key, face_fen=100_000)
        held.invoice.due_at_s = now_s - late_days * DAY_S
        paid = {"state": "funded", "funded_at_s": now_s, "advance_fen": 90_000}
        ticket(economy, held, **paid)
    assert advances_of(economy).category.tolist() == [1, 2, 3, 4, 5]
    economy.tickets[2].claim.invoice.due_at_s = now_s - 90 * DAY_S
    assert not advances_of(economy).bad[2]
    economy.tickets[2].claim.invoice.due_at_s -= 1
    assert advances_of(economy).bad[2]
    economy.firms[economy.tickets[0].claim.invoice.debtor].failed_on_day = 0
    assert advances_of(economy).category.tolist() == [3, 3, 3, 4, 5]


def test_a_bank_finds_how_far_its_lines_have_moved_from_the_models_training_rows() -> None:
    stage, _, _ = finished("data")
    report = stage.system.credit.drift()
    assert report is not None
    assert [shift.name for shift in report.shifts][-1] == "score"
    assert 0 < report.current_rows <= int((stage.facts.granted_day >= 0).sum())
    collateral, _, _ = finished("collateral")
    assert collateral.system.credit.drift() is None
