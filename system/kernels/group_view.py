"""Who is to be watched, by what all products of a bank know together: columns in, columns out."""

from enum import IntEnum
from typing import Final

import numpy as np

from system.kernels.columns import I64, is_column
from system.limits import AMOUNT_FEN_MAX, PPM

NOBODY: Final = -1
_DAYS_MAX: Final = 100_000


class Signal(IntEnum):
    """Why a party is watched, the gravest first."""

    NONE = 0
    OWN = 1  # it is past due itself, in some product
    GROUP = 2  # another party of its group is
    DEBTOR = 3  # a debtor that owes it a large part of its claims is


def signals(late_days: I64, group: I64, seen: I64, late_days_min: int) -> tuple[I64, I64]:
    """Signals of parties' own arrears and of their groups'.

    late_days: int64 (n,), the worst over all products, 0..100,000.  group: int64 (n,), a number
    that members share, 0..n-1.  seen: int64 (n,), 1 where the party's data may be used for this,
    else 0: who is not seen raises no signal and gets none.  late_days_min: 1 or more.
    Returns Signal and the row of the party behind it (NOBODY for none), int64 (n,) each.
    """
    n = late_days.size
    assert is_column(late_days, 0, _DAYS_MAX)
    assert is_column(group, 0, max(n - 1, 0))
    assert late_days_min >= 1
    own = (late_days >= late_days_min) & (seen == 1)
    worst = np.full(n, NOBODY)
    # Of one group the latest stands for it; of equals the first.
    order = np.lexsort((-np.arange(n), late_days))
    late = order[own[order]]
    worst[group[late]] = late
    lead = np.where(seen == 1, worst[group], NOBODY)
    found = np.where(own, int(Signal.OWN), np.where(lead >= 0, int(Signal.GROUP), 0))
    return found, np.where(own, np.arange(n), lead)


def dependence(holder: I64, debtor: I64, value_fen: I64, is_late: I64, n: int) -> tuple[I64, I64]:
    """How much of each party's claims late debtors owe it.

    holder, debtor, value_fen: int64 (m,) each, open claims, 0..AMOUNT_FEN_MAX fen, at most a
    million.  is_late: int64 (n,), 1 for debtors that are late.  Returns the late part of each
    party's claims in ppm, rounded down, and the late debtor that owes most (NOBODY for none; of
    equals the first), int64 (n,) each.
    """
    assert is_column(value_fen, 0, AMOUNT_FEN_MAX)
    assert holder.size == debtor.size == value_fen.size <= PPM
    total_fen, late_fen = np.zeros(n, np.int64), np.zeros(n, np.int64)
    np.add.at(total_fen, holder, value_fen)
    at = np.flatnonzero(is_late[debtor] == 1)
    np.add.at(late_fen, holder[at], value_fen[at])
    # Exact: sums of a million claims of AMOUNT_FEN_MAX leave no room for a factor of PPM.
    share_ppm = [
        late * PPM // total if total else 0
        for late, total in zip(late_fen.tolist(), total_fen.tolist(), strict=True)
    ]
    return np.array(share_ppm, np.int64), _largest(holder[at], debtor[at], value_fen[at], n)


def _largest(holder: I64, debtor: I64, value_fen: I64, n: int) -> I64:
    """Of each holder the debtor with the largest sum."""
    lead = np.full(n, NOBODY)
    pairs, place = np.unique(holder * n + debtor, return_inverse=True)
    sums_fen = np.zeros(pairs.size, np.int64)
    np.add.at(sums_fen, place, value_fen)
    for pair in np.lexsort((-pairs, sums_fen)).tolist():
        lead[pairs[pair] // n] = pairs[pair] % n
    return lead
