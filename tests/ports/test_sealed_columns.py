"""Texts that a database keeps sealed: nobody reads, moves or alters them, and old ones stay."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from system.adapters.field_cipher import AesGcmCipher
from system.adapters.sealed_columns import STORE_KEYS, column_cipher, seal_again
from system.adapters.sql_store import SqlStore
from system.errors import InputError, IntegrityError
from system.ports.store import Table
from tests.ports.store_box import BANK

INDEX = b"i" * 32
SECRET = "6222020200112233445"


@dataclass(frozen=True, slots=True)
class Payee:
    owner: str
    account: str
    words: str
    visits: int


PAYEES = Table("payee", Payee, key=("owner",), sealed=("account", "words"))
ANN = Payee("ann", SECRET, "", 1)


def opened(folder: Path, bank: AesGcmCipher | None = BANK) -> SqlStore:
    store = SqlStore(f"sqlite:///{folder}/bank.db", (PAYEES, STORE_KEYS))
    if bank is not None:
        store.seal_with(column_cipher(store, bank))
    return store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    store = opened(tmp_path)
    yield store
    store.close()


def write(store: SqlStore, *rows: Payee) -> None:
    with store.transaction() as unit:
        unit.insert(PAYEES, rows)


def read(store: SqlStore, owner: str = "ann") -> Payee | None:
    with store.transaction() as unit:
        [row] = unit.get(PAYEES, [(owner,)])
    return row


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("bank.db*"))


@pytest.mark.parametrize("text", [SECRET, "", "字\0\n'sealed:", "x" * 50_000])
def test_what_was_written_is_read_and_does_not_stand_in_the_file(
    store: SqlStore, tmp_path: Path, text: str
) -> None:
    row = replace(ANN, account=text)
    write(store, row)
    assert read(store) == row
    again = replace(row, visits=2)
    with store.transaction() as unit:
        unit.replace(PAYEES, [again])
        assert unit.scan(PAYEES) == [again]
    assert not text or text.encode() not in on_disk(tmp_path)


def test_another_start_reads_it_and_nobody_without_the_key(store: SqlStore, tmp_path: Path) -> None:
    write(store, ANN)
    second = opened(tmp_path)
    assert read(second) == ANN
    second.close()
    blind = opened(tmp_path, None)
    shown = read(blind)
    assert shown is not None
    assert shown.account.startswith("sealed:")
    blind.close()
    with pytest.raises(InputError, match="founded with"):
        opened(tmp_path, AesGcmCipher({1: b"x" * 32}, INDEX))


def test_a_text_that_was_moved_or_altered_is_found_out(store: SqlStore, tmp_path: Path) -> None:
    write(store, ANN, replace(ANN, owner="bob", account="1"))
    with sqlite3.connect(tmp_path / "bank.db") as books:
        [kept] = books.execute("SELECT account FROM payee WHERE owner = 'ann'").fetchone()
        books.execute("UPDATE payee SET account = ? WHERE owner = 'bob'", (kept,))
    with pytest.raises(IntegrityError):
        read(store, "bob")


def test_what_was_written_before_there_was_a_key_is_read_as_it_is(tmp_path: Path) -> None:
    before = opened(tmp_path, None)
    write(before, ANN)
    before.close()
    after = opened(tmp_path)
    assert read(after) == ANN
    with after.transaction() as unit:
        unit.replace(PAYEES, [ANN])
    after.close()
    with sqlite3.connect(tmp_path / "bank.db") as books:
        [kept] = books.execute("SELECT account FROM payee").fetchone()
    assert kept.startswith("sealed:")


def test_a_rotation_seals_one_key_again_and_no_row(store: SqlStore, tmp_path: Path) -> None:
    write(store, ANN)
    both = AesGcmCipher({1: b"b" * 32, 2: b"n" * 32}, INDEX)
    with store.transaction() as unit:
        assert (seal_again(unit, both), seal_again(unit, both)) == (1, 0)
    newer = opened(tmp_path, AesGcmCipher({2: b"n" * 32}, INDEX))
    assert read(newer) == ANN
    newer.close()
    with pytest.raises(InputError):
        opened(tmp_path)


@pytest.mark.parametrize("names", [("owner",), ("visits",), ("nobody",)])
def test_what_rows_are_found_by_and_numbers_cannot_be_sealed(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    with pytest.raises(AssertionError, match="cannot be sealed"):
        SqlStore(f"sqlite:///{tmp_path}/bank.db", (replace(PAYEES, sealed=names),))
