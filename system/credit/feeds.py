"""The platform's feed at the door: room for merchants, intake, deletion on request."""

import numpy as np

from system.credit.feed_intake import Intake
from system.credit.feed_records import FEED_FIELDS, FEEDS, FeedBatch, FeedOutcome
from system.errors import InputError
from system.kernels.columns import I64
from system.limits import COLUMN_ROWS_MAX
from system.parties.consent import record_erasure
from system.ports.book import BookUnit


def open_feeds(unit: BookUnit, since_day: I64) -> slice:
    """Room for more merchants. since_day: int64 (n,), first day on the platform.

    Returns their numbers. Raises CheckFailed for a day below zero.
    """
    return unit.append(FEEDS, since_day.size, {"since_day": since_day})


def receive_feed(unit: BookUnit, batch: FeedBatch, now_s: int) -> FeedOutcome:
    """Take rows in, in their order; a FeedRefusal each, and the opening noted in the access log.

    A row is opened under the widest consent that its merchant has given to any purpose, and only
    as far as that goes; without one to DataClass.ORDERS it is dropped unread. Raises InputError
    for columns that are missing, or of another shape or kind of number.
    """
    _check(batch)
    intake = Intake(unit, batch, now_s)
    intake.run()
    return FeedOutcome(intake.codes)


def erase_feed(unit: BookUnit, accounts: I64, now_s: int) -> None:
    """Delete all that the feed brought of these merchants, and note that in the consent journal.

    accounts: int64 (n,), each once.  What was decided on it and entered the books (limits, scores,
    postings) stays: those must be kept. Raises MissingRow.
    """
    nothing = np.zeros(accounts.size, np.int64)
    for column in FEEDS.columns:
        if column.name != "since_day":
            for plane in range(column.planes):
                unit.write_plane(FEEDS, column.name, plane, accounts, nothing)
    record_erasure(unit, accounts, now_s)


def _check(batch: FeedBatch) -> None:
    n = batch.accounts.size
    if n > COLUMN_ROWS_MAX:
        raise InputError("accounts", f"{n} rows", f"send at most {COLUMN_ROWS_MAX} at once")
    keys = {"accounts": batch.accounts, "days": batch.days, "revisions": batch.revisions}
    for name, values in keys.items():
        if values.dtype != np.int64 or values.shape != (n,):
            raise InputError(name, f"{values.dtype} {values.shape}", f"give int64 of shape ({n},)")
    for name in FEED_FIELDS:
        if name not in batch.columns:
            raise InputError(name, None, "give every column of the feed")
        values = batch.columns[name]
        if values.dtype.kind not in "if" or values.shape != (n,):
            found = f"{values.dtype} {values.shape}"
            raise InputError(name, found, f"give whole numbers of shape ({n},)")
