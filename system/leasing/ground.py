"""The sites on which machines stand, as rules need them: hours and fences."""

import numpy as np

from system.kernels.columns import I64, MISSING
from system.leasing.calendars import SPAN_MS_MAX, calendar
from system.leasing.fences import fence_of
from system.leasing.judges import Columns, Ground
from system.leasing.policy import LeasingPolicy
from system.leasing.readings import Readings
from system.leasing.records import CLOSED_DAYS, SITES
from system.ports.book import BookUnit


def ground_of(
    unit: BookUnit, machines: Columns, twins: Columns, readings: Readings, policy: LeasingPolicy
) -> Ground:
    """What rules need of the sites of these machines, over the time of these readings."""
    numbers: I64 = np.unique(np.concatenate((machines["site"], machines["site_before"])))
    wanted = [number for number in numbers.tolist() if number >= 0]
    sites = [s for s in unit.rows.get(SITES, [(number,) for number in wanted]) if s is not None]
    closed = {
        site.site: [row.day for row in unit.rows.find(CLOSED_DAYS, {"site": site.site})]
        for site in sites
    }
    first_ms, last_ms = int(readings.at_ms.min()), int(readings.at_ms.max())
    known_ms = int(np.where(twins["at_ms"] == MISSING, first_ms, twins["at_ms"]).min())
    first_ms = min(first_ms, max(known_ms, first_ms - SPAN_MS_MAX))
    return Ground(
        calendar({site.site: site.week for site in sites}, closed, first_ms, last_ms),
        {s.site: fence_of(s.fence, s.datum, policy.fence_buffer_m) for s in sites},
    )
