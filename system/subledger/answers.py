"""Answers of columnar commands as text for the idempotency table, and back."""

import base64
from dataclasses import dataclass, fields
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from system.kernels.columns import I64, Mask

_NARROW: Final = ("<i1", "<i2", "<i4", "<i8")


@dataclass(frozen=True, slots=True)
class Answer:
    """Columns, one row per row asked, in order. code: 0 done, else a refusal."""

    code: I64


A = TypeVar("A", bound=Answer)


def refused_all(kind: type[A], n: int, code: int) -> A:
    """The same refusal for every row. A field's metadata may name a ``width``: (n, width)."""
    columns: dict[str, Any] = {}
    for field in fields(kind):
        width = field.metadata.get("width")
        shape = n if width is None else (n, width)
        columns[field.name] = np.zeros(shape, np.bool_ if field.type == Mask else np.int64)
    columns["code"] += code
    return kind(**columns)


def as_text(answer: Answer) -> str:
    """What the idempotency table keeps: each column in the fewest bytes, constant ones as one."""
    return "|".join(_packed(getattr(answer, field.name)) for field in fields(answer))


def from_text(kind: type[A], text: str) -> A:
    """The stored answer again."""
    names = [field.name for field in fields(kind)]
    return kind(**dict(zip(names, map(_unpacked, text.split("|")), strict=True)))


def _packed(column: NDArray[Any]) -> str:
    flag = "b" if column.dtype == np.bool_ else "i"
    shape = ",".join(map(str, column.shape))
    if column.size == 1:
        return f"{flag};{shape};{int(column.item())};"
    flat = column.astype(np.int64).ravel()
    low, high = (int(flat.min()), int(flat.max())) if flat.size else (0, 0)
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
