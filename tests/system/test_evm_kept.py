"""A chain that keeps its blocks: what was sealed is there again, what was cut short never was."""

import gc
import sqlite3
from pathlib import Path

import pytest

from system.adapters.evm_blocks import Mined
from system.adapters.evm_kept import KeptRevmChain
from system.adapters.evm_shelf import WINDOW, Shelf
from system.errors import EvmUnavailable, InputError, IntegrityError
from system.ports.evm import Call, Receipt

GENESIS_S = 1_767_225_600
SENDER = "0x" + "11" * 20
# Returns one byte of code: a deployment that leaves something behind.
CODE = bytes.fromhex("6001600c60003960016000f300")
# Emits a log with one topic and a word of data, and deploys nothing.
TALK = bytes.fromhex("602a5f52600760205fa100")


def opened(path: Path, genesis_s: int = GENESIS_S) -> KeptRevmChain:
    return KeptRevmChain(path, chain_id=7, genesis_time_s=genesis_s, time_step_s=0)


def deploy(chain: KeptRevmChain) -> bytes:
    signed = chain.prepare(Call(SENDER, None, CODE, 200_000), chain.nonce(SENDER))
    chain.send([signed])
    chain.seal(GENESIS_S + 1)
    return signed.tx_hash


def emit(chain: KeptRevmChain) -> bytes:
    signed = chain.prepare(Call(SENDER, None, TALK, 200_000), chain.nonce(SENDER))
    chain.send([signed])
    chain.seal(GENESIS_S + 1)
    return signed.tx_hash


def in_memory(kind: type = Mined) -> int:
    """Blocks in memory, or receipts, of all chains."""
    gc.collect()
    return sum(isinstance(one, kind) for one in gc.get_objects())


def test_a_chain_comes_back_with_its_blocks_and_receipts(tmp_path: Path) -> None:
    chain = opened(tmp_path / "chain")
    made = [deploy(chain), deploy(chain)]
    again = opened(tmp_path / "chain", genesis_s=GENESIS_S + 99)
    assert again.head() == chain.head()
    assert again.nonce(SENDER) == 2
    assert again.receipts(made) == chain.receipts(made)


def test_a_block_that_a_crash_cut_short_never_was(tmp_path: Path) -> None:
    path = tmp_path / "chain"
    chain = opened(path)
    deploy(chain)
    head, whole = chain.head(), path.read_bytes()
    deploy(chain)
    cut = path.read_bytes()[:-10]
    path.write_bytes(cut)
    assert opened(path).head() == head
    assert path.read_bytes() == whole


def test_an_altered_block_is_named(tmp_path: Path) -> None:
    path = tmp_path / "chain"
    deploy(opened(path))
    path.write_bytes(path.read_bytes().replace(b"1767225601", b"1767225602"))
    with pytest.raises(IntegrityError, match="kept block 1"):
        opened(path)


def test_a_block_that_cannot_be_kept_is_undone_and_sealed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = opened(tmp_path / "chain")
    before = chain.head()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(EvmUnavailable):
            deploy(chain)
    assert chain.head() == before
    chain.seal(GENESIS_S + 2)
    assert chain.nonce(SENDER) == 1
    assert opened(tmp_path / "chain").head() == chain.head()


def test_old_blocks_and_receipts_are_found_though_only_the_last_are_in_memory(
    tmp_path: Path,
) -> None:
    chain, others = opened(tmp_path / "chain"), in_memory()
    made = [emit(chain) for _ in range(3 * WINDOW)]
    told = [chain.block_receipts(number) for number in range(chain.head().number + 1)]
    again = opened(tmp_path / "chain")
    assert in_memory() - others < 3 * WINDOW
    for one in (chain, again):
        assert one.receipts(made) == [receipt for receipts in told for receipt in receipts]
        assert [one.block_receipts(number) for number in range(len(told))] == told
        heights = [one.block(number) for number in range(len(told))]
        assert [block and block.number for block in heights] == list(range(len(told)))
        assert one.block(len(told)) is None
        assert one.block_receipts(-1) == []


def test_an_old_transaction_that_is_sent_again_has_no_effect(tmp_path: Path) -> None:
    chain = opened(tmp_path / "chain")
    signed = chain.prepare(Call(SENDER, None, CODE, 200_000), 0)
    chain.send([signed])
    chain.seal(GENESIS_S + 1)
    for _ in range(2 * WINDOW):
        chain.seal(GENESIS_S + 1)
    chain.send([signed])
    chain.seal(GENESIS_S + 1)
    assert chain.nonce(SENDER) == 1


def test_blocks_that_cannot_be_shelved_stay_in_memory_until_they_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    chain, others = opened(tmp_path / "chain"), in_memory()
    other_receipts = in_memory(Receipt)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Shelf, "put", full)
        made = [emit(chain) for _ in range(2 * WINDOW)]
    assert "stay in memory" in caplog.text
    assert in_memory() - others == 2 * WINDOW
    made += [emit(chain) for _ in range(WINDOW)]
    assert in_memory() - others < 2 * WINDOW
    assert in_memory(Receipt) - other_receipts < 2 * WINDOW
    assert None not in chain.receipts(made)


def test_what_is_kept_is_never_dropped(tmp_path: Path) -> None:
    chain = opened(tmp_path / "chain")
    deploy(chain)
    with pytest.raises(InputError, match="drops no block"):
        chain.reorg(1, keep=True)
