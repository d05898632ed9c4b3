"""Loops over the rows of a delivery: who may be opened, what can be, what is news, what is kept.

All columns are int64. ``at``: positions of rows in a delivery's columns.  ``columns``: the feed
fields of whole deliveries, in the order of ``FEED_FIELDS``.
"""

import numpy as np

from system.credit.kernels.feed_words import (
    COUNT_SHIFT,
    DAY_MASK,
    DAYS_SHIFT,
    PERIOD_SHIFT,
    REVISION_BITS,
    STAMP_SHIFT,
)
from system.kernels.columns import I64
from system.kernels.compiled import compiled
from system.limits import (
    FEED_DAY_COUNT_MAX,
    FEED_DAY_FEN_MAX,
    FEED_LATE_DAYS_MAX,
    FEED_RATING_MILLI_MAX,
    FEED_REVISION_MAX,
)

Columns = tuple[I64, ...]
_ABOVE_ANY = 2**62
# In precedence order; feed_records.FeedRefusal has a code for each.
CONTENT_CHECKS = (
    "DAY_BEFORE_START",
    "DAY_IN_FUTURE",
    "DAY_TOO_LATE",
    "REVISION_OUT_OF_RANGE",
    "AMOUNT_NEGATIVE",
    "AMOUNT_TOO_LARGE",
    "RATING_IMPOSSIBLE",
)


@compiled
def widest_rows(
    best: I64, classes: Columns, until_s: Columns, at: I64, now_s: int, widths: I64, step: int
) -> None:
    """Into ``best``: step x (place of the consent, from 1) + its classes, of the consent that
    covers most classes; of equals the first; 0 for none.

    classes, until_s: one column per consent.  at: (n,), where each row stands in those.  widths:
    how much each sum of classes counts, 0 for those that open nothing.
    """
    widest = widths.max()
    for i in range(best.size):
        best[i] = 0
        width = 0
        for place in range(len(classes)):
            covered = classes[place][at[i]]
            if until_s[place][at[i]] > now_s and widths[covered] > width:
                width, best[i] = widths[covered], step * (place + 1) + covered
                if width == widest:
                    break


@compiled
def faults_of(
    found: I64,
    at: I64,
    days: I64,
    revisions: I64,
    columns: Columns,
    since_day: I64,
    today: int,
) -> tuple[int, int]:
    """Into ``found`` (m,): the number of each row's first failed check, 0 where none failed.

    The checks: ``CONTENT_CHECKS``, from 1.  since_day: (m,).  Returns how many rows
    failed, and how many of the others have refunds above the day's sales.
    """
    gross_fen, orders, buyers, refund_fen, rating_sum_milli, rating_count, stock_fen = columns
    failed = doubtful = 0
    for j in range(at.size):
        i = at[j]
        fen = max(gross_fen[i], refund_fen[i], stock_fen[i])
        counts = max(orders[i], buyers[i], rating_count[i])
        signs = gross_fen[i] | refund_fen[i] | stock_fen[i] | rating_sum_milli[i]
        signs |= orders[i] | buyers[i] | rating_count[i]
        fault = 0
        if days[i] < since_day[j]:
            fault = 1
        elif days[i] > today:
            fault = 2
        elif days[i] < today - FEED_LATE_DAYS_MAX:
            fault = 3
        elif revisions[i] < 0 or revisions[i] > FEED_REVISION_MAX:
            fault = 4
        elif signs < 0:
            fault = 5
        elif fen > FEED_DAY_FEN_MAX or counts > FEED_DAY_COUNT_MAX:
            fault = 6
        elif rating_sum_milli[i] > rating_count[i] * FEED_RATING_MILLI_MAX:
            fault = 7
        found[j] = fault
        failed += fault > 0
        doubtful += fault == 0 and refund_fen[i] > gross_fen[i]
    return failed, doubtful


