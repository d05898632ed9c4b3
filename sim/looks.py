"""When a study looks at its claims, and what each look may spend of its error rate.

A study looks at planned sizes only, and each look spends an equal part of what its plan may spend.
Bonferroni over looks is conservative and needs no independence: the chance that any claim of a
scenario is wrongly supported or refuted at any look stays below ALPHA, also when a finished study
is extended, however often and for whatever reason (docs/decisions/0007).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

ALPHA = 0.05
LOOK_GROWTH = 1.5
# Of ALPHA, what a study's first plan spends; the rest is kept for extensions.
PLANNED_SHARE = 0.8


def looks(minimum: int, maximum: int) -> list[int]:
    """The planned sizes of a study: minimum, then half as many again each time, to maximum."""
    sizes = [min(minimum, maximum)]
    while sizes[-1] < maximum:
        sizes.append(min(maximum, math.ceil(sizes[-1] * LOOK_GROWTH)))
    return sizes


def alpha_at(n: int, sizes: Sequence[int], extended_from: Sequence[int]) -> float:
    """What the look at ``n`` replications may spend.

    sizes: of all looks.  extended_from: the size at which each earlier plan had ended. The first
    plan spends PLANNED_SHARE of ALPHA, the first extension half of the rest, the next a quarter.
    """
    extension = sum(end < n for end in extended_from)
    start = extended_from[extension - 1] if extension else 0
    end = extended_from[extension] if extension < len(extended_from) else max(sizes)
    planned = sum(start < size <= end for size in sizes)
    share = (1.0 - PLANNED_SHARE) / 2**extension if extension else PLANNED_SHARE
    return ALPHA * share / max(planned, 1)
