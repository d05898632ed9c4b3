"""Scenario data as TOML, so that what a program has made can be read, run and changed by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(data: Mapping[str, Any]) -> str:
    """The text that ``tomllib`` reads back as ``data``: tables, lists, strings and numbers."""
    return "\n".join(_table(data, ())).strip() + "\n"


def _table(table: Mapping[str, Any], at: tuple[str, ...]) -> Iterator[str]:
    """Plain values first, then the tables inside, then the lists of tables."""
    below = {key: value for key, value in table.items() if _is_deep(value, len(at))}
    for key, value in table.items():
        if key not in below:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in below.items():
        here = (*at, key)
        name = ".".join(map(_key, here))
        for item in value if isinstance(value, list) else (value,):
            yield from ("", f"[[{name}]]" if isinstance(value, list) else f"[{name}]")
            yield from _table(item, here)


def _is_deep(value: Any, depth: int) -> bool:
    """Whether it gets a heading of its own; below two levels, tables stay within a line."""
    if isinstance(value, Mapping):
        return depth == 0 or (depth == 1 and not _is_plain(value))
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _is_plain(table: Mapping[str, Any]) -> bool:
    return bool(table) and "value" in table


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, float):
        return repr(value)
    # JSON writes strings, whole numbers, true and false as TOML does.
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)
