"""One text for one value, so that equal content has equal hashes everywhere."""

import hashlib
import json
from typing import Any, Final

_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces. Raises TypeError for what JSON cannot hold, and NaN."""
    return _ENCODER.encode(value)


def sha256_hex(text: str) -> str:
    """64 lower-case hex digits of the text's UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()
