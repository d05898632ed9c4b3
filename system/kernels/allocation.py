"""Splitting amounts, so that the parts sum to the whole."""

from collections.abc import Sequence

import numpy as np

from system.kernels.columns import I64, is_column
from system.kernels.rounding import mul_div_floor
from system.limits import AMOUNT_FEN_MAX


def allocate_pro_rata(amount_fen: int, weights: I64) -> I64:
    """Each share rounded down, and the remainder given fen by fen from the first row on.

    amount_fen: 0..sum of weights.  weights: int64 (n,), n >= 1, 0..AMOUNT_FEN_MAX, whose sum is
    1..AMOUNT_FEN_MAX; rows in order of precedence (lots by id).
    Returns int64 (n,) fen that sums to amount_fen. No share exceeds its weight: a row of
    weight that is not yet full takes the remainder. Bad input asserts.
    """
    assert is_column(weights, 0, AMOUNT_FEN_MAX)
    total = int(weights.sum())
    assert 1 <= total <= AMOUNT_FEN_MAX, "weights sum out of range"
    assert 0 <= amount_fen <= total, "more than the shares can hold"
    shares = mul_div_floor(weights, amount_fen, total)
    room = np.flatnonzero(shares < weights)
    shares[room[: amount_fen - int(shares.sum())]] += 1
    return shares


def fill_in_order(amount_fen: I64, owed_fen: Sequence[I64]) -> tuple[list[I64], I64]:
    """Each amount fills what is owed, one claim after another: a waterfall.

    amount_fen: int64 (n,) >= 0.  owed_fen: claims in order of precedence, int64 (n,) >= 0 each.
    Returns the part of each claim that is filled, and what is left of the amounts. Bad input
    asserts.
    """
    assert not amount_fen.size or int(amount_fen.min()) >= 0
    parts, left = [], amount_fen
    for owed in owed_fen:
        assert not owed.size or int(owed.min()) >= 0
        parts.append(np.minimum(left, owed))
        left = left - parts[-1]
    return parts, left
