"""The numbers of the lenders and of the way data take, read once and typed. Causes only.

A field has the name of a parameter in ``sim/scenarios/credit.toml``, where its meaning, source and
range stand; the merchants' own world has its numbers in ``world_parameters``. An arm may override
a parameter of either under the same name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from sim.credit.world_parameters import WORLD_NAMES, WorldParameters, world_parameters_of
from sim.scenario import Scenario
from sim.scenario_vocabulary import ARM_SETTINGS
from system.credit.policy import DEFAULT_POLICY
from system.errors import InputError
from system.limits import FEED_LATE_DAYS_MAX, LINE_FEN_MAX

PROCESSES: Final = ("collateral", "data")
_DAYS = (0, 3_650)
_SOME_DAYS = (1, 3_650)


@dataclass(frozen=True, slots=True)
class Parameters:
    """Of the lenders. What a name does not say, the scenario file does."""

    # before the measured period
    legacy_days: int
    legacy_quiet_days: int
    legacy_tenure_days_min: int
    legacy_limit_fen_max: int
    legacy_rate_ppm: int
    observation_interval_days: int
    # the feed on its way from the platform
    consent_share: float
    feed_missing_share: float
    feed_late_share: float
    feed_late_days_options: tuple[int, ...]
    feed_duplicate_share: float
    feed_corrected_share: float
    feed_correction_days: int
    # the data lender
    consent_withdrawn_per_month: float
    explore_share: float
    digital_decision_s: int
    digital_application_fen: int
    digital_account_fen_per_month: int
    # the collateral lender
    desk_clerk_share: float
    desk_documents_days: int
    desk_work_s: int
    desk_registration_days: int
    desk_tenure_days_min: int
    desk_ticket_fen_min: int
    desk_loan_to_value_share: float
    desk_appraisal_cv: float
    desk_guarantor_share: float
    desk_guarantee_fen: int
    desk_sales_share: float
    desk_profit_ratio: float
    desk_wrong_refusal_share: float
    desk_wrong_approval_share: float
    desk_rate_ppm: int
    desk_application_fen: int
    desk_file_fen: int
    desk_account_fen_per_month: int
    foreclosure_days: int
    foreclosure_cost_share: float
    # what money costs, and what a lost loan loses
    funding_rate_ppm: int
    unsecured_loss_share: float
    # one loan for all, by which merchants are told apart
    reference_rate_ppm: int


_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "legacy_days": (360, 3_650),
    "legacy_quiet_days": (30, 3_650),
    "observation_interval_days": _SOME_DAYS,
    "legacy_tenure_days_min": _DAYS,
    "legacy_limit_fen_max": (1, DEFAULT_POLICY.limit.sandbox_fen_max),
    "legacy_rate_ppm": (0, DEFAULT_POLICY.price.cap_ppm),
    "desk_rate_ppm": (0, DEFAULT_POLICY.price.cap_ppm),
    "reference_rate_ppm": (0, DEFAULT_POLICY.price.cap_ppm),
    "feed_late_days_options": (1, 4 * FEED_LATE_DAYS_MAX),
    "feed_correction_days": (1, FEED_LATE_DAYS_MAX),
    "consent_withdrawn_per_month": (0, 1),
    "digital_decision_s": (0, 3_600),
    "desk_clerk_share": (0.0001, 1),
    "desk_documents_days": _DAYS,
    "desk_registration_days": _DAYS,
    "desk_tenure_days_min": _DAYS,
    "desk_ticket_fen_min": (1, LINE_FEN_MAX),
    "desk_appraisal_cv": (0, 0.5),
    "desk_profit_ratio": (0, 20),
    "foreclosure_days": _DAYS,
}


def parameters_of(scenario: Scenario, arm: str) -> tuple[Parameters, WorldParameters]:
    """The parameters of one arm. Raises InputError for a missing, ill-typed or unusable one."""
    settings = scenario.arms[arm]
    values: dict[str, Any] = {name: item.value for name, item in scenario.parameters.items()}
    own = ("process", *ARM_SETTINGS["credit"])
    values.update((name, value) for name, value in settings.items() if name not in own)
    known = {field.name: field.type for field in fields(Parameters)}
    for name in values:
        if name not in known and name not in WORLD_NAMES:
            remedy = "remove it: the model ignores it"
            raise scenario.refuse(_place(scenario, arm, name), values[name], remedy)
    typed = {name: _typed(scenario, arm, name, kind, values) for name, kind in known.items()}
    _check_bounds(scenario, arm, typed)
    _check_relations(scenario, arm, typed)
    return Parameters(**typed), _world(scenario, arm, values)


def _world(scenario: Scenario, arm: str, values: Mapping[str, Any]) -> WorldParameters:
    """Its reader names the parameter; file and line are added here."""
    try:
        return world_parameters_of(values)
    except InputError as error:
        name = error.field.removeprefix("parameters.")
        place = _place(scenario, arm, name)
        raise scenario.refuse(place, error.value, error.remedy) from None


def _place(scenario: Scenario, arm: str, name: str) -> tuple[str, ...]:
    return ("arms", arm, name) if name in scenario.arms[arm] else ("parameters", name)


def _typed(scenario: Scenario, arm: str, name: str, kind: Any, values: Mapping[str, Any]) -> Any:
    """The value as the declared type. A whole number is a fine float; nothing else converts."""
    place = _place(scenario, arm, name)
    if name not in values:
        raise scenario.refuse(place, None, "add it with a value, source and range")
    value = values[name]
    if kind is float and type(value) is int:
        return float(value)
    if kind in (int, float):
        fits = type(value) is kind
    else:
        fits = isinstance(value, tuple) and all(type(one) is int for one in value)
    if not fits:
        raise scenario.refuse(
            place,
            value,
            "give a whole number, or a list of them" if kind is not float else "give a number",
        )
    return value


def _check_bounds(scenario: Scenario, arm: str, values: Mapping[str, Any]) -> None:
    for name, (low, high) in _BOUNDS.items():
        value = values[name]
        for number in value if isinstance(value, tuple) else (value,):
            if not low <= number <= high:
                remedy = f"the model needs {low} to {high}: change it"
                raise scenario.refuse(_place(scenario, arm, name), number, remedy)


def _check_relations(scenario: Scenario, arm: str, values: Mapping[str, Any]) -> None:
    names = ("feed_missing_share", "feed_late_share", "feed_duplicate_share")
    whole = sum(values[name] for name in (*names, "feed_corrected_share"))
    if whole > 1:
        remedy = "lower it: what happens to rows of the feed adds up to more than all of them"
        place = _place(scenario, arm, "feed_missing_share")
        raise scenario.refuse(place, values["feed_missing_share"], remedy)
