"""The bounds by which alerts are raised on this stream, chosen on seeds that are never reported.

Readings come every half hour at work, every two hours otherwise, and reach the bank at polls.
"""

from dataclasses import replace
from typing import Final

from system.leasing.policy import DEFAULT_POLICY, LeasingPolicy

_HOUR_MS: Final = 3_600_000

WATCH_POLICY: Final[LeasingPolicy] = replace(
    DEFAULT_POLICY,
    silence_ms_max=24 * _HOUR_MS,
    theft=replace(DEFAULT_POLICY.theft, tank_permille_min=80),
)
