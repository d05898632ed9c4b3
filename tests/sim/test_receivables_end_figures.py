"""Which cause moves which figure: review, acceptance, terms, recourse, checks; run end to end."""

import pytest

from sim.metrics.receivables_fraud import met_a_check, net_losses_fen
from sim.receivables.chain_rules import has_usual_term
from sim.receivables.economy import Economy
from sim.receivables.fraud_truth import loss_fen
from sim.receivables.model import run_chain
from sim.receivables.records import Invoice
from sim.world import Outcome, Task
from system.limits import DAY_S
from tests.sim.receivables_builders import events, run, small

FRAUD = (
    "parameters.fraud_supplier_share=0.2",
    "parameters.fraud_interval_days=7",
    "populations.tier1.count=20",
)
SHARP = (
    "parameters.verify_call_share=1",
    "parameters.verify_small_call_share=1",
    "parameters.collusion_share=0",
    "parameters.altered_number_share=0",
    "parameters.registry_search_share=1",
    "parameters.registry_match_share=1",
)
BLIND = ("parameters.verify_call_share=0", "parameters.verify_small_call_share=0")
INSIDERS = ("parameters.key_collusion_share=0.3", "parameters.approver_miss_share=0.1")
NO_FRAUD = "parameters.fraud_supplier_share=0"


def value(outcome: Outcome, name: str) -> float:
    found = outcome.metrics[name]
    assert found is not None, name
    return found


# From the invoice on


@pytest.fixture(scope="module")
def chain() -> Outcome:
    return run("chain")


def test_cash_counts_from_the_application_and_again_from_the_invoice(chain: Outcome) -> None:
    for outcome in (chain, run("paper")):
        from_application_s = value(outcome, "time_to_cash_s_mean")
        assert value(outcome, "invoice_to_cash_s_mean") > from_application_s
        assert value(outcome, "invoice_to_cash_s_p50") > 0


def test_waiting_for_the_debtor_is_outside_the_cycle_and_measured_apart(chain: Outcome) -> None:
    slow = run("chain", "parameters.approval_delay_work_s=57600")
    name = "invoice_to_acceptance_s_mean"
    assert value(slow, name) > value(chain, name) + 8 * 3600
    assert 0 <= value(chain, "accepted_before_request_share") <= 1


def test_nothing_is_accepted_on_paper() -> None:
    paper = run("paper")
    assert paper.metrics["invoice_to_acceptance_s_mean"] is None
    assert paper.metrics["accepted_before_request_share"] is None


# The bank's decision


def test_a_person_at_the_bank_takes_office_time_and_a_rule_takes_none() -> None:
    stage = "stage_delay_s_mean.decision"
    at_once, looked_at = (run("chain", f"parameters.bank_review_share={s}") for s in (0, 1))
    assert value(at_once, stage) == 0
    assert value(looked_at, stage) > 1800
    assert set(looked_at.invariants.values()) == {"held"}


# Longer terms


def test_longer_terms_cost_suppliers_more_of_their_sales_at_the_same_rate() -> None:
    honest = (NO_FRAUD, "parameters.term_days_options=[30,60,90]", "horizon_days=120")
    usual = run("chain", *honest, "parameters.cash_buffer_days_p50=10")
    longer = run(
        "chain",
        *honest,
        "parameters.cash_buffer_days_p50=10",
        "arms.chain.term_extension_days=30",
    )
    share, rate = "financing_cost_share_of_sales", "financing_cost_apr"
    assert value(longer, share) > 1.2 * value(usual, share)
    assert value(longer, rate) == pytest.approx(value(usual, rate), rel=0.1)
    assert not events(longer, "declined"), "no document's term is beyond what banks take"


