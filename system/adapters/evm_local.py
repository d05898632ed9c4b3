"""What the two in-process chains share: pool, blocks, receipts, nonces, and reorganisation.

A subclass executes; this class is the node around it.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from system.adapters.evm_blocks import Blocks, Mined, Outcome, receipts_of
from system.adapters.evm_pool import Pending, Pool
from system.adapters.evm_transactions import Opened, check_gas
from system.errors import InputError
from system.ports.evm import Address, Block, Call, Receipt, Signed


class LocalChain(ABC):
    """Implements the Evm and BlockProducer ports in this process; blocks are sealed on demand."""

    # Between the times of a block and its parent, at least.
    time_step_s = 1

    def __init__(self, chain_id: int, blocks: Blocks) -> None:
        self._chain_id = chain_id
        self._blocks = blocks
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
            if signed.tx_hash in self._pool or self._blocks.receipt(signed.tx_hash):
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
        return self._blocks.head

    def block(self, number: int) -> Block | None:
        mined = self._blocks.find(number)
        return None if mined is None else mined.block

    def receipts(self, tx_hashes: Sequence[bytes]) -> list[Receipt | None]:
        return [self._blocks.receipt(tx_hash) for tx_hash in tx_hashes]

    def block_receipts(self, number: int) -> list[Receipt]:
        mined = self._blocks.find(number)
        return [] if mined is None else list(mined.receipts)

    def seal(self, at_s: int) -> Block:
        """One block of all that can be mined, whatever its size; empty when nothing waits.

        Raises InputError unless at_s is ``time_step_s`` or more above the head's time, and
        EvmUnavailable where it cannot be executed now; then what waits goes on waiting.
        """
        head = self.head()
        if at_s < head.time_s + self.time_step_s:
            least_s = head.time_s + self.time_step_s
            raise InputError("at_s", at_s, f"the head is of {head.time_s}: give {least_s} or more")
        batch = self._pool.take(self._nonces)
        try:
            block_hash, outcomes = self._execute(at_s, batch)
        except BaseException:
            self._pool.put_first(batch)
            raise
        block = Block(head.number + 1, block_hash, head.hash, at_s)
        receipts = receipts_of(block, [pending.signed.tx_hash for pending in batch], outcomes)
        self._blocks.append(Mined(block, tuple(batch), receipts))
        for pending in batch:
            self._nonces[pending.opened.call.sender] = pending.opened.nonce + 1
        return block

    def forget_waiting(self) -> None:
        """Lose what no block holds yet, as a node that restarts may."""
        self._pool = Pool()

    def reorg(self, depth: int, *, keep: bool) -> None:
        """Drop the last blocks. Their transactions wait again (keep) or are lost, as on real nodes.

        Raises InputError when depth is not in 1..head number.
        """
        if not 1 <= depth <= self._blocks.droppable:
            raise InputError("depth", depth, f"give 1 to {self._blocks.droppable} blocks")
        dropped = self._blocks.drop(depth)
        lost = [pending for mined in dropped for pending in mined.transactions]
        for pending in reversed(lost):
            self._nonces[pending.opened.call.sender] = pending.opened.nonce
        self._rewind(self.head())
        if keep:
            self._pool.put_first(lost)
