"""A node that makes its blocks by itself, as Besu does: none can be asked for, they are awaited."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.anvil import anvil
from system import bootstrap
from system.adapters.os_clock import OsClock
from system.bootstrap import build_system
from system.chain.commands import EnrolParty
from system.errors import CannotSeal, EvmUnavailable
from system.parties.records import Role
from system.settings import Settings
from tests.ports.evm_worlds import CHAIN_ID, required_anvil
from tests.system.receivables_world import SECRET
from tests.system.test_relay_http import proxied

pytestmark = pytest.mark.anvil
SUPPLIER = EnrolParty("enrol-1", "supplier-1", "Supplier", int(Role.SUPPLIER), 2_000_000_000)


@contextmanager
def node(block_time_s: int) -> Iterator[str]:
    """Knows no method of development nodes; without a block time it makes no block at all."""
    now_s = OsClock().now_s()
    program = required_anvil()
    with anvil(program, chain_id=CHAIN_ID, genesis_time_s=now_s, block_time_s=block_time_s) as url:
        with proxied(url) as (proxy_url, line):
            line.unknown = b"evm_"
            yield proxy_url


def opened(folder: Path, url: str) -> bootstrap.System:
    settings = Settings(f"sqlite:///{folder}/bank.db", url)
    return build_system(clock=OsClock(), seed_secret=SECRET, settings=settings)


def is_active(system: bootstrap.System) -> bool:
    parts = system.parts
    address = parts.wallets.address("party/supplier-1")
    [active] = parts.contracts.view(
        parts.evm, "Participants", "isActive", address, int(Role.SUPPLIER)
    )
    return bool(active)


def test_a_bank_starts_on_it_and_starts_again_with_transactions_under_way(tmp_path: Path) -> None:
    with node(block_time_s=1) as url:
        first = opened(tmp_path, url)
        with pytest.raises(CannotSeal, match="wait for the node's blocks"):
            # Far enough ahead: the node may make a block of its own before this asks.
            first.chain.seal(first.chain.head().time_s + 3_600)
        assert first.receivables.enrol([SUPPLIER])[0].refusal is None
        assert first.receivables.relay() > 0
        first.close()
        again = opened(tmp_path, url)
        assert again.receivables.relay() == 0, "all that was under way is confirmed"
        assert is_active(again)
        again.close()


def test_a_node_that_makes_no_blocks_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "_LOOKS_MAX", 2)
    with node(block_time_s=0) as url, pytest.raises(EvmUnavailable, match="none above 0 in 1 s"):
        opened(tmp_path, url)
