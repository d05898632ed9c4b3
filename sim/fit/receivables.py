"""``shapan fit receivables``: lateness and disputes of real invoices, as scenario parameters.

What is fitted are the laws that the simulation draws, within the bounds that it can compute with.
Uncertainty is a bootstrap by debtor, because invoices of one debtor are not independent. The fit
is checked on months that it has not seen, beside a pooled baseline, and says what it found.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.fit.debtor_counts import DebtorCounts, counted
from sim.fit.debtors import DebtorShares, fit_debtor_shares
from sim.fit.held_out import validate
from sim.fit.late_days import SIMULATED, fit_late_days
from sim.fit.settled_invoices import read_settled_invoices
from sim.receivables.bounds import BOUNDS
from sim.streams import Luck
from system.errors import InputError

F64 = NDArray[np.float64]
_ROWS_MIN, _DEBTORS_MIN, _LATE_MIN = 50, 5, 10
_RESAMPLES: Final = 300
_INTERVAL_PERCENT: Final = (2.5, 97.5)
# The bootstrap is part of the method, not of an experiment: its luck is always the same.
_BOOTSTRAP_SEED: Final = 20260101


@dataclass(frozen=True, slots=True)
class Estimate:
    """A parameter and its 95 % bootstrap interval."""

    value: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True)
class FitResult:
    file: str
    file_sha256: str
    rows: int
    parameters: dict[str, Estimate]
    validation: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """One document: product, rows, parameters with intervals, validation."""
        parameters = {
            name: {"value": e.value, "ci_low": e.ci_low, "ci_high": e.ci_high}
            for name, e in self.parameters.items()
        }
        return {
            "product": "receivables",
            "rows": self.rows,
            "parameters": parameters,
            "validation": self.validation,
        }

    def as_overlay_toml(self) -> str:
        """The parameters for ``run --with FILE``, each with its source."""
        lines = ["[parameters]"]
        for name, e in self.parameters.items():
            source = (
                f"{self.file}, SHA-256 {self.file_sha256}, {self.rows} invoices, "
                f"95 % interval {e.ci_low} to {e.ci_high}"
            )
            text = json.dumps(source, ensure_ascii=False)
            interval = f"interval = [{e.ci_low}, {e.ci_high}]"
            lines.append(f"{name} = {{ value = {e.value}, source = {text}, {interval} }}")
        return "\n".join(lines) + "\n"


def fit_receivables(path: Path, columns: dict[str, str] | None = None) -> FitResult:
    """Fit lateness and disputes to a CSV file of settled invoices.

    columns: role (customer, issued_on, due_on, settled_on; disputed, amount) -> header, where
    detection does not find it. Raises InputError with file, line, column, value and remedy.
    """
    invoices = read_settled_invoices(path, columns)
    counts = counted(invoices, np.ones(len(invoices), np.bool_))
    _check_enough(counts, str(path))
    validation = validate(invoices)
    parameters = _with_intervals(_estimator(counts), counts.debtors)
    return FitResult(
        file=path.name,
        file_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        rows=len(invoices),
        parameters=parameters,
        validation=validation | _at_bounds(parameters),
    )


def _check_enough(counts: DebtorCounts, file: str) -> None:
    for what, found, wanted in (
        ("invoices", int(counts.invoices.sum()), _ROWS_MIN),
        ("customers", counts.debtors, _DEBTORS_MIN),
        ("late invoices", int(counts.late.sum()), _LATE_MIN),
    ):
        if found < wanted:
            raise InputError(what, found, f"give at least {wanted} for a fit", file=file)


def _at_bounds(parameters: dict[str, Estimate]) -> dict[str, Any]:
    """The model's bounds, and the parameters that the data would have beyond them."""
    bounds = {name: BOUNDS[name] for name in parameters if name in BOUNDS}
    kept = [name for name, (low, high) in bounds.items() if parameters[name].value in (low, high)]
    return {
        "model_bounds": {name: list(pair) for name, pair in bounds.items()},
        "kept_at_model_bounds": kept,
    }


def _estimator(counts: DebtorCounts) -> Callable[[F64], dict[str, float]]:
    """All parameters as a function of how often each debtor counts."""
    start = fit_debtor_shares(
        counts.late, counts.invoices, np.ones(counts.debtors), DebtorShares(0.3, 0.3)
    )

    def estimate(weight: F64) -> dict[str, float]:
        late, invoices = weight @ counts.late, weight @ counts.invoices
        shares = fit_debtor_shares(counts.late, counts.invoices, weight, start)
        found = {
            "debtor_late_share": float(late / invoices),
            "debtor_late_dispersion_ratio": shares.dispersion,
        }
        if late > 0:
            days = fit_late_days(SIMULATED, weight @ counts.late_days)
            found |= {"late_days_mean_days": days.mean_days, "late_days_cv": days.cv}
        found |= _disputes(counts, weight)
        return {name: _within(name, value) for name, value in found.items()}

    return estimate


def _within(name: str, value: float) -> float:
    """The value, or the model's bound that it lies beyond."""
    low, high = BOUNDS.get(name, (value, value))
    return float(min(max(value, low), high))


def _disputes(counts: DebtorCounts, weight: F64) -> dict[str, float]:
    """Share of disputed invoices, and how many times more often they are late than others."""
    disputed, both = float(weight @ counts.disputed), float(weight @ counts.disputed_late)
    invoices, late = float(weight @ counts.invoices), float(weight @ counts.late)
    if not counts.disputes_known:
        return {}
    found = {"dispute_share": disputed / invoices}
    if 0 < disputed < invoices and late > 0:
        others = (late - both) / (invoices - disputed)
        found["late_given_dispute_ratio"] = both / disputed / others if others else inf
    return found


def _with_intervals(
    estimate: Callable[[F64], dict[str, float]], debtors: int
) -> dict[str, Estimate]:
    luck = Luck(_BOOTSTRAP_SEED, 0).generator("fit_receivables_bootstrap")
    weights = luck.multinomial(debtors, np.full(debtors, 1 / debtors), size=_RESAMPLES)
    resampled = [estimate(weight.astype(np.float64)) for weight in weights]
    parameters = {}
    for name, value in estimate(np.ones(debtors)).items():
        # A resample without a dispute says nothing about the ratio; without lateness, of its days.
        values = [found[name] for found in resampled if name in found] or [value]
        low, high = np.percentile(values, _INTERVAL_PERCENT).tolist()
        parameters[name] = Estimate(*(float(f"{x:.6g}") for x in (value, low, high)))
    return parameters
