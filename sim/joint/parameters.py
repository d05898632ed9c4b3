"""The numbers of the joint economy beyond those of receivables. Each is a cause, none an outcome.

A field has the name of a parameter in ``sim/scenarios/joint-contagion.toml``, where its meaning
and range stand. An arm may override one under the same name.
"""

from dataclasses import dataclass, fields
from typing import Any, Final

from sim.receivables.parameters import Parameters as ReceivablesParameters
from sim.receivables.parameters import parameters_of as receivables_of
from sim.receivables.parameters import typed
from sim.scenario import Scenario
from system.errors import InputError

VIEWS: Final = ("separate", "joint")


@dataclass(frozen=True, slots=True)
class JointParameters:
    """Days count from the start of the run."""

    # shops of the same enterprises
    retail_share: float
    retail_margin_share: float
    retail_cv: float
    # lines
    line_limit_days: float
    line_rate_ppm: int
    line_reserve_days: float
    line_idle_days: float
    # leases
    lease_rent_share: float
    lease_value_ratio: float
    machine_missing_share: float
    repossession_cost_share: float
    # a core enterprise fails
    core_failure_count: int
    core_failure_days: int
    core_slide_days: int
    # demand
    demand_ratio: float
    demand_from_days: int
    demand_ramp_days: int
    demand_hold_days: int
    # enterprises that take what they can get and vanish
    vanisher_share: float
    vanish_from_days: int
    vanish_within_days: int
    # the joint view
    consent_share: float
    review_interval_days: int
    late_days_min: int
    dependence_share: float


@dataclass(frozen=True, slots=True)
class Setting:
    """One arm. is_joint: the bank looks at each enterprise over all products."""

    receivables: ReceivablesParameters
    joint: JointParameters
    is_joint: bool


def setting_of(scenario: Scenario, arm: str) -> Setting:
    """The numbers of one arm. Raises InputError that names what to change."""
    view = scenario.arms[arm].word("view")
    if view not in VIEWS:
        raise scenario.refuse(("arms", arm, "view"), view, f"write {' or '.join(VIEWS)}")
    known = {field.name: field.type for field in fields(JointParameters)}
    values: dict[str, Any] = {**scenario.values, **scenario.arms[arm]}
    for name in known:
        if name not in values:
            raise InputError(f"parameters.{name}", None, "add it with a value, source and range")
    own = {name: typed(name, kind, values[name]) for name, kind in known.items()}
    for name, low in (("review_interval_days", 1), ("late_days_min", 1), ("demand_ramp_days", 1)):
        if own[name] < low:
            raise scenario.refuse(("parameters", name), own[name], f"write {low} or more")
    receivables = receivables_of(scenario, arm, besides=("view", *known))
    return Setting(receivables, JointParameters(**own), view == "joint")
