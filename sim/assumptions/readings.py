"""One claim over the points of a map: its figure at each, and what moves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.assumptions.axes import Axis
from sim.assumptions.break_even import Seen, seen_at
from sim.assumptions.margins import estimate, holds, margins, pairs_of
from sim.assumptions.pawn import POINTS_MIN, Pawn, pawn
from sim.assumptions.points import design, designed_name, line_place
from sim.assumptions.polynomial import Surrogate, fit_surrogate
from sim.assumptions.store import Key
from sim.assumptions.work import OK, Sweep
from sim.scenario import Claim
from sim.streams import Luck

F64 = NDArray[np.float64]
Json = dict[str, Any]
# A surrogate that foretells less than this says nothing about importance.
R2_MIN: Final = 0.5
TOTAL_MIN: Final = 0.02
FIT_POINTS_MIN: Final = 30


@dataclass(frozen=True, slots=True)
class Reading:
    """One claim over the design: unit coordinates, float64 (n, d), and the figure at each point,
    float64 (n,), of the points where it is defined."""

    claim: Claim
    units: F64
    figures: F64
    holds: NDArray[np.bool_]
    missing: int
    pawn: Pawn | None
    surrogate: Surrogate | None

    def importance(self) -> F64:
        """By the surrogate where it foretells well, else by distributions."""
        if self.surrogate is not None and self.surrogate.r2 >= R2_MIN:
            return self.surrogate.total
        return np.zeros(self.units.shape[1]) if self.pawn is None else self.pawn.index

    def movers(self) -> list[int]:
        """The axes that move the claim more than chance explains, the most important first."""
        moved = np.zeros(self.units.shape[1], np.bool_)
        if self.pawn is not None:
            moved |= self.pawn.index > self.pawn.noise
        if self.surrogate is not None and self.surrogate.r2 >= R2_MIN:
            moved |= self.surrogate.low > TOTAL_MIN
        order: list[int] = np.argsort(-self.importance(), kind="stable").tolist()
        return [axis for axis in order if moved[axis]]

    def turning_axis(self, axes: Sequence[Axis]) -> Axis | None:
        """The axis for the break-even: the most important mover that is no flag.

        None where nothing rises above chance: along a parameter that moves nothing no claim turns.
        """
        return next((axes[i] for i in self.movers() if not axes[i].is_flag), None)


def line_replications(sweep: Sweep) -> int:
    """So many stand behind a break-even value, however few a point has."""
    return max(sweep.replications, sweep.plan.scenario.map.line_replications)


def readings(sweep: Sweep, axes: Sequence[Axis], records: Mapping[Key, Json]) -> list[Reading]:
    """Every claim's, in the scenario's order; claims on arms that do not run have no points."""
    units = design(len(axes), sweep.plan.scenario.seed, sweep.points)
    return [_reading(claim, sweep, units, records) for claim in sweep.plan.scenario.claims]


def _reading(claim: Claim, sweep: Sweep, units: F64, records: Mapping[Key, Json]) -> Reading:
    by_row = {
        row: estimate(claim, pairs_of(claim, records, designed_name(row), sweep.replications))
        for row in range(sweep.points)
        if records.get((designed_name(row), 0), {}).get("status") == OK
    }
    rows = [row for row, figure in by_row.items() if figure is not None]
    figures = np.array([by_row[row] for row in rows], np.float64)
    luck = Luck(sweep.plan.scenario.seed, 0).generator("assumption_map_resamples", claim.id)
    scaled = _scaled(claim, figures)
    return Reading(
        claim=claim,
        units=units[rows],
        figures=figures,
        holds=np.array([holds(claim, figure) for figure in figures], np.bool_),
        missing=len(by_row) - len(rows),
        pawn=pawn(units[rows], figures, luck) if len(rows) >= POINTS_MIN else None,
        surrogate=fit_surrogate(units[rows], scaled, luck) if len(rows) >= FIT_POINTS_MIN else None,
    )


def _scaled(claim: Claim, figures: F64) -> F64:
    """On the scale on which effects add up."""
    is_log = claim.compare == "ratio" and figures.size > 0 and bool((figures > 0).all())
    return np.log(figures) if is_log else figures


def seen_on_line(
    claim: Claim, sweep: Sweep, axis: Axis, records: Mapping[Key, Json]
) -> dict[Fraction, Seen | None]:
    """What each finished place on the line of one parameter says."""
    found: dict[Fraction, Seen | None] = {}
    for point in {point for point, _ in records}:
        place = line_place(point)
        if place is not None and place[0] == axis.name:
            pairs = pairs_of(claim, records, point, line_replications(sweep))
            found[place[1]] = seen_at(axis, place[1], margins(claim, pairs))
    return found
