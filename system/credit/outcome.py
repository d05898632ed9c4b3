"""The answers to the credit product's commands: columns, one row per row asked, in order."""

import base64
from dataclasses import dataclass, fields
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from system.kernels.columns import I64, Mask

# Reasons that a decision gives at most.
REASONS: Final = 4
_NARROW: Final = ("<i1", "<i2", "<i4", "<i8")


@dataclass(frozen=True, slots=True)
class Outcomes:
    """code: 0 done, else a Refusal.  amount_fen: what moved, 0 where refused."""

    code: I64
    amount_fen: I64


@dataclass(frozen=True, slots=True)
class Done:
    """The answer of commands that move no money of the merchant's choosing. code: as always."""

    code: I64


@dataclass(frozen=True, slots=True)
class Decisions:
    """code: 0 approved, 1xx not decided or declined.  limit, rate: 0 unless approved.

    pd_ppm, score, reasons (n, 4): of the model, also where it declined; 0 where it was not asked.
    explored: approved in spite of the PD, as part of the random share.
    """

    code: I64
    approved: Mask
    limit_fen: I64
    rate_ppm: I64
    pd_ppm: I64
    score: I64
    reasons: I64
    explored: Mask


@dataclass(frozen=True, slots=True)
class Repaid:
    """amount asked = applied + returned; applied = fee + penalty + interest + principal."""

    code: I64
    applied_fen: I64
    returned_fen: I64
    fee_fen: I64
    penalty_fen: I64
    interest_fen: I64
    principal_fen: I64


@dataclass(frozen=True, slots=True)
class Recovered:
    """amount asked = applied + returned."""

    code: I64
    applied_fen: I64
    returned_fen: I64


Answer = Outcomes | Done | Decisions | Repaid | Recovered
A = TypeVar("A", bound=Answer)


def refused_all(kind: type[A], n: int, code: int) -> A:
    """The same refusal for every row."""
    columns: dict[str, Any] = {
        field.name: np.zeros(n, np.bool_ if field.type == Mask else np.int64)
        for field in fields(kind)
    }
    columns["code"] += code
    if kind is Decisions:
        columns["reasons"] = np.zeros((n, REASONS), np.int64)
    return kind(**columns)


def as_text(answer: Answer) -> str:
    """What the idempotency table keeps: each column in the fewest bytes, constant ones as one."""
    return "|".join(_packed(getattr(answer, field.name)) for field in fields(answer))


def from_text(kind: type[A], text: str) -> A:
    """The stored answer again."""
    names = [field.name for field in fields(kind)]
    return kind(**dict(zip(names, map(_unpacked, text.split("|")), strict=True)))


def _packed(column: NDArray[Any]) -> str:
    flat = column.astype(np.int64).ravel()
    low, high = (int(flat.min()), int(flat.max())) if flat.size else (0, 0)
    shape = ",".join(map(str, column.shape))
    flag = "b" if column.dtype == np.bool_ else "i"
    if low == high:
        return f"{flag};{shape};{low};"
    kind = next(
        kind for kind in _NARROW if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max
    )
    return f"{flag};{shape};{kind};{base64.b64encode(flat.astype(kind).tobytes()).decode()}"


def _unpacked(text: str) -> NDArray[Any]:
    flag, shape_text, kind, body = text.split(";")
    shape = tuple(map(int, shape_text.split(",")))
    if kind not in _NARROW:
        column = np.full(shape, int(kind), np.int64)
    else:
        flat = np.frombuffer(base64.b64decode(body), dtype=kind)
        column = flat.astype(np.int64).reshape(shape)
    return column.astype(np.bool_) if flag == "b" else column
