"""The book of lines as it stands on a morning, for the statements of ``sim.statements``."""

import numpy as np

from sim.credit.bank import Bank
from sim.credit.facts import BAD_DPD_DAYS, NEVER
from sim.statements import QUARTER_DAYS, Lent, stand
from system.credit.records import LineState
from system.limits import PERIOD_DAYS


def lent_of(bank: Bank, lend_day: int) -> Lent:
    """Every merchant's line; charged-off ones are off the books. lend_day: quarters begin there."""
    names = ("principal_fen", "dpd_days", "state", "asset_class")
    lines = bank.service.view(names, bank.rows)
    live = lines["state"] != LineState.CHARGED_OFF
    granted_day = bank.facts.granted_day
    quarter = np.where(granted_day == NEVER, NEVER, (granted_day - lend_day) // QUARTER_DAYS)
    return Lent(
        balance_fen=np.where(live, lines["principal_fen"], 0),
        bad=live & (lines["dpd_days"] > BAD_DPD_DAYS),
        category=lines["asset_class"],
        quarter=quarter,
    )


def state_book(bank: Bank, lend_day: int, end_day: int, day: int) -> None:
    """Note how the book stands, once a period from the first day of lending, and at the end."""
    if (day - lend_day) % PERIOD_DAYS == 0 or day == end_day:
        stand(bank.log, bank.clock.now_s(), lent_of(bank, lend_day))
