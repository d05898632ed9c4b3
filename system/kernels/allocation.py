"""Splitting one amount over several shares, so that the parts sum to the whole."""

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
