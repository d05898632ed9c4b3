"""The banks' advances on receivables as they stand, for the statements of ``sim.statements``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from sim.statements import QUARTER_DAYS, Lent, stand
from system.kernels.classification import SUBSTANDARD, ClassPolicy, category_by_age
from system.limits import DAY_S, PERIOD_DAYS

if TYPE_CHECKING:
    from sim.receivables.economy import Economy

_POLICY: Final = ClassPolicy()


def lent_of(economy: Economy) -> Lent:
    """Every advance and what of it is still owed. A failed debtor's are substandard at least."""
    now_s = economy.engine.now_s
    funded = [t for t in economy.tickets if t.funded_at_s is not None]
    owed_fen = [max(0, t.advance_fen + t.discount_fen - t.collected_fen) for t in funded]
    # A day that has begun counts, so that over 90 days here is over 90 days in npl_ratio.
    late_days = [max(0, -((t.claim.invoice.due_at_s - now_s) // DAY_S)) for t in funded]
    failed = np.array([not economy.firms[t.claim.invoice.debtor].alive for t in funded], np.bool_)
    quarter = [((t.funded_at_s or 0) - economy.start_s) // DAY_S // QUARTER_DAYS for t in funded]
    by_age = category_by_age(np.array(late_days, np.int64), _POLICY)
    category = np.where(failed, np.maximum(by_age, SUBSTANDARD), by_age)
    return Lent(
        balance_fen=np.array(owed_fen, np.int64),
        bad=category >= SUBSTANDARD,
        category=category,
        quarter=np.array(quarter, np.int64),
    )


def state_book(economy: Economy) -> None:
    """Note how the book stands; once a period, by the days since the start."""
    if economy.day % PERIOD_DAYS == 0:
        stand(economy.log, economy.engine.now_s, lent_of(economy))
