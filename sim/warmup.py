"""Whether the warm-up of a scenario is long enough: when the daily number of events settles.

MSER (White 1997): of all cuts in the first half of the run, the one after which the mean of what is
left is known best, over the days' events averaged over replications. It looks at how much happens,
not at the claims' metrics; a run that has not settled by its warm-up deserves a longer one.
"""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim.run_folder import RunFolder
from system.limits import DAY_S


def settled_days(folder: RunFolder) -> dict[str, int]:
    """Arm -> days from the start after which its events have settled. Empty without events."""
    path = folder.path / "events.parquet"
    if not path.exists():
        return {}
    events = pq.read_table(path, columns=["arm", "at_s"])
    if not events.num_rows:
        return {}
    start_s = pc.min(events["at_s"]).as_py()
    found = {}
    for arm in sorted(pc.unique(events["arm"]).to_pylist()):
        at_s = events.filter(pc.equal(events["arm"], arm))["at_s"].to_numpy()
        found[arm] = mser(np.bincount((at_s - start_s) // DAY_S).astype(np.float64))
    return found


def mser(daily: NDArray[np.float64]) -> int:
    """How many of the first days to leave out: float64 (days,) -> 0..days/2."""
    days = daily.size
    scores = [daily[cut:].var() / (days - cut) for cut in range(days // 2 + 1)]
    return int(np.argmin(scores))
