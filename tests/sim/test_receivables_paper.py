"""The paper process: where its days come from."""

import pytest

from tests.sim.receivables_builders import events, run


@pytest.fixture(scope="module")
def outcome():  # type: ignore[no-untyped-def]
    return run("paper")


def test_stages_add_up_to_the_time_to_cash(outcome) -> None:  # type: ignore[no-untyped-def]
    stages = {k: v for k, v in outcome.metrics.items() if k.startswith("stage_delay_s_mean.")}
    assert sum(stages.values()) == pytest.approx(outcome.metrics["time_to_cash_s_mean"])


def test_cash_takes_days_because_of_desks_couriers_and_meetings(outcome) -> None:  # type: ignore[no-untyped-def]
    assert outcome.metrics["time_to_cash_s_mean"] > 2 * 86_400
    assert outcome.metrics["stage_delay_s_mean.courier"] >= 86_400


def test_only_the_first_tier_is_financed(outcome) -> None:  # type: ignore[no-untyped-def]
    assert outcome.metrics["financed_share_by_tier.1"] > 0
    assert outcome.metrics["financed_share_by_tier.2"] == 0


def test_money_is_conserved(outcome) -> None:  # type: ignore[no-untyped-def]
    assert outcome.invariants["money_is_conserved"] == "held"


def test_the_same_seed_gives_the_same_digest(outcome) -> None:  # type: ignore[no-untyped-def]
    assert run("paper").log.digest() == outcome.log.digest()
    assert run("paper", replication=1).log.digest() != outcome.log.digest()


def test_slower_couriers_make_cash_slower(outcome) -> None:  # type: ignore[no-untyped-def]
    slow = run("paper", "parameters.courier_s=259200")
    assert slow.metrics["time_to_cash_s_mean"] > outcome.metrics["time_to_cash_s_mean"] + 86_400


def test_without_fraudsters_there_is_no_fraud_loss() -> None:
    honest = run("paper", "parameters.fraud_supplier_share=0")
    assert honest.metrics["fraud_loss_rate"] in (0, None)
    assert honest.metrics["double_finance_count"] == 0


def test_banks_that_check_nothing_finance_the_same_invoice_twice() -> None:
    blind = [
        "parameters.fraud_supplier_share=0.2",
        "parameters.fraud_interval_days=7",
        "parameters.verify_call_share=0",
        "parameters.verify_small_call_share=0",
        "parameters.registry_search_share=0",
        "parameters.altered_number_share=1",
        "parameters.cash_buffer_days_p50=10",
        "populations.tier1.count=30",
    ]
    outcome = run("paper", *blind)
    assert outcome.metrics["double_finance_count"] > 0
    assert outcome.metrics["fraud_loss_rate"] > 0


def test_a_hard_time_for_cash_makes_suppliers_fail() -> None:
    poor = run(
        "paper",
        "parameters.cash_buffer_days_p50=10",
        "parameters.overdraft_limit_days=0",
        "parameters.late_days_mean_days=60",
        "parameters.debtor_late_share=0.7",
        "parameters.insolvency_arrears_days=10",
    )
    assert events(poor, "insolvent")
    assert poor.metrics["supplier_survival_rate"] < 1
    assert poor.metrics["order_fill_rate"] < 1
