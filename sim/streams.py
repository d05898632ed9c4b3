"""Luck: every draw has its own key, so that nobody's draws depend on anybody else's.

A draw is a function of (root seed, replication, purpose, key) alone. It does not depend on the arm,
on the order of drawing, or on which other draws are made: two arms meet the same luck, and a new
actor, purpose, metric or fault changes no other stream. Two draws with equal purpose and key are
the same draw, so a key must name the occasion (actor, day, occurrence).
"""

from hashlib import blake2b
from operator import index

import numpy as np
from numpy.typing import NDArray

KeyPart = int | str

_BITS = 64
_SPAN = 1 << _BITS
_PPM = 1_000_000
# A double holds 53 bits: more would round up to 1.0 now and then.
_UNIT_BITS = 53


class Luck:
    """The streams of one replication. ``seed`` and ``replication`` are whole numbers."""

    __slots__ = ("_root", "replication", "seed")

    def __init__(self, seed: int, replication: int) -> None:
        self.seed, self.replication = index(seed), index(replication)
        self._root = blake2b(_encoded("shapan", (self.seed, self.replication)), digest_size=32)

    def __reduce__(self) -> tuple[type["Luck"], tuple[int, int]]:
        return Luck, (self.seed, self.replication)

    def generator(self, purpose: str, *key: KeyPart) -> np.random.Generator:
        """A fresh Philox generator for one occasion (about 10 microseconds: for many draws)."""
        return np.random.Generator(np.random.Philox(key=self._bits(purpose, key, 16)))

    def cohort(self, purpose: str, day: int, n: int) -> NDArray[np.float64]:
        """One uniform number per row of a cohort on a day: float64 (n,) in [0, 1).

        Draw for all rows, dead or alive, and mask afterwards: then a row's luck does not depend on
        who else is still alive, and a longer cohort keeps the draws of its first rows.
        """
        return self.generator(purpose, day).random(n)

    def unit(self, purpose: str, *key: KeyPart) -> float:
        """One uniform number in [0, 1)."""
        return (self._bits(purpose, key) >> (_BITS - _UNIT_BITS)) / (1 << _UNIT_BITS)

    def uniform_ppm(self, purpose: str, *key: KeyPart) -> int:
        """One uniform integer in 0..999_999."""
        return self._bits(purpose, key) * _PPM >> _BITS

    def chance(self, purpose: str, *key: KeyPart, share: float) -> bool:
        """True with probability ``share`` (0..1). A larger share keeps every earlier True."""
        assert 0 <= share <= 1, f"share is a ratio in 0..1, not {share}"
        # Scaling by a power of two is exact, so the decision is made on integers.
        return self._bits(purpose, key) < int(share * _SPAN)

    def chance_ppm(self, purpose: str, *key: KeyPart, share_ppm: int) -> bool:
        """True with probability ``share_ppm`` / 1_000_000."""
        return self.uniform_ppm(purpose, *key) < share_ppm

    def integer(self, purpose: str, *key: KeyPart, low: int, high: int) -> int:
        """One uniform integer in low..high, both included. Bias below (high - low) / 2**64."""
        assert low <= high, f"empty interval {low}..{high}"
        return low + (self._bits(purpose, key) * (high - low + 1) >> _BITS)

    def choice_index(self, purpose: str, *key: KeyPart, n: int) -> int:
        """One uniform index in 0..n-1."""
        return self.integer(purpose, *key, low=0, high=n - 1)

    def _bits(self, purpose: str, key: tuple[KeyPart, ...], size: int = 8) -> int:
        state = self._root.copy()
        state.update(_encoded(purpose, key))
        return int.from_bytes(state.digest()[:size], "little")


def _encoded(purpose: str, key: tuple[KeyPart, ...]) -> bytes:
    """Distinct (purpose, key) give distinct bytes: 1 and "1" differ, NumPy's 1 and 1 do not."""
    parts = [f"{len(purpose)}:{purpose}"]
    for part in key:
        parts.append(f"s{len(part)}:{part}" if isinstance(part, str) else f"i{index(part)};")
    return "".join(parts).encode()
