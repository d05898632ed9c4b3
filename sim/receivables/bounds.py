"""What the model can compute with, parameter by parameter.

A range in a scenario says what is worth sweeping; these bounds say where the arithmetic ends:
divisors above zero, moments that exist, times within a day. Whatever its unit already bounds
(shares, rates, weekdays) is not repeated here.
"""

from collections.abc import Mapping
from typing import Any, Final

from sim.scenario import Scenario
from system.limits import DAY_S, TERM_DAYS_MAX

_INTERVAL_DAYS = (1, 366)
_DAYS = (0, 3_650)
_CLERKS = (1, 10_000)
_TIME_OF_DAY_S = (0, DAY_S - 1)
# A mean of zero is no waiting time; a year is no delay but a refusal.
_DELAY_S = (0, 366 * DAY_S)
_CV = (0.05, 10)

BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "core_purchase_fen_per_day": (1, 10**12),
    # At 1 or below, firm sizes have no mean.
    "size_pareto_exponent": (1.01, 100),
    "order_interval_days": _INTERVAL_DAYS,
    "order_volume_cv": (0, 10),
    "lead_days_min": _DAYS,
    "lead_days_max": _DAYS,
    "input_cover_days": _DAYS,
    "order_patience_days": _DAYS,
    "on_time_grace_days": _DAYS,
    "replacement_days": _DAYS,
    "term_days_options": (1, TERM_DAYS_MAX),
    "term_extension_days": (0, TERM_DAYS_MAX),
    "receipt_work_s": _DELAY_S,
    "receipt_clerk_count": _CLERKS,
    "cash_buffer_days_p50": (0, 3_650),
    "cash_buffer_sigma": (0, 5),
    "overdraft_limit_days": _DAYS,
    "wage_interval_days": _INTERVAL_DAYS,
    "cost_interval_days": _INTERVAL_DAYS,
    "arrears_grace_days": _DAYS,
    "insolvency_arrears_days": (1, 3_650),
    "treasurer_at_s": _TIME_OF_DAY_S,
    "treasurer_horizon_days": _DAYS,
    "treasurer_buffer_days": _DAYS,
    "treasurer_given_up_days": _DAYS,
    # At 1 a debtor's own share has no law (each would be always or never late).
    "debtor_late_dispersion_ratio": (0, 0.999),
    "late_days_mean_days": (0.5, 3_650),
    "late_days_cv": _CV,
    # 0 would say that a dispute makes punctual, which only a small sample can seem to show.
    "late_given_dispute_ratio": (0.1, 100),
    "dispute_resolution_days": _DAYS,
    "payment_run_at_s": _TIME_OF_DAY_S,
    "core_distress_per_year": (0, 100),
    "default_after_days": (1, 3_650),
    "tenor_free_days": _DAYS,
    "assemble_work_s": _DELAY_S,
    "courier_s": _DELAY_S,
    "intake_clerk_count": _CLERKS,
    "intake_work_s": _DELAY_S,
    "verify_clerk_count": _CLERKS,
    "verify_work_s": _DELAY_S,
    "verify_answer_work_s": _DELAY_S,
    "analysis_work_s": _DELAY_S,
    "committee_at_s": _TIME_OF_DAY_S,
    "signing_work_s": _DELAY_S,
    "payout_cutoff_s": _TIME_OF_DAY_S,
    "erp_batch_s_options": _TIME_OF_DAY_S,
    "approval_delay_work_s": _DELAY_S,
    "approval_session_s_options": _TIME_OF_DAY_S,
    "request_delay_work_s": _DELAY_S,
    "bank_review_work_s": _DELAY_S,
    "quote_valid_s": (1, 366 * DAY_S),
    "quote_click_delay_s": _DELAY_S,
    "relay_interval_s": (1, DAY_S),
    "block_interval_s": (1, DAY_S),
    "cash_out_window_s": _DELAY_S,
    "endorse_due_tolerance_days": _DAYS,
    "fraud_interval_days": (1, 3_650),
    "fraud_at_s": _TIME_OF_DAY_S,
    "fraud_term_days": (1, TERM_DAYS_MAX),
    "fraud_inflation_ratio": (1, 1_000),
}


def check_bounds(scenario: Scenario, arm: str, values: Mapping[str, Any]) -> None:
    """Raise InputError at the first value of an arm that the model cannot compute with."""
    for name, (low, high) in BOUNDS.items():
        value = values[name]
        for number in value if isinstance(value, tuple) else (value,):
            if not low <= number <= high:
                at = ("arms", arm) if name in scenario.arms[arm] else ("parameters",)
                remedy = f"the model needs {low} to {high}: change it"
                raise scenario.refuse((*at, name), number, remedy)
