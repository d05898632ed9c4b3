"""What a soak has seen, as one JSON document: for CI, and for the report of ``--profile qa``."""

from __future__ import annotations

from collections.abc import Mapping

from sim.failure_files import Written
from sim.fault_kinds import KINDS
from sim.run_folder import Json
from sim.soak import Soaked


def soak_document(seen: Soaked, kept: Mapping[int, Written]) -> Json:
    """kept: what was written of each failed trial. Kinds of fault that never came have a 0."""
    return {
        "seed": seen.seed,
        "trials": seen.trials,
        "failed": [
            {
                "trial": number,
                "what": failure.what,
                "error": failure.error,
                "failure": str(kept[number].record),
                "replay": kept[number].replay,
                "shrink": kept[number].shrink,
            }
            for number, failure in sorted(seen.failures.items())
        ],
        "coverage": {
            "trials_by_place": dict(sorted(seen.trials_by_place.items())),
            "trials_by_fault": {kind: seen.trials_by_kind[kind] for kind in KINDS},
            "strikes": {kind: seen.strikes[kind] for kind in KINDS},
            "events": dict(sorted(seen.events.items())),
        },
        "wall_s": seen.wall_s,
    }
