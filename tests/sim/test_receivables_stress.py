"""The life of a claim when much goes wrong: each turn is taken once, and the books agree."""

import pytest

from sim.receivables.economy import Economy
from sim.receivables.model import run_chain
from sim.world import WIRINGS, Outcome, Task
from tests.sim.receivables_builders import events, run, small

STRESS = (
    "seed=7",
    "horizon_days=90",
    "warmup_days=0",
    "populations.core.count=3",
    "populations.tier1.count=12",
    "populations.tier2.count=6",
    "populations.tier3.count=3",
    "parameters.core_distress_per_year=0.2",
    "parameters.default_after_days=30",
    "parameters.dispute_share=0.4",
    "parameters.credit_note_share=0.8",
    "parameters.recourse_share=0.5",
    "parameters.fraud_supplier_share=0.2",
    "parameters.fraud_interval_days=7",
    "parameters.fraud_term_days=30",
    "parameters.key_collusion_share=0.3",
    "parameters.approver_miss_share=0.1",
)
FRAUD = (
    "horizon_days=120",
    "populations.tier1.count=20",
    "parameters.fraud_supplier_share=0.2",
    "parameters.fraud_interval_days=7",
)
TURNS = (
    "overdue", "defaulted", "recoursed", "written_off", "disputed", "credited", "refunded",
    "endorsed", "financed_in_part",
)  # fmt: skip


def chain(*overrides: str) -> Economy:
    return run_chain(Task(small(*overrides), "chain", 0, "columns", *WIRINGS["columns"]))[0]


@pytest.fixture(scope="module")
def stressed() -> Outcome:
    return run("chain", *STRESS)


@pytest.fixture(scope="module")
def fraud() -> Economy:
    return chain(*FRAUD)


@pytest.mark.parametrize("turn", TURNS)
def test_every_turn_is_taken(stressed: Outcome, turn: str) -> None:
    assert events(stressed, turn)


def test_every_invariant_holds_under_stress(stressed: Outcome) -> None:
    assert set(stressed.invariants.values()) == {"held"}


@pytest.mark.slow
def test_both_wirings_agree_under_stress(stressed: Outcome) -> None:
    assert run("chain", *STRESS, wiring="full").log.digest() == stressed.log.digest()


def test_the_paper_arm_credits_the_same_disputes(stressed: Outcome) -> None:
    paper = run("paper", *STRESS)
    assert set(paper.invariants.values()) == {"held"}
    on_paper, on_chain = set(events(paper, "credited")), set(events(stressed, "credited"))
    assert on_paper
    # Deliveries differ between the arms; what both invoice and dispute has the same end.
    both = set(events(paper, "dispute_resolved")) & set(events(stressed, "dispute_resolved"))
    ended_on_chain = on_chain | set(events(stressed, "refunded"))
    alive = {key for key in both if key in on_paper}
    assert alive <= ended_on_chain
    assert not (both - alive) & ended_on_chain


def test_what_the_supplier_does_not_need_stays_with_it(fraud: Economy) -> None:
    parts = [t for t in fraud.tickets if t.needed_fen and t.funded_at_s and not t.fraud]
    divided = [t for t in parts if t.amount_fen < t.claim.invoice.face_fen // 2]
    assert divided
    for ticket in divided:
        assert ticket.claim.value_fen == ticket.amount_fen
        assert ticket.advance_fen >= ticket.needed_fen * 99 // 100


def test_a_double_pledge_at_one_bank_is_known_by_its_fingerprint(fraud: Economy) -> None:
    again = [t for t in fraud.tickets if t.fraud == "double_same" and t.channel == "chain"]
    refused = [t for t in again if t.reason == "INTAKE_ALREADY_REGISTERED"]
    assert refused
    assert all(ticket.flagged for ticket in refused)
    assert not [t for t in fraud.tickets if t.reason == "COMMAND_ID_REUSED"]


def test_a_second_attempt_leaves_the_genuine_claim_in_its_place(fraud: Economy) -> None:
    genuine = [i for i in fraud.invoices if i.genuine and i.accepted_at_s is not None]
    ids = [invoice.receivable_id for invoice in genuine]
    assert len(ids) == len(set(ids))
    assert all(ids)


def test_invoices_that_go_round_among_friends_raise_the_circular_rule(fraud: Economy) -> None:
    accused = {key for rule, key in fraud.alerts if rule == "circular_trade"}
    ring = [t for t in fraud.tickets if t.fraud == "circular" and t.claim.invoice.key in accused]
    assert ring
    # A circle accuses every claim on it, not only the one that closed it.
    assert len(accused) >= 3
    assert not [ticket for ticket in ring if ticket.funded_at_s]


def test_the_paper_banks_take_no_ring_for_its_debtor_is_no_core_enterprise() -> None:
    assert not run("paper", *FRAUD).metrics["fraud_loss_rate.circular"]


def test_a_pledge_outside_the_platform_is_known_once_it_is_reported() -> None:
    often = ("parameters.off_platform_bank_share=1", "parameters.pledge_report_share=1")
    economy = chain(*FRAUD, *often)
    outside = [t for t in economy.tickets if t.fraud == "double_other" and t.channel == "paper"]
    told = {t.claim.invoice.key for t in outside if t.funded_at_s}
    assert told
    assert told <= {key for rule, key in economy.alerts if rule == "duplicate"}


def test_narrow_lines_refuse_and_hold() -> None:
    narrow = ("parameters.debtor_limit_ratio=0.1", "parameters.supplier_limit_ratio=0.1")
    outcome = run("chain", "horizon_days=90", *narrow)
    assert (outcome.metrics["limit_refusal_count"] or 0) > 0
    assert outcome.invariants["limits_hold"] == "held"


def test_the_usual_lines_are_wide_enough_for_usual_business() -> None:
    assert run("chain").metrics["limit_refusal_count"] == 0
