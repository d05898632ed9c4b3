"""A chain that keeps its blocks: what was sealed is there again, what was cut short never was."""

from pathlib import Path

import pytest

from system.adapters.evm_kept import KeptRevmChain
from system.errors import EvmUnavailable, IntegrityError
from system.ports.evm import Call

GENESIS_S = 1_767_225_600
SENDER = "0x" + "11" * 20
# Returns one byte of code: a deployment that leaves something behind.
CODE = bytes.fromhex("6001600c60003960016000f300")


def opened(path: Path, genesis_s: int = GENESIS_S) -> KeptRevmChain:
    return KeptRevmChain(path, chain_id=7, genesis_time_s=genesis_s, time_step_s=0)


def deploy(chain: KeptRevmChain) -> bytes:
    signed = chain.prepare(Call(SENDER, None, CODE, 200_000), chain.nonce(SENDER))
    chain.send([signed])
    chain.seal(GENESIS_S + 1)
    return signed.tx_hash


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
