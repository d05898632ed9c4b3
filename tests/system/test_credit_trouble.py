"""Lines in trouble: freeze, categories, restructuring, charge-off, recovery, and the portfolio."""

import numpy as np
import pytest

from system.credit.commands import DrawBatch
from system.credit.policy import DEFAULT_POLICY
from system.credit.records import AssetClass, LineState
from system.errors import InputError
from tests.system.credit_world import World, changed, column

POLICY = DEFAULT_POLICY
LIMIT_FEN = 10_000_000


def behind(days: int, draw_fen: int = 6_000_000) -> World:
    """Merchant 0 has drawn and is that many days past due; the others have lines only."""
    world = World.lending(limit_fen=LIMIT_FEN)
    world.draw(0, draw_fen)
    world.to_day_of_period(29)
    world.next_day(days + POLICY.billing.due_days)
    assert world.line(0, "dpd_days") == days
    return world


@pytest.mark.parametrize(
    ("dpd_days", "asset_class"),
    [
        (1, AssetClass.NORMAL),  # as the last close, of dpd 0, left it
        (2, AssetClass.SPECIAL_MENTION),
        (91, AssetClass.SPECIAL_MENTION),
        (92, AssetClass.SUBSTANDARD),
        (271, AssetClass.SUBSTANDARD),
        (272, AssetClass.DOUBTFUL),
        (361, AssetClass.DOUBTFUL),
    ],
)
def test_categories_follow_the_days_past_due(dpd_days: int, asset_class: AssetClass) -> None:
    assert behind(dpd_days).line(0, "asset_class") == asset_class


def test_arrears_freeze_a_line_until_they_are_paid() -> None:
    world = behind(POLICY.freeze_dpd_days)
    assert world.line(0, "state") == LineState.OPEN
    world.next_day()
    assert world.line(0, "state") == LineState.FROZEN
    world.repay(0, world.line(0, "due_fen"))
    world.next_day()
    assert world.line(0, "state") == LineState.OPEN
    assert world.reports[-1].unfrozen == 1


def test_an_officers_freeze_outlives_the_arrears() -> None:
    world = behind(POLICY.freeze_dpd_days + 1)
    world.freeze(0)
    world.repay(0, world.line(0, "due_fen"))
    world.next_day()
    assert world.line(0, "state") == LineState.FROZEN
    world.unfreeze(0)
    assert world.line(0, "state") == LineState.OPEN


def test_a_bad_line_stays_bad_until_it_has_paid_in_time_for_half_a_year() -> None:
    world = behind(100)
    for _ in range(POLICY.classes.cure_days - 1):
        world.repay(0, max(1, world.line(0, "due_fen")))
        world.next_day()
    assert world.line(0, "dpd_days", "asset_class") == [0, AssetClass.SUBSTANDARD]
    world.repay(0, max(1, world.line(0, "due_fen")))
    world.next_day(2)
    assert world.line(0, "asset_class") == AssetClass.NORMAL


def test_restructuring_makes_all_that_is_due_principal_at_a_lower_rate() -> None:
    world = behind(50)
    debt_fen, cash_fen = world.line(0, "outstanding_fen"), world.balances_fen()["credit/cash"]
    assert not world.restructure(0, rate_ppm=60_000).code[0]
    assert world.line(0, "principal_fen", "due_fen", "dpd_days") == [debt_fen, 0, 0]
    assert world.line(0, "state", "rate_ppm", "available_fen") == [3, 60_000, 0]
    assert world.balances_fen()["credit/cash"] == cash_fen
    assert world.service.differences() == {}


