"""One text for one value, so that equal content has equal hashes everywhere."""

import hashlib
import json
from datetime import date
from typing import Any, Final

_DAY_0: Final = date(1970, 1, 1).toordinal()
_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces. Raises TypeError for what JSON cannot hold, and NaN."""
    return _ENCODER.encode(value)


def sha256_hex(text: str) -> str:
    """64 lower-case hex digits of the text's UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def iso_day(day: int) -> str:
    """YYYY-MM-DD of a business day."""
    return date.fromordinal(_DAY_0 + day).isoformat()


def day_of_iso(text: str) -> int:
    """The business day that ``iso_day`` writes so. Raises ValueError for what is no date."""
    return date.fromisoformat(text).toordinal() - _DAY_0
