"""What a lessor has at stake, machines that are out and unpaid rent, for ``sim.statements``."""

from sim.statements import BOOK, KIND
from sim.trace import EventLog
from system.leasing.leases.reports import Portfolio


def state_book(log: EventLog, at_s: int, book: Portfolio) -> None:
    """Note the exposure after a day's close."""
    log.add(at_s, KIND, BOOK, (book.exposure_fen, book.npl_fen, *book.by_class_fen))
