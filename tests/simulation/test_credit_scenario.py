"""The packaged credit scenarios, with the model that they learn."""

import os
import subprocess
import sys

import numpy as np
import pytest

from sim.credit.audit import audit_stage
from sim.credit.facts import NEVER
from sim.metrics import catalog
from sim.metrics.credit import measure
from sim.scenario import load
from system.credit import registry
from system.credit.records import LineState
from system.credit.rules import Refusal
from tests.sim.credit_runs import SMALL, finished

_DIGEST = f"""
from sim.credit.model import simulate_credit
from sim.scenario import apply, load
from sim.world import Task
scenario = apply(load("credit"), {list(SMALL)!r})
print(simulate_credit(Task(scenario, "data", 0, "columns", "revm", "memory")).log.digest())
"""

# More merchants, of whom more withdraw and more are lent to at random.
TROUBLED = (
    "populations.merchant.count=3000",
    "parameters.consent_withdrawn_per_month=0.05",
    "parameters.explore_share=0.1",
)


def digest(hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", _DIGEST]
    return subprocess.run(command, env=environment, capture_output=True, check=True).stdout.decode()


def test_the_promises_of_the_brief_are_claims() -> None:
    claims = {claim.id: claim for claim in load("credit").claims}
    assert claims["approvals_up_40"].threshold == 1.4
    assert claims["approvals_up_40_equal_risk"].threshold == 1.4
    assert claims["npl_at_most_1_5"].threshold == 0.015
    assert (claims["npl_at_most_1_5"].arm, claims["npl_at_most_1_5"].compare) == ("data", "level")


@pytest.mark.parametrize("name", ["credit", "credit-recession"])
def test_no_outcome_is_a_parameter(name: str) -> None:
    outcomes = {metric.partition(".")[0] for metric in catalog.METRICS}
    assert not outcomes & set(load(name).parameters)


def test_the_recession_differs_from_the_packaged_world_in_its_recession_alone() -> None:
    calm, recession = load("credit").parameters, load("credit-recession").parameters
    changed = {name for name in calm if calm[name].value != recession[name].value}
    assert changed
    assert all(name.startswith("recession_") for name in changed)


@pytest.mark.slow
def test_fresh_processes_with_other_hash_seeds_tell_the_same_story() -> None:
    assert digest("1") == digest("2")


@pytest.mark.slow
def test_the_data_arm_keeps_every_invariant_and_measures_what_the_catalogue_knows() -> None:
    stage, run, journal = finished("data")
    assert set(audit_stage(stage, list(journal)).values()) == {"held"}
    values = measure(run, journal)
    assert [name for name in values if catalog.find(name) is None] == []
    assert values["training_rows_count"] > 1_000


@pytest.mark.slow
def test_the_model_in_charge_was_approved_by_a_second_person() -> None:
    stage, run, _ = finished("data")
    with stage.system.book.transaction() as unit:
        (record,) = registry.models(unit.rows)
    assert record.state == "champion"
    assert record.maker != record.checker
    assert run.learned is not None
    assert record.model_id == run.learned.proposal.file.model_id


@pytest.mark.slow
def test_whoever_did_not_consent_is_refused_for_that_and_never_scored() -> None:
    stage, _, _ = finished("data")
    made = stage.facts.applications
    refused = made.reason == Refusal.APPLICATION_CONSENT_MISSING
    assert refused.any()
    assert (made.pd_ppm[refused] == NEVER).all()


@pytest.mark.slow
def test_a_withdrawn_consent_freezes_the_line() -> None:
    stage, _, _ = finished("data", *TROUBLED)
    state = stage.bank.service.view(("state", "frozen_for"), stage.bank.rows)
    assert (state["frozen_for"] & 2 != 0).any()
    assert (state["state"][state["frozen_for"] != 0] != LineState.OPEN).all()


@pytest.mark.slow
def test_the_random_share_of_rejects_gets_small_lines() -> None:
    stage, _, _ = finished("data", *TROUBLED)
    made = stage.facts.applications
    rows = made.explored & made.approved
    assert rows.any()
    assert (made.limit_fen[rows] <= 500_000).all()
    assert np.median(made.limit_fen[made.approved & ~rows]) > 500_000
