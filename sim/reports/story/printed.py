"""Documents that other commands printed, handed to the report as files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from sim.run_folder import Json
from system.errors import InputError


def read_printed(path: Path, option: str, command: str, keys: Sequence[str]) -> Json:
    """What ``command`` printed, which has at least these keys. Raises InputError.

    option: of the command line, that named the file.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(option, str(path), f"cannot be read ({error})") from None
    missing = [key for key in keys if not isinstance(found, dict) or key not in found]
    if missing:
        remedy = f"give what {command} printed: {', '.join(missing)} is missing"
        raise InputError(option, str(path), remedy)
    document: Json = found
    return document
