"""Choosing the bounds of alerts: ``python -m sim.leasing.tuning [REPLICATIONS]``.

Runs the usage arm under each candidate, on seeds of its own that no scenario reports, and prints
precision, recall and false alerts, in all and by kind. What was chosen, and why, stands in
docs/decisions/0022; ``sim.leasing.watch_policy`` holds it.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Final

from sim.leasing.audit import journal_of
from sim.leasing.model import setting_of
from sim.leasing.stage import Stage
from sim.leasing.truth import Kind
from sim.leasing.watch_policy import WATCH_POLICY
from sim.metrics.base import Values
from sim.metrics.leasing import measure
from sim.scenario import load
from system.leasing.policy import DEFAULT_POLICY, LeasingPolicy

# No packaged scenario has this seed; replications count from 0.
SEED: Final = 71_000
_HOUR_MS: Final = 3_600_000
_SHOWN: Final = ("alert_precision", "alert_recall", "false_alerts_per_machine_month")


def candidates() -> Mapping[str, LeasingPolicy]:
    """The bounds that were compared; each differs from the chosen ones in one respect."""
    chosen, burn, theft = WATCH_POLICY, WATCH_POLICY.burn, WATCH_POLICY.theft
    return {
        "chosen": chosen,
        "product's own": DEFAULT_POLICY,
        **{
            f"idle after {hours} open hours": replace(chosen, idle_open_ms_max=hours * _HOUR_MS)
            for hours in (16, 18, 20, 22, 24)
        },
        "burn shift 20 %": replace(chosen, burn=replace(burn, shift_ppm=200_000)),
        "burn shift 30 %": replace(chosen, burn=replace(burn, shift_ppm=300_000)),
        "theft from 5 % of the tank": replace(chosen, theft=replace(theft, tank_permille_min=50)),
        "fence buffer 10 m": replace(chosen, fence_buffer_m=10),
        "silence 12 h": replace(chosen, silence_ms_max=12 * _HOUR_MS),
    }


def scores(policy: LeasingPolicy, replications: Sequence[int]) -> list[Values]:
    """The usage arm's metrics under a policy, one per replication."""
    found = []
    for number in replications:
        setting = replace(setting_of(load("leasing"), "usage", number), seed=SEED)
        stage = Stage(setting, "memory", policy=policy)
        stage.run()
        found.append(measure(stage, journal_of(stage)))
        stage.close()
    return found


def _mean(found: Sequence[Values], name: str) -> str:
    known = [value for values in found if (value := values[name]) is not None]
    return f"{fmean(known):6.3f}" if known else "     -"


def main(replications: int) -> None:
    """Print one block per candidate."""
    for name, policy in candidates().items():
        found = scores(policy, range(replications))
        print(f"{name}: " + "  ".join(f"{one} {_mean(found, one)}" for one in _SHOWN))
        for kind in Kind:
            word = kind.name.lower()
            print(f"  {word:12} " + "  ".join(_mean(found, f"{one}.{word}") for one in _SHOWN))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