def test_a_restructured_line_is_billed_at_the_slower_pace() -> None:
    world = behind(50)
    world.restructure(0)
    principal_fen = world.line(0, "principal_fen")
    world.to_day_of_period(29)
    world.next_day()
    share = POLICY.billing.restructured_share_ppm
    assert world.line(0, "principal_due_fen") == -(-principal_fen * share // 10**6)


def test_a_restructured_line_opens_again_after_a_year_of_payment_in_time() -> None:
    world = behind(50)
    world.restructure(0)
    for _ in range(POLICY.classes.observation_days):
        world.repay(0, max(1, world.line(0, "due_fen")))
        world.next_day()
        assert world.line(0, "asset_class") == AssetClass.SPECIAL_MENTION
    world.next_day()
    assert world.line(0, "state", "asset_class") == [LineState.OPEN, AssetClass.NORMAL]


def test_arrears_make_the_observation_start_again() -> None:
    world = behind(50)
    world.restructure(0)
    world.next_day(60)
    assert world.line(0, "dpd_days") > 0
    for _ in range(330):
        world.repay(0, max(1, world.line(0, "due_fen")))
        world.next_day()
    assert world.line(0, "state") == LineState.RESTRUCTURED


def test_a_bad_line_is_still_bad_after_restructuring() -> None:
    world = behind(120)
    world.restructure(0)
    world.next_day()
    assert world.line(0, "asset_class") == AssetClass.SUBSTANDARD


def test_a_claim_is_given_up_by_age_and_comes_back_by_recovery() -> None:
    world = behind(POLICY.charge_off_dpd_days)
    debt_fen = world.line(0, "outstanding_fen")
    world.next_day(2)
    assert world.reports[-1].charged_off == 1
    assert world.line(0, "state", "principal_fen", "outstanding_fen") == [4, 0, 0]
    claim_fen = world.line(0, "written_off_fen")
    assert claim_fen > debt_fen
    assert world.balances_fen()["credit/loss"] == claim_fen
    recovered = world.recover(0, claim_fen + 5)
    assert (recovered.applied_fen[0], recovered.returned_fen[0]) == (claim_fen, 5)
    assert world.recover(0, 100).returned_fen[0] == 100
    assert world.balances_fen()["credit/recoveries"] == claim_fen
    assert world.service.differences() == {}


def test_two_people_may_give_a_claim_up_earlier() -> None:
    world = behind(POLICY.charge_off_by_hand_dpd_days + 1)
    assert not world.charge_off(0).code[0]
    assert world.line(0, "state", "limit_fen", "asset_class") == [4, 0, 0]


def test_a_closed_line_can_be_granted_again() -> None:
    world = World.lending()
    world.close(0)
    assert world.line(0, "state", "limit_fen") == [LineState.CLOSED, 0]
    world.grant(0)
    assert world.line(0, "state", "limit_fen") == [LineState.OPEN, LIMIT_FEN]


def test_a_renewed_line_keeps_its_debt_and_its_category() -> None:
    world = behind(100)
    debt_fen = world.line(0, "outstanding_fen")
    world.grant(0, limit_fen=20_000_000)
    assert world.line(0, "outstanding_fen") == debt_fen
    assert world.line(0, "limit_fen", "asset_class") == [20_000_000, AssetClass.SUBSTANDARD]


def test_the_portfolio_counts_principal_by_category_and_stage() -> None:
    world = behind(100)
    world.draw(1, 1_000_000)
    world.next_day()
    seen = world.service.portfolio(world.today - 1)
    assert seen.balance_fen == 7_000_000
    assert seen.npl_fen == seen.overdue_90_fen == 6_000_000
    assert seen.by_class_fen == (1_000_000, 0, 6_000_000, 0, 0)
    assert seen.by_stage_fen == (1_000_000, 0, 6_000_000)
    assert (seen.lines, seen.drawn_lines, seen.limit_fen) == (4, 2, 4 * LIMIT_FEN)
    # All of what the bad line owes is expected to be lost but for what the LGD leaves.
    lgd = POLICY.loss.lgd_ppm
    assert seen.ecl_fen > world.line(0, "outstanding_fen") * lgd // 10**6
    with pytest.raises(InputError):
        world.service.portfolio(world.today - 2)


def test_more_than_a_tenth_bad_makes_all_lines_of_one_owner_bad() -> None:
    """Shops 0 and 1 belong to one owner; 1 pays, 0 does not."""
    for bad_fen, other_fen, spreads in ((2_000_000, 8_000_000, True), (200_000, 9_000_000, False)):
        world = World.open(0)
        world.enrol(3, borrower=column(-1, 0, -1))
        world.grant(0, 1, 2, limit_fen=LIMIT_FEN)
        world.draw(0, bad_fen)
        world.to_day_of_period(29)
        world.next_day(110)
        world.draw(1, other_fen)
        world.draw(2, 1_000_000)
        world.next_day()
        seen = world.service.portfolio(world.today - 1)
        assert world.line(1, "asset_class") == AssetClass.NORMAL
        assert seen.npl_fen == bad_fen + (other_fen if spreads else 0)
        assert seen.overdue_90_fen == bad_fen


def test_the_journal_and_the_audit_log_name_the_officers_decision() -> None:
    world = World.lending()
    world.freeze(2)
    [row] = [row for row in world.journal() if row.cause == f"command-{world.commands}"]
    assert (row.kind, row.accounts.tolist(), row.amounts.tolist()) == ("freeze_set", [2], [4])


def test_totals_above_the_largest_transfer_are_posted_in_parts() -> None:
    policy = changed(limit={"fen_max": 2 * 10**9, "sandbox_fen_max": 2 * 10**9})
    n = 1_200
    world = World.lending(n, limit_fen=2 * 10**9, policy=policy)
    world.service.draw(DrawBatch("big", np.arange(n), np.full(n, 10**9)))
    assert world.balances_fen()["credit/loans"] == n * 10**9 > 10**12
    assert world.service.differences() == {}
