"""The nouns of joint training: who takes part, what each side owns, and what each side gets."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Role(StrEnum):
    """The bank holds the target and reads the scores; the platform holds the sales data."""

    BANK = "bank"
    PLATFORM = "platform"

    @property
    def rank(self) -> int:
        """The party's number in the protocol."""
        return int(self is Role.PLATFORM)

    @property
    def other(self) -> "Role":
        return Role.BANK if self is Role.PLATFORM else Role.PLATFORM


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a party listens, where it finds the other, and which certificates prove who is who.

    listen, peer: host:port. cert, key: this party's own, PEM. peer_cert: the one certificate that
    the other party may show. patience_s: silence of the other side after which the run fails.
    """

    role: Role
    listen: str
    peer: str
    cert: Path
    key: Path
    peer_cert: Path
    patience_s: int


@dataclass(frozen=True, slots=True)
class OwnData:
    """One party's rows. ids: unique, NFC text. values: float64 (n, d), NaN = missing.

    target: bool (n,), the bank's in training; None otherwise.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    values: F64
    target: Bools | None = None


@dataclass(frozen=True, slots=True)
class HalfModel:
    """One party's half of a split model: useless without the other, and never shown to it.

    A row's partial log-odds are the sum of weights of the steps that it has reached, plus
    ``offset``. knots: per column, ascending; a step is value >= knot. missing: the columns that
    have a weight of their own for a missing value. means and weights: one per step, column by
    column, the missing step last. pair_id: equal in the two halves of one training, hex.
    """

    role: Role
    pair_id: str
    names: tuple[str, ...]
    knots: tuple[tuple[float, ...], ...]
    missing: tuple[bool, ...]
    means: tuple[float, ...]
    weights: tuple[float, ...]
    offset: float


@dataclass(frozen=True, slots=True)
class Scores:
    """What the bank reads. rows: int64 (m,), its own rows that both sides know, in id order.

    points: int64 (m,), POINTS_PER_DOUBLING points double the odds of default. pd_ppm: int64 (m,).
    """

    rows: I64
    points: I64
    pd_ppm: I64
