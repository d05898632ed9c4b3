"""When merchants enter. All rows are planned from the start, so that everybody keeps its row."""

import numpy as np

from sim.credit.columns import I64, Block, exp_portable, floor_i64
from sim.credit.world_parameters import WorldParameters
from system.limits import YEAR_DAYS


def since_day(block: Block, p: WorldParameters) -> I64:
    """The day on which each shop opened or will open.

    Established shops have a lognormal age; newcomers open at an even pace.
    """
    newcomers = p.entry_per_year * p.entry_days_max / YEAR_DAYS
    place = block.uniform("merchant_entry") * (1 + newcomers)
    score = p.established_years_sigma * block.normal("merchant_age")
    age_days = YEAR_DAYS * p.established_years_p50_ratio * exp_portable(score)
    pace = p.entry_days_max / newcomers if newcomers else 0.0
    after_days = 1 + (place - 1) * pace
    since = p.start_day + floor_i64(np.where(place < 1, -1 - age_days, after_days))
    # Days count from 1970: what is older is as old as that.
    return np.maximum(since, 0)
