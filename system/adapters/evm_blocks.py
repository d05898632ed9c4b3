"""The canonical blocks of a chain in this process, with their receipts."""

from collections.abc import Sequence
from dataclasses import dataclass

from system.adapters.evm_pool import Pending
from system.ports.evm import Address, Block, Log, Receipt


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one execution did. ``events`` are (address, topics, data) in order."""

    gas_used: int
    ok: bool
    revert_data: bytes
    contract_address: Address | None
    events: tuple[tuple[Address, tuple[bytes, ...], bytes], ...]


@dataclass(frozen=True, slots=True)
class Mined:
    """A block, what it holds, and what came of it."""

    block: Block
    transactions: tuple[Pending, ...]
    receipts: tuple[Receipt, ...]


class Blocks:
    """Every block from the first on, in memory."""

    def __init__(self, genesis: Block) -> None:
        self._mined = [Mined(genesis, (), ())]
        self._receipt_by_hash: dict[bytes, Receipt] = {}

    @property
    def head(self) -> Block:
        return self._mined[-1].block

    @property
    def droppable(self) -> int:
        """How many blocks of the end may be dropped."""
        return len(self._mined) - 1

    def find(self, number: int) -> Mined | None:
        """The block at this height; None where there is none."""
        position = number - self._mined[0].block.number
        return self._mined[position] if 0 <= position < len(self._mined) else None

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        return self._receipt_by_hash.get(tx_hash)

    def in_memory(self) -> Sequence[Mined]:
        """Those that have their transactions with them, oldest first."""
        return self._mined

    def append(self, mined: Mined) -> None:
        self._mined.append(mined)
        self._receipt_by_hash.update((receipt.tx_hash, receipt) for receipt in mined.receipts)

    def drop(self, depth: int) -> list[Mined]:
        """Take the last blocks away, and return them."""
        assert 1 <= depth <= self.droppable
        dropped = self._mined[-depth:]
        del self._mined[-depth:]
        for mined in dropped:
            for receipt in mined.receipts:
                del self._receipt_by_hash[receipt.tx_hash]
        return dropped


def receipts_of(
    block: Block, tx_hashes: Sequence[bytes], outcomes: Sequence[Outcome]
) -> tuple[Receipt, ...]:
    """Of a block's transactions in order, with their logs numbered through."""
    receipts: list[Receipt] = []
    log_index = 0
    for tx_index, (tx_hash, outcome) in enumerate(zip(tx_hashes, outcomes, strict=True)):
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
