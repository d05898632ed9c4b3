"""Texts that only the bank reads: sealed on their way into a database, opened on the way out.

A table says which of its fields are such (``Table.sealed``). They are sealed by one key of the
store, which lies in it sealed by the bank's: rotating the bank's key seals that one again, and no
row has to be written anew, not even where rows are for ever.
"""

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from system.adapters.table_shape import columns_of
from system.errors import DuplicateRow, InputError, IntegrityError
from system.ports.cipher import FieldCipher
from system.ports.store import Store, Table, Unit

# Before every sealed text. What was written before there was a key has none, and is read as it is.
_MARK: Final = "sealed:"
# Texts of a table that are remembered, and how long such a one may be.
_REMEMBERED: Final = 4_096
_SHORT_CHARS: Final = 256
_Change = Callable[[str, str, str], str]


@dataclass(frozen=True, slots=True)
class StoreKey:
    """wrapped: the key that seals columns, sealed by the bank's key of this version."""

    name: str
    key_version: int
    wrapped: bytes


STORE_KEYS: Final = Table("store_key", StoreKey, key=("name",))
_COLUMNS: Final = "columns"
_FIELD: Final = "store key"


class ColumnSeal:
    """One table's sealed fields. cipher: of the store's own key."""

    def __init__(self, table: Table[Any], cipher: FieldCipher) -> None:
        self._table, self._cipher = table, cipher
        self._key_of = attrgetter(*table.key)
        names = [column.name for column in columns_of(table)]
        self._values_of = attrgetter(*names)
        self._places = [(names.index(name), name) for name in table.sealed]
        # A row is written and read again with each step of what it tells of.
        self._close_short = lru_cache(_REMEMBERED)(self._close)
        self._open_short = lru_cache(_REMEMBERED)(self._open)

    def closed(self, row: Any) -> Any:
        """The row as the database keeps it. The row is the place that a text is sealed for."""
        return self._changed(row, self._close_short, self._close)

    def opened(self, row: Any) -> Any:
        """The row as it was. Raises IntegrityError for texts that were altered or moved."""
        return self._changed(row, self._open_short, self._open)

    def _changed(self, row: Any, short: _Change, long: _Change) -> Any:
        place = f"{self._table.name}/{self._key_of(row)!r}"
        values = list(self._values_of(row))
        for at, name in self._places:
            text = values[at]
            values[at] = (short if len(text) <= _SHORT_CHARS else long)(place, name, text)
        return self._table.record(*values)

    def _close(self, place: str, name: str, text: str) -> str:
        # As JSON: a text from outside may have a NUL in it.
        sealed = self._cipher.seal(place, name, json.dumps(text, ensure_ascii=False))
        return _MARK + base64.b64encode(sealed).decode("ascii")

    def _open(self, place: str, name: str, kept: str) -> str:
        if not kept.startswith(_MARK):
            return kept
        sealed = base64.b64decode(kept.removeprefix(_MARK))
        text: str = json.loads(self._cipher.open(place, name, sealed))
        return text


def column_cipher(store: Store, bank: FieldCipher) -> FieldCipher:
    """What seals a store's columns; its key is made at the first start.

    Raises InputError where the bank's key that sealed it is not held, or is another bank's.
    """
    # Another process of the bank may be first.
    with suppress(DuplicateRow), store.transaction() as unit:
        if unit.get(STORE_KEYS, [(_COLUMNS,)]) == [None]:
            unit.insert(STORE_KEYS, [_wrapped(bank, bank.fresh_key())])
    try:
        with store.transaction() as unit:
            return bank.for_subject(_key(unit, bank))
    except IntegrityError:
        remedy = "give the secret and the field keys that this store was founded with"
        raise InputError("secret", "…", remedy) from None


def seal_again(unit: Unit, bank: FieldCipher) -> int:
    """Seal the key under the bank's newest: 1 where that was due, else 0."""
    [held] = unit.get(STORE_KEYS, [(_COLUMNS,)])
    if held is None or held.key_version == bank.key_version:
        return 0
    unit.replace(STORE_KEYS, [_wrapped(bank, _key(unit, bank))])
    return 1


def _wrapped(bank: FieldCipher, key: bytes) -> StoreKey:
    return StoreKey(_COLUMNS, bank.key_version, bank.seal(_COLUMNS, _FIELD, key.hex()))


def _key(unit: Unit, bank: FieldCipher) -> bytes:
    [held] = unit.get(STORE_KEYS, [(_COLUMNS,)])
    assert held is not None, "made at the first start"
    return bytes.fromhex(bank.open(_COLUMNS, _FIELD, held.wrapped))
