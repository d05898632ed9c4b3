"""Every metric on tickets whose figures are computed by hand."""

import pytest

from sim.metrics.receivables import measure
from sim.receivables.economy import Economy
from sim.receivables.records import Invoice, Ticket
from system.limits import DAY_S
from tests.sim.receivables_worlds import claim, idle, supplier, ticket

HOUR_S = 3600


def funded(
    economy: Economy, key: str, hours: int = 24, fee_fen: int = 0, **changes: object
) -> Ticket:
    """900 yuan for 100 days at a discount of 9 yuan, the money in hand after ``hours``."""
    now_s = economy.engine.now_s
    values = {
        "state": "funded",
        "amount_fen": 100_000,
        "advance_fen": 90_000,
        "discount_fen": 900,
        "holdback_fen": 9_100,
        "fee_fen": fee_fen,
        "days": 100,
        "last_at_s": now_s + hours * HOUR_S,
        "decided_at_s": now_s + hours * HOUR_S // 2,
        "funded_at_s": now_s + hours * HOUR_S,
        "stage_s": {"intake": hours * HOUR_S},
        **changes,
    }
    return ticket(economy, claim(economy, key, face_fen=100_000), **values)


def attempt(economy: Economy, key: str, scheme: str, **changes: object) -> Ticket:
    """A fraudulent application that the banks' clerks have seen and paid."""
    made = funded(economy, key, fraud=scheme, **changes)
    made.claim.invoice.genuine = scheme.startswith("double")
    return made


def values(economy: Economy) -> dict[str, float | int | None]:
    return measure(economy, "paper")


def test_the_yearly_cost_counts_discount_and_fees_over_money_and_days() -> None:
    economy = idle()
    funded(economy, "a", fee_fen=600)
    funded(economy, "b", fee_fen=0, days=50, discount_fen=450)
    # (900 + 600 + 450) fen x 365 / (90,000 fen x 150 days)
    assert values(economy)["financing_cost_apr"] == 1950 * 365 / (90_000 * 150)
    assert values(economy)["financing_cost_apr.1"] == 1950 * 365 / (90_000 * 150)


def test_overdrafts_are_part_of_the_cost_of_working_capital() -> None:
    economy = idle()
    funded(economy, "a", fee_fen=600)
    economy.counts.overdraft_interest_fen = 500
    economy.counts.overdraft_fen_days = 1_000_000
    assert values(economy)["working_capital_cost_apr"] == 2000 * 365 / (9_000_000 + 1_000_000)


def test_time_to_cash_runs_from_application_to_money() -> None:
    economy = idle()
    for key, hours in (("a", 2), ("b", 4), ("c", 12)):
        funded(economy, key, hours)
    found = values(economy)
    assert found["time_to_cash_s_mean"] == 6 * HOUR_S
    assert found["time_to_cash_s_p50"] == 4 * HOUR_S
    assert found["time_to_cash_s_p90"] == found["time_to_cash_s_p99"] == 12 * HOUR_S
    assert found["application_to_decision_s_p50"] == 2 * HOUR_S
    assert found["stage_delay_s_mean.intake"] == 6 * HOUR_S


def test_applications_of_the_warm_up_count_nowhere() -> None:
    economy = idle()
    funded(economy, "early", hours=1, fee_fen=10**6)
    attempt(economy, "early-fraud", "fabricated")
    economy.engine.run(economy.start_s + 10 * DAY_S)
    economy.warm_at_s = economy.engine.now_s
    funded(economy, "late", hours=8)
    found = values(economy)
    assert found["time_to_cash_s_mean"] == 8 * HOUR_S
    assert found["financing_cost_apr"] == 900 * 365 / (90_000 * 100)
    assert found["fraud_loss_rate"] == 0
    assert found["fraud_alert_recall"] is None


def test_fraudulent_applications_do_not_shorten_honest_times_or_costs() -> None:
    economy = idle()
    funded(economy, "honest", hours=10)
    attempt(economy, "bad", "fabricated", hours=1, fee_fen=10**6)
    found = values(economy)
    assert found["time_to_cash_s_mean"] == 10 * HOUR_S
    assert found["financing_cost_apr"] == 900 * 365 / (90_000 * 100)
    assert found["financed_share"] == 1


def test_applications_of_the_other_process_do_not_enter_this_ones_times() -> None:
    economy = idle()
    funded(economy, "own", hours=10)
    funded(economy, "other", hours=2, channel="chain")
    assert values(economy)["time_to_cash_s_mean"] == 10 * HOUR_S
    assert measure(economy, "chain")["time_to_cash_s_mean"] == 2 * HOUR_S


def test_the_financed_share_counts_what_has_ended() -> None:
    economy = idle()
    funded(economy, "yes")
    ticket(economy, claim(economy, "no"), state="declined")
    ticket(economy, claim(economy, "waiting"))
    assert values(economy)["financed_share"] == 0.5


