"""The joint economy: one purse for three products, and what the joint view sees and does."""

import dataclasses

import pytest

import system.joint
from sim.checks.auditor import HELD
from sim.checks.joint import audit_shared_purses
from sim.joint.audit import audit_joint
from sim.joint.economy import BANK
from sim.scenario import load
from system.chain.records import RECEIVABLES, REQUESTS
from system.credit.records import LineState
from system.kernels.group_view import Signal
from system.leasing.leases.records import Ending
from tests.sim.joint_runs import WATCHED, ended, simulated

ARMS = [
    ("joint-contagion", "separate"),
    ("joint-contagion", "joint"),
    ("recession", "recession_joint"),
    ("fraud-wave", "wave_joint"),
    ("festival-peak", "peak"),
]


@pytest.fixture(scope="module")
def watching():
    """A run with the joint view in which a core enterprise slides and fails."""
    economy, bank = ended("joint", *WATCHED)
    yield economy, bank
    bank.close()


@pytest.mark.parametrize(("scenario", "arm"), ARMS)
def test_every_invariant_holds_and_every_claim_on_the_arm_has_its_metric(
    scenario: str, arm: str
) -> None:
    outcome = simulated(scenario, arm)
    assert set(outcome.invariants.values()) == {HELD}
    assert set(load(scenario).expect) - {"wirings_agree"} <= set(outcome.invariants)
    told = {claim.metric for claim in load(scenario).claims if arm in (claim.arm, claim.baseline)}
    assert told <= set(outcome.metrics)
    # Only a bank with the joint view watches anybody.
    assert (outcome.metrics["watched_share"] is None) == ("joint" not in arm)


def test_an_enterprise_pays_rent_line_and_wages_from_one_purse(watching) -> None:
    economy, _ = watching
    reasons: dict[str, set[str]] = {}
    for line in economy.purses.journal:
        for owner in (line.payer, line.payee):
            reasons.setdefault(owner, set()).add(line.reason)
    member = max(economy.members, key=lambda firm: len(reasons[firm.key])).key
    assert {"retail", "wages", "rent", "line_drawn", "line_paid"} <= reasons[member]
    assert {"rent", "line_drawn", "line_paid"} <= reasons[BANK]


def test_a_sliding_core_is_seen_and_what_hangs_on_it_is_watched_before_it_fails(watching) -> None:
    economy, bank = watching
    core = economy.failing[0].key
    watched = bank.desk.watched()
    assert watched[core].signal == Signal.OWN
    assert watched[core].at_s < economy.day_s(economy.j.core_failure_days)
    assert any(w.signal == Signal.DEBTOR and w.lead_id == core for w in watched.values())
    # From that day on the production service buys nothing on it.
    with bank.platform.system.store.transaction() as unit:
        requests = unit.scan(REQUESTS)
        owed_by = {row.receivable_id: row.debtor_id for row in unit.scan(RECEIVABLES)}
    held_at_s = watched[core].at_s
    bought_at_s = [r.disbursed_at_s for r in requests if owed_by[r.receivable_id] == core]
    assert bought_at_s
    assert all(at_s is None or at_s <= held_at_s for at_s in bought_at_s)


def test_the_line_of_a_watched_enterprise_is_frozen_and_its_machine_kept_unless_it_is_late(
    watching,
) -> None:
    economy, bank = watching
    state = bank.lines.service.view(("state",), slice(0, bank.lines.n))["state"]
    ending = bank.leases.service.view(("ending",), slice(0, bank.leases.n))["ending"]
    by_signal: dict[int, list[int]] = {}
    for row, firm in enumerate(economy.members):
        if firm.key in bank.watched:
            assert state[row] == LineState.FROZEN
            by_signal.setdefault(bank.watched[firm.key].signal, []).append(row)
    assert by_signal[Signal.DEBTOR]
    only_linked = by_signal[Signal.DEBTOR]
    late = by_signal.get(Signal.OWN, [])
    assert {int(ending[row]) for row in late} <= {int(Ending.REPOSSESSED)}
    assert Ending.NONE in {int(ending[row]) for row in only_linked}


def test_who_did_not_agree_is_not_watched_and_positions_that_count_twice_are_found_out(
    monkeypatch,
) -> None:
    economy, bank = ended("joint", "parameters.consent_share=0")
    assert {firm.key for firm in economy.members}.isdisjoint(bank.desk.watched())
    whole = system.joint._sum_of
    monkeypatch.setattr(system.joint, "_sum_of", lambda columns, names: 2 * whole(columns, names))
    assert "fen in" in audit_joint(economy, bank)["group_exposure_adds_up"]
    bank.close()


def test_rent_that_only_the_purses_saw_is_found_out(watching) -> None:
    economy, bank = watching
    payment = next(one for one in economy.purses.journal if one.reason == "rent")
    stolen = dataclasses.replace(payment, amount_fen=payment.amount_fen + 1)
    at = economy.purses.journal.index(payment)
    economy.purses.journal[at] = stolen
    try:
        drawn = int(bank.lines.received_fen.sum())
        paid = int(bank.lines.paid_fen.sum())
        rent = sum(bank.leases.paid_fen.values())
        sums = {"drawn_fen": drawn, "paid_fen": paid, "rent_fen": rent}
        assert "of rent" in audit_shared_purses(economy.purses.journal, BANK, **sums)
        economy.purses.journal[at] = payment
        assert audit_shared_purses(economy.purses.journal, BANK, **sums) == HELD
    finally:
        economy.purses.journal[at] = payment


def test_the_event_log_tells_the_lines_from_day_to_day() -> None:
    outcome = simulated("joint-contagion", "joint")
    kinds = set(outcome.log.table("joint", 0)["kind"].to_pylist())
    assert {"drawn", "principal_repaid", "life_set"} <= kinds
