"""The shape of run.json, checked before anything is done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from system.errors import InputError

RUNNING, OK, FAILED, PARTIAL = "running", "ok", "failed", "partial"

Shape = tuple[str, Callable[[Any], bool]]


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _all(value: Any, fits: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(fits, value))


def _is_word(value: Any) -> bool:
    return isinstance(value, str)


def _is_span(value: Any) -> bool:
    return _all(value, _whole) and len(value) == 2 and value[0] < value[1]


def _is_words_by_name(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_word, value.values()))


_WORD: Final[Shape] = ("a string", _is_word)
_WORDS: Final[Shape] = ("a list of strings", lambda value: _all(value, _is_word))
_WHOLE: Final[Shape] = ("a whole number, 0 or more", _whole)
_WHOLES: Final[Shape] = ("a list of whole numbers", lambda value: _all(value, _whole))
_WORDS_BY_NAME: Final[Shape] = ("a table of strings", _is_words_by_name)

# From the start, and once the folder was closed.
_OPENED: Final[Mapping[str, Shape]] = {
    "run": _WORD,
    "scenario": ("a table", lambda value: isinstance(value, dict)),
    "scenario_digest": _WORD,
    "overrides": _WORDS,
    "seed": _WHOLE,
    "arms": ("a list of arms", lambda value: _all(value, _is_word) and bool(value)),
    "wiring": _WORD,
    "evm": _WORD,
    "store": _WORD,
    "looks": (
        "a list of [first, end]",
        lambda value: _all(value, _is_span) and bool(value),
    ),
    "extended_from": _WHOLES,
    "alpha": ("a number", lambda value: isinstance(value, float)),
    "versions": _WORDS_BY_NAME,
    "status": (
        f"one of {RUNNING}, {OK}, {FAILED}, {PARTIAL}",
        lambda value: value in (RUNNING, OK, FAILED, PARTIAL),
    ),
}
_CLOSED: Final[Mapping[str, Shape]] = {
    "digest": _WORD,
    "replications": _WHOLES,
    "failed": _WHOLES,
    "invariants": _WORDS_BY_NAME,
    "events": _WHOLE,
    "files": _WORDS_BY_NAME,
}


def checked(run: Any, file: str) -> dict[str, Any]:
    """run.json's content with every key that its status asks for, and no other.

    Raises InputError: the key, what it holds, and what it should hold.
    """
    if not isinstance(run, dict):
        raise InputError("run.json", run, "write a table: restore the file", file=file)
    shapes = _OPENED if run.get("status") == RUNNING else {**_OPENED, **_CLOSED}
    for key in run:
        if key not in shapes:
            raise InputError(key, run[key], "unknown key: restore the file", file=file)
    for key, (meaning, fits) in shapes.items():
        if not fits(run.get(key)):
            raise InputError(key, run.get(key), f"write {meaning}: restore the file", file=file)
    return run
