"""The chain process: the production service under the simulated economy."""

import pytest

from sim.world import Outcome
from tests.sim.receivables_builders import events, run


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return run("chain")


def test_every_invariant_holds(outcome: Outcome) -> None:
    assert len(outcome.invariants) >= 8
    assert set(outcome.invariants.values()) == {"held"}


def test_stages_add_up_to_the_time_to_cash(outcome: Outcome) -> None:
    stages = [v for k, v in outcome.metrics.items() if k.startswith("stage_delay_s_mean.")]
    assert sum(v for v in stages if v) == pytest.approx(outcome.metrics["time_to_cash_s_mean"])


def test_the_chain_itself_takes_seconds_and_people_take_the_rest(outcome: Outcome) -> None:
    relay_and_block_s = outcome.metrics["stage_delay_s_mean.relay_block"] or 0
    assert 0 < relay_and_block_s < 120
    assert (outcome.metrics["stage_delay_s_mean.take_quote"] or 0) > relay_and_block_s


def test_deeper_tiers_are_paid_in_claims_and_financed(outcome: Outcome) -> None:
    assert events(outcome, "endorsed")
    assert (outcome.metrics["financed_share_by_tier.2"] or 0) > 0


def test_both_arms_meet_the_same_luck(outcome: Outcome) -> None:
    def first_orders(one: Outcome) -> list[tuple[int, str, tuple[int, ...]]]:
        rows = [(e.at_s, e.subject, e.values) for e in one.log.events() if e.kind == "ordered"]
        return rows[:20]

    assert first_orders(outcome) == first_orders(run("paper"))


def test_the_same_seed_gives_the_same_digest(outcome: Outcome) -> None:
    assert run("chain").log.digest() == outcome.log.digest()


def test_whoever_is_not_on_the_platform_stays_with_paper() -> None:
    nobody = ["parameters.onboarded_tier1_share=0.3", "parameters.onboarded_deep_share=0"]
    outcome = run("chain", *nobody)
    assert not events(outcome, "endorsed")
    assert events(outcome, "approved"), "some tickets go through the committee"


def test_a_slow_cash_window_alone_breaks_two_hours(outcome: Outcome) -> None:
    slow = run("chain", "parameters.cash_out_window_s=86400")
    added_s = (slow.metrics["stage_delay_s_mean.cash_window"] or 0) - 86_400
    assert added_s == 0
    assert (slow.metrics["time_to_cash_s_mean"] or 0) > 7_200


def test_mobile_approval_does_not_wait_for_the_office() -> None:
    slow_click = "parameters.quote_click_delay_s=14400"
    office = run("chain", slow_click)
    mobile = run("chain", slow_click, "parameters.mobile_approval=true")
    stage = "stage_delay_s_mean.take_quote"
    assert (mobile.metrics[stage] or 0) < (office.metrics[stage] or 0)


def test_invented_invoices_fail_at_the_debtors_approver() -> None:
    outcome = run(
        "chain",
        "parameters.fraud_supplier_share=0.2",
        "parameters.fraud_interval_days=7",
        "parameters.approver_miss_share=0",
        "parameters.key_collusion_share=0",
        "parameters.off_platform_bank_share=0",
        "populations.tier1.count=20",
    )
    assert events(outcome, "rejected")
    assert outcome.metrics["fraud_loss_rate.fabricated"] == 0
    assert outcome.metrics["fraud_loss_rate.split"] == 0


def test_an_insider_with_the_debtors_key_gets_through() -> None:
    outcome = run(
        "chain",
        "parameters.fraud_supplier_share=0.2",
        "parameters.fraud_interval_days=7",
        "parameters.key_collusion_share=0.3",
        "parameters.approver_miss_share=0.1",
        "populations.tier1.count=20",
    )
    assert (outcome.metrics["fraud_loss_rate"] or 0) > 0
    assert set(outcome.invariants.values()) == {"held"}


def test_a_failed_core_enterprise_leaves_losses_but_books_that_agree() -> None:
    outcome = run(
        "chain",
        "parameters.core_distress_per_year=0.2",
        "parameters.default_after_days=30",
        "horizon_days=150",
        "populations.core.count=8",
        "populations.tier1.count=16",
        "seed=5",
    )
    assert events(outcome, "core_failed")
    assert events(outcome, "defaulted")
    assert (outcome.metrics["npl_ratio"] or 0) > 0
    assert set(outcome.invariants.values()) == {"held"}


def test_much_longer_terms_eat_what_cheaper_cash_gives() -> None:
    longer = run("chain", "arms.chain.term_extension_days=90", "horizon_days=120")
    usual = run("chain", "horizon_days=120")
    fill = "order_fill_rate"
    assert (longer.metrics[fill] or 0) < (usual.metrics[fill] or 0)
