"""The collateral lender, the reference run, and what arms of one replication share."""

import numpy as np
import pytest

from sim.credit.appraisal import Desk, DeskReason
from sim.credit.facts import NEVER
from sim.credit.model import setting_of, simulate_credit
from sim.credit.reference import reference_of
from sim.metrics import catalog
from sim.metrics.credit import applicants, measure
from sim.streams import Luck
from sim.trace import first_difference
from sim.world import Task
from tests.sim.credit_runs import finished, small


def task(arm: str = "collateral", wiring: str = "columns", store: str = "memory") -> Task:
    return Task(small(), arm, 0, wiring, "embedded", store)


def test_every_reason_of_the_desk_is_given_to_somebody() -> None:
    stage, run, _ = finished("collateral")
    said = set(stage.facts.applications.reason[stage.facts.applications.asked_day != NEVER])
    assert said >= {
        DeskReason.NONE,
        DeskReason.TOO_YOUNG,
        DeskReason.NO_COLLATERAL,
        DeskReason.SALES_TOO_SMALL,
        DeskReason.PROFIT_TOO_SMALL,
    }
    assert run.setting.process == "collateral"


def test_an_answer_takes_weeks_and_a_refusal_at_the_counter_none() -> None:
    stage, _, _ = finished("collateral")
    made = stage.facts.applications
    waits_s = made.decided_at_s - made.asked_at_s
    assert (waits_s[made.approved] >= 5 * 86_400).all()
    counter = (made.reason == DeskReason.TOO_YOUNG) | (made.reason == DeskReason.NO_COLLATERAL)
    assert (waits_s[counter & (made.decided_at_s != NEVER)] == 0).sum() > 0


def test_a_line_is_opened_after_the_pledge_is_registered() -> None:
    stage, _, _ = finished("collateral")
    granted_day = stage.facts.granted_day
    rows = granted_day != NEVER
    assert rows.any()
    assert (granted_day[rows] - stage.facts.applications.asked_day[rows] >= 15).all()


def test_the_desk_lends_within_its_own_rules() -> None:
    stage, run, _ = finished("collateral")
    p, made = run.setting.parameters, stage.facts.applications
    rows = made.approved
    assert (made.limit_fen[rows] >= p.desk_ticket_fen_min).all()
    assert (made.limit_fen[rows] <= stage.facts.secured_fen[rows]).all()
    since_day = stage.economy.roster().since_day[rows]
    assert (made.asked_day[rows] - since_day >= p.desk_tenure_days_min - 60).all()


def test_a_desk_says_the_same_of_the_same_merchant_within_a_year() -> None:
    stage, run, _ = finished("collateral")
    rows = np.arange(50)
    desks = [
        Desk(stage.economy, Luck(5, 0), run.setting.parameters, stage.economy.roster().since_day)
        for _ in range(2)
    ]
    first, again = (desk.appraise(stage.end_day, rows, np.full(50, 5_000_000)) for desk in desks)
    assert (first.reason == again.reason).all()
    assert (first.limit_fen == again.limit_fen).all()


def test_in_the_reference_run_everybody_who_asks_early_has_an_outcome() -> None:
    setting = setting_of(small(), "collateral", 0)
    reference = setting.reference()
    assert reference.known.sum() > 20
    assert not (reference.bad & ~reference.known).any()
    assert setting_of(small(), "data", 0).reference() is reference


def test_the_reference_run_asks_nobody_else_than_the_arms_do_at_first() -> None:
    stage, run, _ = finished("collateral")
    asked_day = stage.facts.applications.asked_day
    first_day = asked_day == stage.lend_day
    assert first_day.any()
    assert run.reference.known[first_day].all()


def test_other_luck_is_another_reference() -> None:
    one = setting_of(small(), "collateral", 1)
    bad = reference_of(one.seed, 1, one.parameters, one.world, one.merchants, one.span).known
    assert (bad != setting_of(small(), "collateral", 0).reference().known).any()


def test_the_bankable_are_those_whom_the_desk_does_not_turn_away_at_its_counter() -> None:
    stage, run, journal = finished("collateral")
    asked = applicants(run)
    turned_away = [DeskReason.TOO_YOUNG, DeskReason.NO_COLLATERAL]
    beyond = asked & ~np.isin(stage.facts.applications.reason, turned_away)
    values, approved = measure(run, journal), stage.facts.applications.approved
    assert values["approval_rate.bankable"] == (approved & beyond).sum() / beyond.sum()
    assert values["approval_rate.bankable"] > values["approval_rate"]
    assert values["first_time_share"] == 0, "a desk declines nobody whom it approves"


@pytest.mark.slow
def test_the_desk_behind_the_data_arm_would_have_declined_some_of_its_merchants() -> None:
    stage, run, journal = finished("data")
    approved = applicants(run) & stage.facts.applications.approved
    declined = approved & (run.desk_reason != DeskReason.NONE)
    assert (run.desk_reason[approved] != NEVER).all()
    assert measure(run, journal)["first_time_share"] == declined.sum() / approved.sum() > 0


@pytest.mark.slow
def test_both_wirings_agree_to_the_fen_and_every_invariant_holds() -> None:
    columns = simulate_credit(task())
    full = simulate_credit(task(wiring="full", store="sqlite"))
    assert first_difference(columns.log, full.log) is None
    assert columns.metrics == full.metrics
    assert set(columns.invariants.values()) == {"held"}
    assert columns.invariants.keys() >= set(small().expect) - {"wirings_agree"}


def test_every_metric_of_the_arm_is_in_the_catalogue() -> None:
    _, run, journal = finished("collateral")
    values = measure(run, journal)
    assert [name for name in values if catalog.find(name) is None] == []
    assert values["applicant_count"] > 20
