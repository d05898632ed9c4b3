"""What the two in-process chains share: pool, blocks, receipts, nonces, and reorganisation.

A subclass executes; this class is the node around it.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from system.adapters.evm_pool import Pending, Pool
from system.adapters.evm_transactions import Opened, check_gas
from system.errors import InputError
from system.ports.evm import Address, Block, Call, Log, Receipt, Signed


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one execution did. ``events`` are (address, topics, data) in order."""

    gas_used: int
    ok: bool
    revert_data: bytes
    contract_address: Address | None
    events: tuple[tuple[Address, tuple[bytes, ...], bytes], ...]


@dataclass(frozen=True, slots=True)
class _Mined:
    block: Block
    transactions: tuple[Pending, ...]
    receipts: tuple[Receipt, ...]


class LocalChain(ABC):
    """Implements the Evm and BlockProducer ports in this process; blocks are sealed on demand."""

    # Between the times of a block and its parent, at least.
    time_step_s = 1

    def __init__(self, chain_id: int, genesis: Block) -> None:
        self._chain_id = chain_id
        self._mined = [_Mined(genesis, (), ())]
        self._receipt_by_hash: dict[bytes, Receipt] = {}
        self._nonces: dict[Address, int] = {}
        self._pool = Pool()

    @property
    def chain_id(self) -> int:
        return self._chain_id

    @property
    @abstractmethod
    def gas_is_authoritative(self) -> bool: ...

    @abstractmethod
    def prepare(self, call: Call, nonce: int) -> Signed: ...

    @abstractmethod
    def _view(self, call: Call) -> bytes:
        """Run a call on the head state and undo it. Raises EvmReverted."""

    @abstractmethod
    def _open(self, raw: bytes) -> Opened:
        """Decode raw bytes and prove the sender. Raises InputError."""

    @abstractmethod
    def _execute(self, time_s: int, batch: Sequence[Pending]) -> tuple[bytes, list[Outcome]]:
        """Run a block on top of the head; its hash, and one outcome per transaction."""

    @abstractmethod
    def _rewind(self, to: Block) -> None:
        """Restore the state after this block, already the head of the shortened chain."""

    def send(self, batch: Sequence[Signed]) -> None:
        """Accept what can be accepted; then raise InputError for the first that cannot."""
        refused: InputError | None = None
        for signed in batch:
            if signed.tx_hash in self._pool or signed.tx_hash in self._receipt_by_hash:
                continue
            try:
                self._accept(signed)
            except InputError as error:
                refused = refused or error
        if refused is not None:
            raise refused

    def _accept(self, signed: Signed) -> None:
        opened = self._open(signed.raw)
        mined = self.nonce(opened.call.sender)
        if opened.nonce < mined:
            raise InputError("nonce", opened.nonce, f"the account's next nonce is {mined}")
        check_gas(opened.call)
        self._pool.add(Pending(signed, opened))

    def call(self, call: Call) -> bytes:
        check_gas(call)
        return self._view(call)

    def nonce(self, account: Address) -> int:
        return self._nonces.get(account.lower(), 0)

    def head(self) -> Block:
        return self._mined[-1].block

    def block(self, number: int) -> Block | None:
        return self._mined[number].block if 0 <= number < len(self._mined) else None

    def receipts(self, tx_hashes: Sequence[bytes]) -> list[Receipt | None]:
        return [self._receipt_by_hash.get(tx_hash) for tx_hash in tx_hashes]

    def block_receipts(self, number: int) -> list[Receipt]:
        return list(self._mined[number].receipts) if 0 <= number < len(self._mined) else []

    def seal(self, at_s: int) -> Block:
        """One block of all that can be mined, whatever its size; empty when nothing waits.

        Raises InputError unless at_s is ``time_step_s`` or more above the head's time.
        """
        head = self.head()
        if at_s < head.time_s + self.time_step_s:
            least_s = head.time_s + self.time_step_s
            raise InputError("at_s", at_s, f"the head is of {head.time_s}: give {least_s} or more")
        batch = self._pool.take(self._nonces)
        block_hash, outcomes = self._execute(at_s, batch)
        block = Block(head.number + 1, block_hash, head.hash, at_s)
        mined = _Mined(block, tuple(batch), _receipts(block, batch, outcomes))
        self._mined.append(mined)
        for pending, receipt in zip(batch, mined.receipts, strict=True):
            self._nonces[pending.opened.call.sender] = pending.opened.nonce + 1
            self._receipt_by_hash[receipt.tx_hash] = receipt
        return block

    def forget_waiting(self) -> None:
        """Lose what no block holds yet, as a node that restarts may."""
        self._pool = Pool()

    def reorg(self, depth: int, *, keep: bool) -> None:
        """Drop the last blocks. Their transactions wait again (keep) or are lost, as on real nodes.

        Raises InputError when depth is not in 1..head number.
        """
        if not 1 <= depth < len(self._mined):
            raise InputError("depth", depth, f"give 1 to {len(self._mined) - 1} blocks")
        dropped = self._mined[-depth:]
        del self._mined[-depth:]
        lost = [pending for mined in dropped for pending in mined.transactions]
        for pending in reversed(lost):
            del self._receipt_by_hash[pending.signed.tx_hash]
            self._nonces[pending.opened.call.sender] = pending.opened.nonce
        self._rewind(self.head())
        if keep:
            self._pool.put_first(lost)


def _receipts(
    block: Block, batch: Sequence[Pending], outcomes: Sequence[Outcome]
) -> tuple[Receipt, ...]:
    receipts: list[Receipt] = []
    log_index = 0
    for tx_index, (pending, outcome) in enumerate(zip(batch, outcomes, strict=True)):
        tx_hash = pending.signed.tx_hash
        logs = tuple(
            Log(*event, block.number, block.hash, tx_hash, tx_index, log_index + offset)
            for offset, event in enumerate(outcome.events)
        )
        log_index += len(logs)
        receipts.append(
            Receipt(
                tx_hash=tx_hash,
                block_number=block.number,
                block_hash=block.hash,
                block_time_s=block.time_s,
                tx_index=tx_index,
                gas_used=outcome.gas_used,
                ok=outcome.ok,
                revert_data=outcome.revert_data,
                contract_address=outcome.contract_address,
                logs=logs,
            )
        )
    return tuple(receipts)
