"""The packaged receivables scenario, as users run it."""

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.checks.base import INVARIANTS
from sim.metrics import catalog
from sim.scenario import load
from sim.trace import first_difference
from tests.sim.receivables_builders import run

_DIGEST = (
    "from tests.sim.receivables_builders import run;"
    "print(run('paper').log.digest(), run('chain').log.digest())"
)


def digests(hash_seed: str) -> str:
    """Both arms' digests from a process of its own."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", _DIGEST]
    return subprocess.run(command, env=environment, capture_output=True, check=True).stdout.decode()


def test_the_promises_of_the_brief_are_claims() -> None:
    claims = {claim.id: claim for claim in load("receivables").claims}
    assert claims["cycle_two_hours"].threshold == 7200
    assert claims["cost_down_30"].threshold == 0.70
    assert {"survival_up", "fill_up", "fraud_down"} <= set(claims)


def test_no_outcome_is_a_parameter() -> None:
    outcomes = {name.partition(".")[0] for name in catalog.METRICS}
    assert not outcomes & set(load("receivables").parameters)


def test_every_assumption_has_a_range_and_every_other_parameter_a_source() -> None:
    for parameter in load("receivables").parameters.values():
        assert parameter.source or parameter.bounds or isinstance(parameter.value, bool)


@pytest.mark.parametrize("arm", ["paper", "chain"])
def test_every_metric_of_a_run_is_in_the_catalogue(arm: str) -> None:
    outcome = run(arm)
    assert [name for name in outcome.metrics if catalog.find(name) is None] == []
    assert set(outcome.invariants) <= set(INVARIANTS)


@pytest.mark.slow
def test_the_digest_does_not_depend_on_the_process_or_its_hash_seed() -> None:
    assert digests("1") == digests("4242")


FITTED = {
    "debtor_late_share",
    "debtor_late_dispersion_ratio",
    "late_days_mean_days",
    "late_days_cv",
    "dispute_share",
    "late_given_dispute_ratio",
}


def test_what_a_fit_yields_is_a_parameter_of_the_scenario() -> None:
    assert set(load("receivables").parameters) >= FITTED


BOUNDED = sorted(
    parameter.name
    for parameter in load("receivables").parameters.values()
    # Lists and the start have relations of their own; see parameters_of.
    if parameter.bounds
    and not isinstance(parameter.value, tuple)
    and parameter.name not in ("start_s", "lead_days_min")
)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.sampled_from(BOUNDED), st.sampled_from([0, 1]), st.sampled_from(["paper", "chain"]))
def test_every_invariant_holds_at_the_ends_of_every_range(name: str, end: int, arm: str) -> None:
    parameter = load("receivables").parameters[name]
    assert parameter.bounds is not None
    bound = parameter.bounds[end]
    value = int(bound) if isinstance(parameter.value, int) else bound
    outcome = run(arm, f"parameters.{name}={value}", "horizon_days=40")
    assert set(outcome.invariants.values()) == {"held"}


@pytest.mark.slow
def test_both_wirings_give_the_same_events() -> None:
    full, fast = run("chain", wiring="full"), run("chain", wiring="columns")
    assert first_difference(full.log, fast.log) is None
    assert full.metrics == fast.metrics
    assert set(full.invariants.values()) == {"held"}
