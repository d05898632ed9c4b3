"""A kept chain goes on in windows; whatever happens between them, it is the chain revm runs."""

import gc
import os
import resource
import sqlite3
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from system.adapters import evm_kept
from system.adapters.evm_kept import KeptRevmChain
from system.adapters.evm_revm import RevmChain
from system.adapters.evm_shelf import Shelf
from system.adapters.evm_state_process import StateProcess
from system.errors import EvmUnavailable
from system.ports.evm import Call
from tests.ports.evm_box import BOX_CODE, COUNT, HALT, READ, READ_COUNT, REFUSE, STORE
from tests.system.kept_world import (
    GENESIS_S,
    MAKER,
    OTHER,
    Chain,
    box_of,
    kill_state,
    opened,
    run,
    viewed,
)

WORDS = st.integers(0, 2**256 - 1).map(lambda value: STORE + value.to_bytes(32))
DATA = st.one_of(WORDS, st.sampled_from([COUNT, REFUSE, HALT]))
CALLS = st.lists(st.tuples(st.sampled_from([MAKER, OTHER]), st.integers(0, 2), DATA), max_size=4)
STEPS = st.lists(st.one_of(CALLS, st.sampled_from(["box", "reopen", "kill"])), max_size=12)


@settings(max_examples=15, deadline=None)
@given(steps=STEPS)
def test_windows_starts_and_lost_states_change_nothing(steps: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        kept, plain = opened(Path(folder) / "c"), RevmChain(chain_id=7, genesis_time_s=GENESIS_S)
        boxes = [box_of(kept)]
        assert box_of(plain) == boxes[0]
        for step in steps:
            if step == "box":
                boxes.append(box_of(kept))
                assert box_of(plain) == boxes[-1]
            elif step == "reopen":
                kept = opened(Path(folder) / "c")
            elif step == "kill":
                kill_state(kept)
            else:
                calls = [(sender, boxes[at % len(boxes)], data) for sender, at, data in step]
                assert run(kept, *calls) == run(plain, *calls)
            assert kept.head() == plain.head()
            for box in boxes:
                for data in (READ, READ_COUNT, REFUSE):
                    assert viewed(kept, box, data) == viewed(plain, box, data)


def test_a_start_runs_the_blocks_after_the_last_window_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = opened(tmp_path / "c")
    box = box_of(chain)
    for _ in range(20):
        run(chain, (MAKER, box, COUNT))
    ran: list[object] = []
    repeat = KeptRevmChain._repeat

    def counted(self: KeptRevmChain, line: dict[str, Any]) -> None:
        ran.append(line)
        repeat(self, line)

    monkeypatch.setattr(KeptRevmChain, "_repeat", counted)
    assert int.from_bytes(viewed(opened(tmp_path / "c"), box, READ_COUNT)) == 20
    assert len(ran) <= 2


@pytest.mark.parametrize("harm", ["missing", "damaged", "of another chain", "of another version"])
def test_a_shelf_that_is_of_no_use_is_filled_anew(
    tmp_path: Path, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    chain = opened(tmp_path / "c")
    box = box_of(chain)
    for _ in range(7):
        run(chain, (MAKER, box, COUNT))
    head, told = chain.head(), [chain.block_receipts(number) for number in range(9)]
    del chain
    shelf = tmp_path / "c.state"
    if harm == "of another version":
        sqlite3.connect(shelf).execute("PRAGMA user_version = 99")
    else:
        for suffix in ("", "-wal", "-shm"):
            shelf.with_name(shelf.name + suffix).unlink(missing_ok=True)
    if harm == "damaged":
        shelf.write_bytes(b"no database" * 999)
    if harm == "of another chain":
        other = opened(tmp_path / "other")
        for _ in range(5):
            run(other, (OTHER, None, BOX_CODE))
        del other
        for suffix in ("", "-wal"):
            part = tmp_path / f"other.state{suffix}"
            if part.exists():
                part.replace(shelf.with_name(shelf.name + suffix))
    again = opened(tmp_path / "c")
    assert again.head() == head
    assert [again.block_receipts(number) for number in range(9)] == told
    assert int.from_bytes(viewed(again, box, READ_COUNT)) == 7
    assert again.nonce(MAKER) == 8
    assert again.nonce(OTHER) == 0
    assert ("made anew" in caplog.text) == (harm != "missing")


@pytest.mark.parametrize("table", ["slot", "account", "sender", "tx", "block"])
def test_a_shelf_with_a_damaged_page_is_filled_anew(tmp_path: Path, table: str) -> None:
    chain = opened(tmp_path / "c")
    box = box_of(chain)
    for _ in range(7):
        run(chain, (MAKER, box, COUNT))
    # Nothing of the state is needed to run this one again.
    head = chain.seal(chain.head().time_s + 5)
    del chain
    shelf = tmp_path / "c.state"
    with sqlite3.connect(shelf) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        [page] = db.execute(query, (table,)).fetchone()
        [size] = db.execute("PRAGMA page_size").fetchone()
    db.close()
    raw = bytearray(shelf.read_bytes())
    raw[(page - 1) * size : page * size] = b"\xa5" * size
    shelf.write_bytes(raw)
    again = opened(tmp_path / "c")
    assert again.head() == head
    assert int.from_bytes(viewed(again, box, READ_COUNT)) == 7
    assert again.nonce(MAKER) == 8


def test_an_older_backup_of_the_blocks_brings_back_the_state_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = opened(tmp_path / "c")
    box = box_of(chain)
    for number in range(30):
        run(chain, (MAKER, box, COUNT))
        if number == 9:
            backup = (tmp_path / "c").read_bytes()
    del chain
    (tmp_path / "c").write_bytes(backup)
    prove = evm_kept._prove

    def slowly(*told: Any) -> None:
        time.sleep(1.5)
        prove(*told)

    put = Shelf.put

    def put_in_place(self: Shelf, *told: Any) -> None:
        put(self, *told)
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # Whoever has opened the shelf before it is cleared must not serve what it was.
    monkeypatch.setattr(evm_kept, "_prove", slowly)
    monkeypatch.setattr(Shelf, "put", put_in_place)
    again = opened(tmp_path / "c")
    assert int.from_bytes(viewed(again, box, READ_COUNT)) == 10
    run(again, (MAKER, box, COUNT))
    assert int.from_bytes(viewed(opened(tmp_path / "c"), box, READ_COUNT)) == 11


def test_a_shelf_that_is_only_locked_is_kept(tmp_path: Path) -> None:
    chain = opened(tmp_path / "c")
    for _ in range(7):
        run(chain, (MAKER, None, BOX_CODE))
    del chain
    gc.collect()
    with sqlite3.connect(tmp_path / "c.state") as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        before = other.execute("SELECT count(*) FROM block").fetchone()
        with pytest.raises(EvmUnavailable, match="locked"):
            opened(tmp_path / "c")
    other.close()
    with sqlite3.connect(tmp_path / "c.state") as db:
        assert db.execute("SELECT count(*) FROM block").fetchone() == before
    assert opened(tmp_path / "c").head().number == 7


def no_files_left() -> list[int]:
    """Open whatever may be opened."""
    held = []
    with suppress(OSError):
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    return held


@pytest.mark.parametrize("is_seal", [False, True])
def test_without_a_free_file_nothing_is_lost(tmp_path: Path, is_seal: bool) -> None:
    """pyrevm panics then, and leaves an empty machine behind."""
    chain = opened(tmp_path / "c", transactions_per_window=1)
    box = box_of(chain)
    for _ in range(8):
        run(chain, (MAKER, box, COUNT))
    signed = chain.prepare(Call(MAKER, box, COUNT, 300_000), 9)
    chain.send([signed])
    seal = partial(chain.seal, chain.head().time_s + 1)
    work = seal if is_seal else partial(chain.call, Call(OTHER, box, READ_COUNT, 300_000))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    held = no_files_left()
    try:
        with pytest.raises(EvmUnavailable):
            work()
    finally:
        for one in held:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert int.from_bytes(viewed(chain, box, READ_COUNT)) == 8
    chain.seal(chain.head().time_s + 1)
    for number in range(9, 20):
        assert int.from_bytes(viewed(chain, box, READ_COUNT)) == number
        run(chain, (MAKER, box, COUNT))
    assert int.from_bytes(viewed(opened(tmp_path / "c"), box, READ_COUNT)) == 20


@pytest.mark.parametrize("kind", ["kept", "revm"])
def test_what_no_rule_admits_takes_its_gas_and_nothing_else(tmp_path: Path, kind: str) -> None:
    plain = RevmChain(chain_id=7, genesis_time_s=GENESIS_S)
    chain: Chain = opened(tmp_path / "c", 1) if kind == "kept" else plain
    box = box_of(chain)
    counted, too_large, again = run(
        chain, (MAKER, box, COUNT), (OTHER, None, b"\0" * 60_000), (MAKER, box, COUNT)
    )
    assert [one and one.ok for one in (counted, too_large, again)] == [True, False, True]
    assert int.from_bytes(viewed(chain, box, READ_COUNT)) == 2
    assert chain.nonce(OTHER) == 1


@pytest.mark.parametrize("kind", ["kept", "revm"])
def test_half_of_a_block_never_was(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = RevmChain(chain_id=7, genesis_time_s=GENESIS_S)
    chain: Chain = opened(tmp_path / "c", 1) if kind == "kept" else plain
    box = box_of(chain)
    run(chain, (MAKER, box, COUNT))
    before = viewed(chain, box, READ)
    called = RevmChain._called

    def broken(self: RevmChain, call: Call, nonce: int) -> Any:
        if call.sender == OTHER:
            raise MemoryError
        return called(self, call, nonce)

    with monkeypatch.context() as patched:
        patched.setattr(RevmChain, "_called", broken)
        with pytest.raises(MemoryError):
            run(chain, (MAKER, box, COUNT), (OTHER, box, COUNT))
    assert viewed(chain, box, READ) == before
    assert int.from_bytes(viewed(chain, box, READ_COUNT)) == 1
    chain.seal(chain.head().time_s + 5)
    assert int.from_bytes(viewed(chain, box, READ_COUNT)) == 3


def test_without_its_state_a_chain_says_so_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = opened(tmp_path / "c", transactions_per_window=1)
    box = box_of(chain)
    signed = chain.prepare(Call(MAKER, box, COUNT, 300_000), 1)
    chain.send([signed])
    with monkeypatch.context() as patched:
        patched.setattr(StateProcess, "restart", lambda self: None)
        kill_state(chain)
        with pytest.raises(EvmUnavailable, match="what serves it is gone"):
            chain.seal(chain.head().time_s + 1)
        with pytest.raises(EvmUnavailable):
            chain.call(Call(OTHER, box, READ_COUNT, 300_000))
    chain.seal(chain.head().time_s + 1)
    [receipt] = chain.receipts([signed.tx_hash])
    assert receipt is not None
    assert receipt.ok
    assert int.from_bytes(viewed(chain, box, READ_COUNT)) == 1
