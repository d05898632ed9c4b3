"""The chain behind a node that times out, forgets, restarts and has too many callers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.faults import Faults
from system.errors import EvmUnavailable
from system.ports.evm import Address, Block, Call, Receipt, Signed


class FaultyEvm:
    """Stands in for a chain that seals on demand. Signing is the caller's own and never fails."""

    def __init__(self, chain: Any, faults: Faults) -> None:
        self._chain, self._faults = chain, faults
        # Priced too low for now: known to the network, and mined when the spike is over.
        self._underpriced: dict[bytes, Signed] = {}

    @property
    def chain_id(self) -> int:
        return int(self._chain.chain_id)

    @property
    def gas_is_authoritative(self) -> bool:
        return bool(self._chain.gas_is_authoritative)

    def prepare(self, call: Call, nonce: int) -> Signed:
        signed: Signed = self._chain.prepare(call, nonce)
        return signed

    def send(self, batch: Sequence[Signed]) -> None:
        faults = self._faults
        self._reach("send")
        if batch and faults.strikes("evm_timeout_before"):
            raise EvmUnavailable("send", "timeout")
        self._chain.send([signed for signed in self._without_gap(batch) if self._is_kept(signed)])
        if batch and faults.strikes("evm_timeout_after"):
            raise EvmUnavailable("send", "timeout")

    def _without_gap(self, batch: Sequence[Signed]) -> Sequence[Signed]:
        return batch[1:] if batch and self._faults.strikes("nonce_gap") else batch

    def _is_kept(self, signed: Signed) -> bool:
        if self._faults.strikes("transaction_dropped"):
            return False
        if signed.tx_hash in self._underpriced or self._faults.strikes("gas_spike"):
            self._underpriced[signed.tx_hash] = signed
            return False
        return True

    def call(self, call: Call) -> bytes:
        self._reach("call")
        return bytes(self._chain.call(call))

    def nonce(self, account: Address) -> int:
        self._reach("nonce")
        return int(self._chain.nonce(account))

    def head(self) -> Block:
        self._reach("head")
        block: Block = self._chain.head()
        return block

    def block(self, number: int) -> Block | None:
        self._reach("block")
        block: Block | None = self._chain.block(number)
        return block

    def receipts(self, tx_hashes: Sequence[bytes]) -> list[Receipt | None]:
        self._reach("receipts")
        found: list[Receipt | None] = self._chain.receipts(tx_hashes)
        return found

    def block_receipts(self, number: int) -> list[Receipt]:
        self._reach("block_receipts")
        found: list[Receipt] = self._chain.block_receipts(number)
        return found

    def seal(self, at_s: int) -> Block:
        """One block. Raises EvmUnavailable while the node is away."""
        if self._faults.open("node_restart"):
            raise EvmUnavailable("seal", "the node is away")
        if self._underpriced and not self._faults.open("gas_spike"):
            waiting, self._underpriced = list(self._underpriced.values()), {}
            self._chain.send(waiting)
        block: Block = self._chain.seal(at_s)
        return block

    def reorg(self, depth: int, *, keep: bool) -> Block:
        """Drop the last blocks, as the chain does; the head that is left."""
        self._chain.reorg(depth, keep=keep)
        block: Block = self._chain.head()
        return block

    def restart(self) -> None:
        """The node comes back without what waited in it."""
        self._chain.forget_waiting()

    def _reach(self, operation: str) -> None:
        """Raises EvmUnavailable where the node does not answer."""
        if self._faults.open("node_restart"):
            self._faults.struck["node_restart"] += 1
            raise EvmUnavailable(operation, "connection refused")
        if self._faults.strikes("rpc_rate_limit"):
            raise EvmUnavailable(operation, "429 too many requests")
