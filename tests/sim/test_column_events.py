"""The checksum of a column knows each row and its value, and not their order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.column_events import checksum
from sim.portable import I64

_MASK = 2**64 - 1


def one_by_one(rows: I64, values: I64) -> int:
    """The same in Python's own numbers, row by row."""
    total = 0
    for row, value in zip(rows.tolist(), values.tolist(), strict=True):
        mixed = (row + 1) * 0x9E3779B97F4A7C15 & _MASK
        mixed ^= value * 0xC2B2AE3D27D4EB4F & _MASK
        mixed ^= mixed >> 32
        mixed = mixed * 0xD6E8FEB86659FD93 & _MASK
        total += mixed ^ mixed >> 32
    return (total & _MASK) % 2**63


@given(st.lists(st.tuples(st.integers(0, 2**40), st.integers(-(2**63), 2**63 - 1)), max_size=20))
def test_a_checksum_is_that_of_its_rows_one_by_one(pairs: list[tuple[int, int]]) -> None:
    rows, values = np.array(pairs, np.int64).reshape(-1, 2).T
    assert checksum(rows.copy(), values.copy()) == one_by_one(rows, values)


def test_long_columns_are_summed_in_pieces_and_in_any_order() -> None:
    rows = np.arange(20_000)
    values = rows * 37 % 1_001 - 500
    whole = checksum(rows, values)
    assert whole == one_by_one(rows, values)
    assert checksum(rows[::-1].copy(), values[::-1].copy()) == whole
    assert checksum(rows, np.roll(values, 1)) != whole
