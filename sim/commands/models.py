"""``shapan models``: the registry of a bank's store, by four eyes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.commands import options

if TYPE_CHECKING:
    from system.credit.drift import DriftReport
    from system.ports.store import Unit

models = typer.Typer(
    help="Credit models of a bank: train again, approve, roll back.", no_args_is_help=True
)

Store = Annotated[str, typer.Option("--store", help="The bank's database, as sqlite:///bank.db.")]
Person = Annotated[str, typer.Option("--by", help="Who does this, by name.")]


@models.callback()
def group() -> None:
    """Credit models of a bank: train again, approve, roll back."""


@models.command("list")
def list_(store: Store, json: options.Json = False) -> int:
    """Every model: its state, who proposed it and who decided."""
    from system.credit import registry

    with _opened(store) as (unit, _):
        found = [
            {name: getattr(row, name) for name in ("model_id", "state", "maker", "checker")}
            for row in registry.models(unit)
        ]
    _show(found, json)
    return 0


@models.command()
def retrain(
    data: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="Matured outcomes, one row per look.")
    ],
    store: Store,
    by: Person,
    seed: options.Seed = None,
    json: options.Json = False,
) -> int:
    """Train the champion again and propose it; says how far its rows have moved from the old's.

    Puts nothing in charge: a second person approves.
    """
    from sim.fit.matured_loans import read_sample
    from system.credit import registry
    from system.credit.policy import DEFAULT_POLICY
    from system.credit.proposals import CardNotes
    from system.credit.proposals import retrain as trained_again
    from system.credit.training import matured
    from system.kernels.business_day import business_day

    given = read_sample(data)
    notes = CardNotes(data.name, DEFAULT_POLICY.limit.pd_ppm_max)
    with _opened(store) as (unit, now_s):
        sample = matured(given, business_day(now_s), DEFAULT_POLICY.price.pd_window_days)
        drift = _drift(unit, sample)
        command_id = f"retrain {data.name} {now_s}"
        model_id = trained_again(
            unit, sample, notes, by, now_s, command_id=command_id, seed=seed or 0
        )
        card = registry.model_card(unit, model_id)
    document = {
        "model_id": model_id,
        "state": "proposed",
        "rows": sample.target.size,
        "bads": int(sample.target.sum()),
        "rows_too_young": given.target.size - sample.target.size,
        "metrics_ppm": {
            fact.name: [fact.low_ppm, fact.value_ppm, fact.high_ppm] for fact in card.metrics
        },
        "missing_for_approval": list(card.missing()),
        "drift_from_champion": drift,
    }
    _show([document], json)
    return 0


@models.command()
def approve(
    model: Annotated[str, typer.Argument(metavar="MODEL")],
    store: Store,
    by: Person,
    json: options.Json = False,
) -> int:
    """Put a proposed model in charge; by another person than the one who proposed it."""
    from system.credit import registry

    with _opened(store) as (unit, now_s):
        registry.approve(unit, model, by, now_s, command_id=f"approve {model} {now_s}")
    _show([{"model_id": model, "state": "champion"}], json)
    return 0


@models.command("roll-back")
def roll_back(
    store: Store,
    by: Person,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the audit log.")],
    json: options.Json = False,
) -> int:
    """Bring the champion before this one back at once."""
    from system.credit import registry

    with _opened(store) as (unit, now_s):
        back = registry.roll_back(unit, by, reason, now_s, command_id=f"roll back {now_s}")
    _show([{"model_id": back, "state": "champion"}], json)
    return 0


@contextmanager
def _opened(store: str) -> Iterator[tuple[Unit, int]]:
    """A transaction over the bank's store, and the time. Raises InputError for a URL of none."""
    from system.adapters.os_clock import OsClock
    from system.bootstrap_credit import build_credit
    from system.errors import InputError

    if store == "memory":
        raise InputError("--store", store, "name a database that lasts, as sqlite:///bank.db")
    clock = OsClock()
    system = build_credit(clock=clock, store_url=store)
    try:
        with system.book.transaction() as unit:
            yield unit.rows, clock.now_s()
    finally:
        system.close()


def _drift(unit: Unit, sample: Any) -> dict[str, Any] | None:
    """The sample beside the champion's training rows; None where no champion reads its columns."""
    from system.credit import registry
    from system.credit.drift import count_matured, drift_report
    from system.credit.drift_records import reference_of

    found = registry.champion_id(unit)
    if found is None:
        return None
    champion = registry.champion(unit)
    if not set(champion.features) <= sample.features.keys():
        return None
    reference = reference_of(unit, found)
    current = count_matured(champion, sample.features, reference.score_edges, sample.target)
    return _told(drift_report(reference, current))


def _told(report: DriftReport) -> dict[str, Any]:
    return {
        "psi_ppm": {shift.name: shift.psi_ppm for shift in report.shifts},
        "alerts": [
            f"{alert.level}: {alert.kind} of {alert.subject}: {alert.evidence}"
            for alert in report.alerts
        ],
    }


def _show(found: list[dict[str, Any]], json: bool) -> None:
    if json:
        options.print_json(found)
        return
    for one in found:
        typer.echo("  ".join(f"{name}: {value}" for name, value in one.items()))
