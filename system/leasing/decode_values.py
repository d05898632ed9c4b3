"""Columns of JSON values to int64: numbers scaled, times in milliseconds, MISSING where absent.

A value of a wrong kind is marked rather than raised; the rest of its column stays usable.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from system.kernels.columns import I64, MISSING, Mask

_NUMBER_KINDS: Final = frozenset({int, float})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
# Scaled values above this are no measurement; they saturate here, far outside every bound.
_HUGE: Final = 2.0**62


class Scaled(Protocol):
    """What a column says of its numbers."""

    @property
    def scale(self) -> float: ...
    @property
    def is_whole(self) -> bool: ...
    @property
    def is_flag(self) -> bool: ...


def numbers(values: Sequence[Any], column: Scaled) -> tuple[I64, Mask | None]:
    """value x scale, rounded to even; and which values are no number, where there are any.

    is_whole: a fraction is wrong.  is_flag: only true and false are right, as 1 and 0.
    """
    kinds = set(map(type, values))
    allowed = {bool} if column.is_flag else _NUMBER_KINDS
    wrong: Mask | None = None
    if not kinds <= allowed | {type(None)}:
        wrong = np.array([v is not None and type(v) not in allowed for v in values], np.bool_)
        values = [value if type(value) in allowed else None for value in values]
    scaled = np.array(values, np.float64)
    if column.scale != 1:
        scaled = scaled * column.scale
    return rounded(scaled, wrong, is_whole=column.is_whole)


def rounded(
    scaled: NDArray[np.float64], wrong: Mask | None, *, is_whole: bool
) -> tuple[I64, Mask | None]:
    """Rounded to even, MISSING for NaN; fractions join ``wrong`` where only whole is right."""
    whole = np.rint(scaled)
    if is_whole:
        broken = np.isfinite(scaled) & (whole != scaled)
        if broken.any():
            wrong = broken if wrong is None else wrong | broken
    absent = np.isnan(whole)
    if absent.any():
        result = np.clip(np.where(absent, 0.0, whole), -_HUGE, _HUGE).astype(np.int64)
        result[absent] = MISSING
        return result, wrong
    return np.clip(whole, -_HUGE, _HUGE).astype(np.int64), wrong


def times_ms(values: Sequence[Any], _column: Scaled) -> tuple[I64, Mask | None]:
    """ISO 8601 UTC texts as milliseconds since the epoch, and which values are none."""
    plain = _plain_times_ms(values)
    if plain is not None:
        return plain, None
    result = np.empty(len(values), np.int64)
    wrong: list[int] = []
    for row, value in enumerate(values):
        if value is None:
            result[row] = MISSING
            continue
        moment = moment_ms(value)
        result[row] = MISSING if moment is None else moment
        if moment is None:
            wrong.append(row)
    if not wrong:
        return result, None
    mask = np.zeros(len(values), np.bool_)
    mask[wrong] = True
    return result, mask


def _plain_times_ms(values: Sequence[Any]) -> I64 | None:
    """The times, where all have the usual form, to the second: YYYY-MM-DDThh:mm:ssZ."""
    if set(map(type, values)) != {str} or set(map(len, values)) != {20}:
        return None
    if {value[-1] for value in values} != {"Z"} or {value[10] for value in values} != {"T"}:
        return None
    try:
        moments = np.array([value[:19] for value in values], "M8[s]")
    except ValueError:
        return None
    return moments.astype(np.int64) * 1_000


def moment_ms(value: Any) -> int | None:
    """Milliseconds since the epoch of an ISO 8601 text that says its offset; None for any other."""
    if type(value) is not str or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            return None
        return (moment - _EPOCH) // _MS
    except (ValueError, OverflowError):
        return None


def texts(values: Sequence[Any]) -> tuple[list[str], Mask | None]:
    """Texts, "" where absent; and which values are no text."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return list(values), None
    wrong = None
    if not kinds <= {str, type(None)}:
        wrong = np.array([v is not None and type(v) is not str for v in values], np.bool_)
    return [value if type(value) is str else "" for value in values], wrong