def test_a_document_with_an_unusual_term_is_never_offered_however_little_is_left() -> None:
    poor = (
        NO_FRAUD,
        "parameters.term_days_options=[180]",
        "parameters.cash_buffer_days_p50=10",
        "parameters.onboarded_deep_share=1",
        "horizon_days=90",
    )
    usual = run("chain", *poor, "arms.chain.term_extension_days=0")
    beyond = run("chain", *poor, "arms.chain.term_extension_days=30")
    assert events(usual, "sought")
    assert events(beyond, "accepted")
    assert not events(beyond, "sought")


def test_a_final_refusal_is_not_asked_for_again() -> None:
    # Fraudsters ask without looking at the term first.
    scenario = small(*FRAUD, *INSIDERS, "parameters.fraud_term_days=200")
    economy = run_chain(Task(scenario, "chain", 0, "columns", "revm", "memory"))[0]
    refused = [t for t in economy.tickets if t.reason == "FINANCING_TERM_UNUSUAL"]
    assert refused
    assert all(ticket.claim.state == "refused" for ticket in refused)


@pytest.mark.parametrize(("days", "usual"), [(184, True), (185, False)])
def test_the_cap_looks_at_issue_and_due_date(days: int, usual: bool) -> None:
    invoice = Invoice("k", "n", 0, 1, 100, 5, 5 + days * DAY_S, 0)
    assert has_usual_term(invoice) is usual


# Fraud


def test_what_no_check_ever_saw_counts_apart_from_recall() -> None:
    sharp = run("paper", *FRAUD, *SHARP)
    assert sharp.metrics["fraud_alert_recall"] == 1
    assert value(sharp, "fraud_attempts_ineligible_count") > 0


def test_recall_falls_when_nobody_calls() -> None:
    assert value(run("paper", *FRAUD, *BLIND), "fraud_alert_recall") < 0.5


def test_agreed_recourse_on_open_frauds_counts_at_the_end_of_the_run() -> None:
    none, full = (run("paper", *FRAUD, *BLIND, f"parameters.recourse_share={s}") for s in (0, 1))
    assert value(none, "fraud_loss_rate") > 0.1
    assert value(full, "fraud_loss_rate") < value(none, "fraud_loss_rate")


@pytest.fixture(scope="module")
def defrauded() -> Economy:
    scenario = small(*FRAUD, *INSIDERS, "parameters.recourse_share=1")
    return run_chain(Task(scenario, "chain", 0, "columns", "revm", "memory"))[0]


def test_recourse_never_brings_in_more_than_the_supplier_could_pay(defrauded: Economy) -> None:
    attempts = [ticket for ticket in defrauded.tickets if ticket.fraud]
    gross_fen = {ticket.key: loss_fen(defrauded, ticket) for ticket in attempts}
    net_fen = net_losses_fen(defrauded, attempts)
    assert sum(gross_fen.values()) > 0
    assert all(0 <= net_fen[key] <= gross_fen[key] for key in gross_fen)
    for firm in defrauded.network.suppliers:
        own = [t.key for t in attempts if t.firm == firm.index]
        paid_fen = sum(gross_fen[key] - net_fen[key] for key in own)
        assert paid_fen <= max(0, defrauded.headroom_fen(firm))


def test_the_rule_for_open_frauds_is_the_same_in_both_arms(defrauded: Economy) -> None:
    attempts = [ticket for ticket in defrauded.tickets if ticket.fraud]
    before_fen = net_losses_fen(defrauded, attempts)
    for ticket in attempts:
        ticket.channel = "paper"
    assert net_losses_fen(defrauded, attempts) == before_fen


def test_an_attempt_under_way_has_met_no_check_yet(defrauded: Economy) -> None:
    assert not any(met_a_check(t) for t in defrauded.tickets if t.fraud and t.state == "open")


def test_the_stages_of_acceptance_sum_to_its_mean() -> None:
    metrics = run("chain").metrics
    stages = [metrics[f"acceptance_delay_s_mean.{s}"] for s in ("erp_batch", "approver", "session")]
    assert all(stage > 0 for stage in stages)
    assert sum(stages) == pytest.approx(metrics["invoice_to_acceptance_s_mean"])
