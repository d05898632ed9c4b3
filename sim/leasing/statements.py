"""What a lessor has at stake, machines that are out and unpaid rent, for ``sim.statements``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.statements import BOOK, KIND
from system.limits import PERIOD_DAYS

if TYPE_CHECKING:
    from sim.leasing.stage import Stage


def state_book(stage: Stage, day: int) -> None:
    """Note the exposure after the day's close, once a period and at the end."""
    if (day + 1 - stage.start_day) % PERIOD_DAYS and day + 1 != stage.end_day:
        return
    book = stage.system.leases.portfolio()
    values = (book.exposure_fen, book.npl_fen, *book.by_class_fen)
    stage.log.add(stage.engine.now_s, KIND, BOOK, values)
