"""Pending transactions of an in-process chain, with the rules that nodes share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from system.adapters.evm_transactions import Opened
from system.errors import InputError
from system.ports.evm import Address, Signed


@dataclass(frozen=True, slots=True)
class Pending:
    """A transaction as it was sent, and what it says."""

    signed: Signed
    opened: Opened


class Pool:
    """Arrival order across senders, nonce order within one; a gap waits for its filler."""

    def __init__(self) -> None:
        # Dictionaries keep arrival order.
        self._by_hash: dict[bytes, Pending] = {}
        self._hash_by_slot: dict[tuple[Address, int], bytes] = {}

    def __contains__(self, tx_hash: bytes) -> bool:
        return tx_hash in self._by_hash

    def add(self, pending: Pending) -> None:
        """Raises InputError when other bytes already wait under the same nonce."""
        slot = (pending.opened.call.sender, pending.opened.nonce)
        if slot in self._hash_by_slot:
            raise InputError("nonce", slot[1], "replacement is refused; resend the same bytes")
        self._by_hash[pending.signed.tx_hash] = pending
        self._hash_by_slot[slot] = pending.signed.tx_hash

    def put_first(self, returned: Iterable[Pending]) -> None:
        """Put the transactions of dropped blocks before all that waits."""
        waiting = list(self._by_hash.values())
        self._by_hash.clear()
        self._hash_by_slot.clear()
        for pending in (*returned, *waiting):
            self.add(pending)

    def take(self, nonces: Mapping[Address, int]) -> list[Pending]:
        """Remove and return all that can be mined now, each sender's nonces in sequence."""
        next_nonce: dict[Address, int] = {}
        passed_over: set[tuple[Address, int]] = set()
        taken: list[Pending] = []
        for pending in list(self._by_hash.values()):
            sender = pending.opened.call.sender
            nonce = next_nonce.setdefault(sender, nonces.get(sender, 0))
            if pending.opened.nonce != nonce:
                passed_over.add((sender, pending.opened.nonce))
                continue
            taken.append(self._remove(sender, nonce))
            # Later nonces that arrived before their gap was filled follow at once.
            while (sender, nonce := nonce + 1) in passed_over:
                taken.append(self._remove(sender, nonce))
            next_nonce[sender] = nonce
        return taken

    def _remove(self, sender: Address, nonce: int) -> Pending:
        return self._by_hash.pop(self._hash_by_slot.pop((sender, nonce)))
