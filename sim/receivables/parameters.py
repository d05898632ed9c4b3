"""The numbers of the receivables scenario, read once and typed. Each is a cause, none an outcome.

A field has the name of a parameter in ``sim/scenarios/receivables.toml``, where its meaning,
source and range stand. An arm may override a parameter under the same name.
"""

from dataclasses import dataclass, fields
from typing import Any

from sim.calendar import UTC_OFFSET_S
from sim.receivables.bounds import check_bounds
from sim.scenario import Scenario
from sim.scenario_vocabulary import ARM_SETTINGS
from system.errors import InputError
from system.limits import DAY_S


@dataclass(frozen=True, slots=True)
class Parameters:
    """Times of day are seconds after local midnight; weekdays count from Monday = 0."""

    start_s: int
    # network and trade
    core_purchase_fen_per_day: int
    size_pareto_exponent: float
    buyers_extra_share: float
    group_share: float
    input_share: float
    material_share: float
    payroll_share: float
    fixed_cost_share: float
    order_interval_days: int
    order_volume_cv: float
    season_amplitude_share: float
    lead_days_min: int
    lead_days_max: int
    input_cover_days: int
    order_patience_days: int
    on_time_grace_days: int
    replacement_days: int
    term_days_options: tuple[int, ...]
    term_extension_days: int
    receipt_work_s: int
    receipt_clerk_count: int
    # money of suppliers
    cash_buffer_days_p50: float
    cash_buffer_sigma: float
    overdraft_limit_days: int
    overdraft_rate_ppm: int
    wage_interval_days: int
    cost_interval_days: int
    arrears_grace_days: int
    insolvency_arrears_days: int
    treasurer_at_s: int
    treasurer_horizon_days: int
    treasurer_buffer_days: int
    treasurer_given_up_days: int
    inflow_trust_share: float
    # debtors
    debtor_late_share: float
    debtor_late_dispersion_ratio: float
    late_days_mean_days: float
    late_days_cv: float
    dispute_share: float
    late_given_dispute_ratio: float
    dispute_resolution_days: int
    credit_note_share: float
    dispute_credit_share: float
    payment_run_weekday_options: tuple[int, ...]
    payment_run_at_s: int
    core_distress_per_year: float
    default_after_days: int
    # prices
    funding_rate_ppm: int
    operating_margin_ppm: int
    lgd_ppm: int
    recourse_relief_ppm: int
    tenor_margin_ppm: int
    tenor_free_days: int
    tier_margin_ppm: int
    holdback_ppm: int
    core_pd_ppm: int
    supplier_pd_ppm: int
    recourse_share: float
    debtor_limit_ratio: float
    supplier_limit_ratio: float
    bank_limit_ratio: float
    group_limit_ratio: float
    # the paper process
    paper_ticket_fen_min: int
    assemble_work_s: int
    document_defect_share: float
    courier_s: int
    courier_fen: int
    intake_clerk_count: int
    intake_work_s: int
    verify_clerk_count: int
    verify_work_s: int
    verify_answer_work_s: int
    verify_call_share: float
    verify_threshold_fen: int
    verify_small_call_share: float
    verify_false_alarm_share: float
    analysis_work_s: int
    committee_weekday_options: tuple[int, ...]
    committee_at_s: int
    signing_work_s: int
    payout_cutoff_s: int
    clerk_wage_fen_per_hour: int
    # the chain process
    onboarded_tier1_share: float
    onboarded_deep_share: float
    onboarding_cost_fen: int
    erp_batch_s_options: tuple[int, ...]
    approval_delay_work_s: int
    approval_session_s_options: tuple[int, ...]
    request_delay_work_s: int
    bank_review_share: float
    bank_review_work_s: int
    quote_valid_s: int
    quote_click_delay_s: int
    mobile_approval: bool
    relay_interval_s: int
    block_interval_s: int
    cash_out_window_s: int
    platform_fee_ppm: int
    endorse_due_tolerance_days: int
    endorse_value_fen_min: int
    # fraud
    fraud_supplier_share: float
    fraud_interval_days: int
    fraud_at_s: int
    fraud_term_days: int
    fraud_inflation_ratio: float
    collusion_share: float
    key_collusion_share: float
    altered_number_share: float
    registry_search_share: float
    registry_match_share: float
    approver_miss_share: float
    off_platform_bank_share: float
    pledge_report_share: float


def parameters_of(scenario: Scenario, arm: str, besides: tuple[str, ...] = ()) -> Parameters:
    """The parameters of one arm. Raises InputError for a missing, ill-typed or unusable one.

    besides: names that another model reads.
    """
    values: dict[str, Any] = {name: item.value for name, item in scenario.parameters.items()}
    values.update(scenario.arms[arm].items())
    for name in ("process", *ARM_SETTINGS["receivables"], *besides):
        values.pop(name, None)
    known = {field.name: field.type for field in fields(Parameters)}
    for name in known:
        if name not in values:
            raise InputError(f"parameters.{name}", None, "add it with a value, source and range")
    for name in values:
        if name not in known:
            raise InputError(f"parameters.{name}", values[name], "remove it: the model ignores it")
    numbers = {name: typed(name, kind, values[name]) for name, kind in known.items()}
    _check_relations(scenario, numbers)
    check_bounds(scenario, arm, numbers)
    return Parameters(**numbers)


def _check_relations(scenario: Scenario, values: dict[str, Any]) -> None:
    lead_days_min, lead_days_max = values["lead_days_min"], values["lead_days_max"]
    if lead_days_min > lead_days_max:
        remedy = f"write at most lead_days_max, which is {lead_days_max}"
        raise scenario.refuse(("parameters", "lead_days_min"), lead_days_min, remedy)
    if (values["start_s"] + UTC_OFFSET_S) % DAY_S:
        remedy = "write the UTC second of a local midnight (UTC+8)"
        raise scenario.refuse(("parameters", "start_s"), values["start_s"], remedy)


def typed(name: str, kind: Any, value: Any) -> Any:
    """The value as the declared type. A whole number is a fine float; nothing else converts."""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind in (int, float, bool) and type(value) is kind:
        return value
    if kind not in (int, float, bool) and isinstance(value, list | tuple) and value:
        return tuple(value)
    raise InputError(f"parameters.{name}", value, f"give a value of type {kind}")