@compiled
def stale_rows(found: I64, at: I64, revisions: I64, held_ratings: I64, stamp_day: int) -> int:
    """Into ``found`` (m,): 0 for news, 1 where the slot has outlived the day, 2 for a revision
    that is held already, 3 where a higher one is held.

    held_ratings: (m,), the fourth words of what stands in the slots.  stamp_day: the day's part of
    a stamp.  Returns how many are no news.
    """
    stale = 0
    for j in range(at.size):
        stamp = revisions[at[j]] | stamp_day << REVISION_BITS
        held = held_ratings[j] >> STAMP_SHIFT
        is_same_day = held >> REVISION_BITS == stamp_day
        found[j] = 0
        if held == stamp:
            found[j] = 2
        elif held > stamp:
            found[j] = 3 if is_same_day else 1
        stale += found[j] > 0
    return stale


@compiled
def open_rows(
    at: I64, mine: I64, unseen: I64, opened: I64, accounts: I64, basis: I64, classes_all: int
) -> tuple[int, int, int, int]:
    """Into ``at``: positions of rows that have a basis, and into ``mine`` their accounts; into
    ``unseen``: positions of the others; (n,) each, filled from the start. Into ``opened``, by
    account: the basis.

    Returns how many have one, which classes are open in all of these, and the lowest and the
    highest basis.
    """
    count = high = 0
    common, low = classes_all, _ABOVE_ANY
    for j in range(accounts.size):
        opened[accounts[j]] = basis[j]
        if basis[j] > 0:
            at[count], mine[count] = j, accounts[j]
            count += 1
            common &= basis[j]
            low, high = min(low, basis[j]), max(high, basis[j])
        else:
            unseen[j - count] = j
    return count, common, low, high


@compiled
def put_rows(
    kept: I64,
    day_words: Columns,
    here: I64,
    sums: Columns,
    there: I64,
    at: I64,
    revisions: I64,
    columns: Columns,
    stamp_day: int,
    period: int,
) -> None:
    """Into ``kept`` (4, m) and ``day_words``, where the rows stand ``here``: the days as they are
    kept. Into ``sums``, where they stand ``there``: their periods' sums with them, in place of
    what was held of the same days; what another period left in the slot is replaced.

    day_words, sums: four columns each, as they stand in the slots.  here, there: (m,).
    """
    gross_fen, orders, buyers, refund_fen, rating_sum_milli, rating_count, stock_fen = columns
    held_sales, held_refunds, held_stock, held_ratings = day_words
    sum_sales, sum_refunds, sum_stock, sum_ratings = sums
    for j in range(at.size):
        i, h, t = at[j], here[j], there[j]
        sales = gross_fen[i] | orders[i] << COUNT_SHIFT
        refunds = refund_fen[i] | buyers[i] << COUNT_SHIFT
        stock = stock_fen[i] | rating_count[i] << COUNT_SHIFT
        ratings = rating_sum_milli[i] | np.int64(1) << DAYS_SHIFT
        stamp = revisions[i] | stamp_day << REVISION_BITS
        if sum_ratings[t] >> PERIOD_SHIFT != period:
            sum_sales[t] = sum_refunds[t] = sum_stock[t] = 0
            sum_ratings[t] = period << PERIOD_SHIFT
        if held_ratings[h] >> STAMP_SHIFT >> REVISION_BITS == stamp_day:
            sum_sales[t] -= held_sales[h]
            sum_refunds[t] -= held_refunds[h]
            sum_stock[t] -= held_stock[h]
            sum_ratings[t] -= held_ratings[h] & DAY_MASK
        sum_sales[t] += sales
        sum_refunds[t] += refunds
        sum_stock[t] += stock
        sum_ratings[t] += ratings
        ratings |= stamp << STAMP_SHIFT
        kept[0, j], kept[1, j], kept[2, j], kept[3, j] = sales, refunds, stock, ratings
        held_sales[h], held_refunds[h] = sales, refunds
        held_stock[h], held_ratings[h] = stock, ratings
