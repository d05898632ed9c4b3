"""The EVM port: calls, blocks, receipts and logs of one chain, in domain terms.

Addresses are lower-case ``0x`` hex strings of 20 bytes; hashes and data are bytes; times are UTC
seconds; gas is in gas units. Raw transactions and their hashes are opaque to callers: an adapter
may encode them as it likes, so neither may reach a simulation digest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Address = str


@dataclass(frozen=True, slots=True)
class Call:
    """One message to a contract, or a deployment when ``to`` is None. ``gas_max`` is explicit."""

    sender: Address
    to: Address | None
    data: bytes
    gas_max: int


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction that is ready to send. Persist ``raw`` before the first send."""

    raw: bytes
    tx_hash: bytes
    sender: Address
    nonce: int


@dataclass(frozen=True, slots=True)
class Block:
    number: int
    hash: bytes
    parent_hash: bytes
    time_s: int


@dataclass(frozen=True, slots=True)
class Log:
    address: Address
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: bytes
    tx_hash: bytes
    tx_index: int
    log_index: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """Outcome of a mined transaction. ``revert_data`` is empty when ``ok``."""

    tx_hash: bytes
    block_number: int
    block_hash: bytes
    block_time_s: int
    tx_index: int
    gas_used: int
    ok: bool
    revert_data: bytes
    contract_address: Address | None
    logs: tuple[Log, ...]


class Evm(Protocol):
    """One chain, reached through one node."""

    @property
    def chain_id(self) -> int: ...

    @property
    def gas_is_authoritative(self) -> bool:
        """False where gas figures do not follow the protocol (the volume adapter)."""
        ...

    def prepare(self, call: Call, nonce: int) -> Signed:
        """Sign a call with the sender's key. Deterministic: same call and nonce, same bytes."""
        ...

    def send(self, batch: Sequence[Signed]) -> None:
        """Hand transactions to the node, in order.

        Sending the same bytes again has no effect. Raises EvmUnavailable when the answer is not
        known: the node may or may not have accepted; resend the same bytes, never new ones.
        """
        ...

    def call(self, call: Call) -> bytes:
        """Execute against the head state without changing it. Raises EvmReverted."""
        ...

    def nonce(self, account: Address) -> int:
        """The number of transactions mined from the account at the head."""
        ...

    def head(self) -> Block: ...

    def block(self, number: int) -> Block | None:
        """The canonical block at this height, or None above the head."""
        ...

    def receipts(self, tx_hashes: Sequence[bytes]) -> list[Receipt | None]:
        """One entry per hash, in order; None while it is not in a canonical block."""
        ...

    def block_receipts(self, number: int) -> list[Receipt]:
        """Every receipt of the canonical block at this height, in transaction order."""
        ...


class BlockProducer(Protocol):
    """A chain whose blocks are sealed on demand (embedded chains, development nodes)."""

    def seal(self, at_s: int) -> Block:
        """Mine one block of all that is pending, with this timestamp (above the head's)."""
        ...