def test_reach_is_financed_over_invoiced_value_of_the_window() -> None:
    economy = idle()
    one = funded(economy, "a", amount_fen=30_000)
    economy.invoices += [one.claim.invoice, claim(economy, "b", face_fen=20_000).invoice]
    assert values(economy)["financed_share_by_tier.1"] == 30_000 / 120_000


def test_recall_counts_the_caught_among_all_that_met_a_check() -> None:
    economy = idle()
    attempt(economy, "through", "fabricated")
    attempt(economy, "stopped", "fabricated", flagged=True)
    alerted = attempt(economy, "alerted", "circular")
    noted = attempt(economy, "noted", "split")
    economy.alerts += [
        ("circular_trade", alerted.claim.invoice.key),
        ("velocity", noted.claim.invoice.key),
    ]
    found = values(economy)
    assert found["fraud_alert_recall"] == 0.5
    assert found["fraud_alert_recall.fabricated"] == 0.5
    assert found["fraud_alert_recall.circular"] == 1
    assert found["fraud_alert_recall.split"] == 0, "a rule that only informs catches nobody"


def test_precision_counts_true_frauds_among_all_suspects() -> None:
    economy = idle()
    attempt(economy, "bad", "fabricated", flagged=True)
    funded(economy, "good", flagged=True)
    funded(economy, "unsuspected")
    assert values(economy)["fraud_alert_precision"] == 0.5


def test_an_invented_invoice_costs_the_bank_its_advance_less_what_came_back() -> None:
    economy = idle()
    funded(economy, "honest")
    attempt(economy, "bad", "fabricated", collected_fen=20_000)
    found = values(economy)
    assert found["fraud_loss_rate"] == 70_000 / 180_000
    assert found["fraud_loss_rate.fabricated"] == 70_000 / 180_000


def test_an_inflated_invoice_costs_what_its_true_face_does_not_cover() -> None:
    economy = idle()
    inflated = attempt(economy, "bad", "altered", advance_fen=180_000)
    inflated.claim.invoice.genuine = True
    assert values(economy)["fraud_loss_rate"] == 80_000 / 180_000


def test_a_claim_pledged_twice_costs_both_advances_less_its_face() -> None:
    economy = idle()
    first = funded(economy, "a")
    second = attempt(economy, "x", "double_other")
    second.claim = first.claim
    found = values(economy)
    assert found["double_finance_count"] == 1
    assert found["fraud_loss_rate"] == 80_000 / 180_000
    assert found["fraud_loss_rate.double_other"] == 80_000 / 180_000


def test_a_claim_pledged_three_times_is_counted_once() -> None:
    economy = idle()
    first = funded(economy, "a")
    for key, scheme in (("x", "double_other"), ("y", "double_same")):
        attempt(economy, key, scheme).claim = first.claim
    found = values(economy)
    assert found["double_finance_count"] == 2
    assert found["fraud_loss_rate"] == pytest.approx(170_000 / 270_000)


def test_a_fraud_that_nobody_paid_costs_nothing() -> None:
    economy = idle()
    funded(economy, "honest")
    attempt(economy, "bad", "fabricated", funded_at_s=None, state="declined")
    assert values(economy)["fraud_loss_rate"] == 0


def test_survival_counts_suppliers_not_cores() -> None:
    economy = idle()
    supplier(economy, tier=2).failed_on_day = 3
    economy.network.cores[0].failed_on_day = 3
    found = values(economy)
    assert found["supplier_survival_rate"] == 21 / 22
    assert found["supplier_survival_rate.2"] == 7 / 8
    assert found["supplier_survival_rate.1"] == 1


def test_fill_is_delivered_over_ordered_value() -> None:
    economy = idle()
    economy.counts.ordered_fen, economy.counts.filled_fen = 400, 300
    assert values(economy)["order_fill_rate"] == 0.75


def test_non_performing_is_what_is_long_overdue_or_owed_by_a_failed_debtor() -> None:
    economy = idle()
    funded(economy, "old")
    economy.engine.run(economy.start_s + 181 * DAY_S)
    funded(economy, "new")
    funded(economy, "repaid", collected_fen=90_900)
    assert values(economy)["npl_ratio"] == 0.5
    economy.network.cores[0].failed_on_day = 100
    assert values(economy)["npl_ratio"] == 1


def test_what_nobody_did_has_no_value() -> None:
    found = values(idle())
    undefined = ("time_to_cash_s_mean", "financing_cost_apr", "fraud_alert_recall", "npl_ratio")
    assert [found[name] for name in undefined] == [None] * len(undefined)


def test_endorsed_invoices_count_for_their_own_tier() -> None:
    economy = idle()
    deep, buyer = supplier(economy, tier=2), supplier(economy)
    made = funded(economy, "lot", amount_fen=40_000, firm=deep.index)
    made.claim.tier = 2
    now_s = economy.engine.now_s
    economy.invoices.append(Invoice("e", "e", deep.index, buyer.index, 80_000, now_s, now_s, 0))
    assert values(economy)["financed_share_by_tier.2"] == 0.5
