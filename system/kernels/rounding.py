"""Exact a * b / d on int64 columns, where a * b itself would overflow.

Long division in chunks of b: each chunk is as wide as the denominator leaves room for, so the
usual case (a rate times days over a year of parts per million) costs a single division.
"""

import numpy as np

from system.kernels.columns import I64

# Factors and denominators. 2**50 holds AMOUNT_FEN_MAX times a year of days.
FACTOR_MAX = 2**50
_ROOM_BITS = 62


def mul_div_floor(a: I64, b: I64 | int, d: I64 | int) -> I64:
    """a * b / d, rounded down.

    a: int64 (n,), 0..FACTOR_MAX.  b: same, or one number.  d: 1..FACTOR_MAX.
    Returns int64 (n,). Operands out of range, or a result above 2**62, assert.
    """
    return _mul_divmod(a, b, d)[0]


def mul_div_ceil(a: I64, b: I64 | int, d: I64 | int) -> I64:
    """a * b / d, rounded up. Operands and errors as in mul_div_floor."""
    quotient, remainder = _mul_divmod(a, b, d)
    return quotient + (remainder > 0)


def mul_div_half_even(a: I64, b: I64 | int, d: I64 | int) -> I64:
    """a * b / d, rounded to nearest, ties to even. Operands and errors as in mul_div_floor."""
    quotient, remainder = _mul_divmod(a, b, d)
    double, odd = 2 * remainder, quotient % 2 == 1
    up: I64 = ((double > d) | ((double == d) & odd)).astype(np.int64)
    return quotient + up


def _mul_divmod(a: I64, b: I64 | int, d: I64 | int) -> tuple[I64, I64]:
    a, b, d = np.broadcast_arrays(*(np.asarray(x, dtype=np.int64) for x in (a, b, d)))
    if not a.size:
        return np.zeros(a.shape, np.int64), np.zeros(a.shape, np.int64)
    b_max, d_max = int(b.max()), int(d.max())
    assert min(a.min(), b.min()) >= 0, "factor below zero"
    assert d.min() >= 1, "denominator below one"
    assert max(int(a.max()), b_max, d_max) <= FACTOR_MAX, "operand out of range"
    whole, part = np.divmod(a, d)
    assert (int(whole.max()) + 1) * b_max < 2**_ROOM_BITS, "result does not fit"
    chunk_bits = _ROOM_BITS - d_max.bit_length()
    quotient, remainder = np.zeros_like(a), np.zeros_like(a)
    for shift in reversed(range(0, max(b_max.bit_length(), 1), chunk_bits)):
        chunk = (b >> shift) & ((1 << chunk_bits) - 1)
        step, remainder = np.divmod((remainder << chunk_bits) + part * chunk, d)
        quotient = (quotient << chunk_bits) + step
    return whole * b + quotient, remainder
