"""Columns over merchants, cut into blocks of rows that are drawn and computed one by one.

Luck is keyed by purpose, day and block, so that a block's draws depend neither on the number of
threads nor on how many merchants follow: a longer population keeps its first rows.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.portable import F64 as F64
from sim.portable import I64 as I64
from sim.portable import Mask as Mask
from sim.portable import exp_portable as exp_portable
from sim.portable import floor_i64 as floor_i64
from sim.portable import part_floor as part_floor
from sim.streams import Luck
from system.kernels.compiled import compiled

I8 = NDArray[np.int8]
U64 = NDArray[np.uint64]

# A block's columns fit the second-level cache; fewer rows would pay NumPy's calls too often.
BLOCK_ROWS: Final = 8_192
NEVER: Final = 2**62
_BITS_16: Final = 65_536
R = TypeVar("R")
P = TypeVar("P")


class Block:
    """Rows first..first + n of the population, with their luck."""

    __slots__ = ("_luck", "first", "n", "number", "rows")

    def __init__(self, luck: Luck, number: int, n_all: int) -> None:
        self._luck, self.number = luck, number
        self.first = number * BLOCK_ROWS
        self.n = min(BLOCK_ROWS, n_all - self.first)
        self.rows = slice(self.first, self.first + self.n)

    def normal(self, purpose: str, day: int = 0) -> F64:
        """Standard normal, float64 (n,)."""
        return self._generator(purpose, day).standard_normal(self.n)

    def uniform(self, purpose: str, day: int = 0) -> F64:
        """float64 (n,) in [0, 1)."""
        return self._generator(purpose, day).random(self.n)

    def words(self, purpose: str, day: int) -> U64:
        """64 random bits each, uint64 (n,): four lots for rounding (``lot_of``)."""
        bits: Any = self._generator(purpose, day).bit_generator
        raw: U64 = bits.random_raw(self.n)
        return raw

    def _generator(self, purpose: str, day: int) -> np.random.Generator:
        return self._luck.generator(purpose, day, self.number)


@compiled
def lot_of(word: int, part: int) -> float:
    """One of the four independent uniforms of 16 bits in a word, in [0, 1). part: 0..3."""
    return ((word >> np.uint64(16 * part)) % np.uint64(_BITS_16)) / _BITS_16


def blocks_of(luck: Luck, n: int) -> list[Block]:
    """All blocks of a population of n."""
    return [Block(luck, number, n) for number in range(-(-n // BLOCK_ROWS))]


def cut(columns: R, rows: slice) -> R:
    """The same record over some rows only; its columns share memory with the whole."""
    record: Any = columns
    part: R = replace(record, **{f.name: getattr(record, f.name)[rows] for f in fields(record)})
    return part


def joined(parts: Sequence[R]) -> R:
    """One record over the rows of all parts, in order."""
    first: Any = parts[0]
    whole: R = replace(
        first,
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(first)},
    )
    return whole


class Workers:
    """Runs a function over parts, by several threads where that is asked for; results in order.

    NumPy works outside the interpreter's lock. Parts share no rows, so threads change no result.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def over(self, do: Callable[[P], R], parts: Sequence[P]) -> list[R]:
        if self._pool is None or len(parts) == 1:
            return [do(part) for part in parts]
        return list(self._pool.map(do, parts))
