"""The book of lines as it stands on a morning, for the statements of ``sim.statements``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.credit.facts import BAD_DPD_DAYS, NEVER
from sim.statements import QUARTER_DAYS, Lent, stand
from system.credit.records import LineState
from system.limits import PERIOD_DAYS

if TYPE_CHECKING:
    from sim.credit.stage import Stage


def lent_of(stage: Stage) -> Lent:
    """Every merchant's line; charged-off ones are off the books."""
    names = ("principal_fen", "dpd_days", "state", "asset_class")
    lines = stage.bank.service.view(names, stage.bank.rows)
    live = lines["state"] != LineState.CHARGED_OFF
    granted_day = stage.facts.granted_day
    quarter = np.where(granted_day == NEVER, NEVER, (granted_day - stage.lend_day) // QUARTER_DAYS)
    return Lent(
        balance_fen=np.where(live, lines["principal_fen"], 0),
        bad=live & (lines["dpd_days"] > BAD_DPD_DAYS),
        category=lines["asset_class"],
        quarter=quarter,
    )


def state_book(stage: Stage, day: int) -> None:
    """Note how the book stands, once a period from the first day of lending, and at the end."""
    if (day - stage.lend_day) % PERIOD_DAYS == 0 or day == stage.end_day:
        stand(stage.log, stage.engine.now_s, lent_of(stage))
