"""Which hours a bill has: those of the counters, an estimate where a machine was silent.

What was billed is cumulative, as counters are: an estimate that was too low or too high, hours that
were reported late, a reset: the next bill makes up for it, and no hour is billed twice.
"""

from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, MISSING, Mask
from system.leasing.kernels.rent import PERIOD_S
from system.limits import DAY_S


@dataclass(frozen=True, slots=True)
class Use:
    """int64 (n,) each.

    counter_s: reconciled engine seconds that never fall, MISSING where nothing was ever said.
    seen_ms: of the newest reading (UTC), MISSING.  from_s, from_ms: counter and moment of the
    handover.  billed_s: on all bills since.  pace_s: engine seconds of a usual full period, by the
    last one measured.
    """

    counter_s: I64
    seen_ms: I64
    from_s: I64
    from_ms: I64
    billed_s: I64
    pace_s: I64


@dataclass(frozen=True, slots=True)
class Metered:
    """engine_s: to bill.  over_s: billed before beyond what was used, still to be made up for.

    estimated: part of the hours is a guess.  pace_s: carried to the next bill.
    """

    engine_s: I64
    over_s: I64
    estimated: Mask
    pace_s: I64


def metered(use: Use, end_ms: int, days: I64, silence_ms_max: int) -> Metered:
    """The hours of a bill over ``days`` days that end at ``end_ms`` (UTC).

    A machine that was silent for longer than silence_ms_max before that is taken to have worked at
    its pace since it was heard.  No bill has more hours than its days; the rest comes on the next.
    """
    bound_s = days * DAY_S
    known = use.counter_s != MISSING
    used_s = np.where(known, np.maximum(use.counter_s - use.from_s, 0), 0)
    # All of the silence, also what earlier bills have guessed: those hours are in billed_s.
    silent_s = np.maximum(end_ms - np.maximum(use.seen_ms, use.from_ms), 0) // 1_000
    estimated = silent_s * 1_000 > silence_ms_max
    guess_s = np.where(estimated, use.pace_s * silent_s // PERIOD_S, 0)
    open_s = used_s + guess_s - use.billed_s
    engine_s = np.clip(open_s, 0, bound_s)
    pace_s = np.where(estimated, use.pace_s, engine_s * (PERIOD_S // DAY_S) // days)
    return Metered(engine_s, np.maximum(-open_s, 0), estimated, pace_s)
