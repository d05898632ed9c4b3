"""From outbox messages to final transactions, each at most once.

The nonce is reserved and the signed bytes are stored in one transaction of the store, before the
first send; from then on only those bytes are sent. So neither a crash, nor a lost answer, nor a
reorganisation can make a second transaction for the same message. All state is in the store.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from system.chain.relay_records import (
    NONCES,
    TARGET,
    TRANSACTIONS,
    NextNonce,
    RelayedTransaction,
    Settled,
    call_of,
)
from system.errors import InputError
from system.ledger import outbox
from system.limits import BATCH_ITEMS_MAX
from system.ports.evm import Address, Evm, Signed
from system.ports.store import Store, Unit

Settle = Callable[[Unit, Sequence[Settled]], None]


class Relay:
    """Drives all messages to one chain. A pass is ``collect`` and ``dispatch``; repeat for ever.

    confirmations: blocks, the transaction's own included, after which a receipt is final.
    settle: applies the outcomes, in the transaction that marks their messages done.
    """

    def __init__(self, store: Store, evm: Evm, *, confirmations: int, settle: Settle) -> None:
        if confirmations < 1:
            raise InputError("confirmations", confirmations, "give 1 or more blocks")
        self._store, self._evm, self._settle = store, evm, settle
        self._confirmations = confirmations
        # The head when the bytes were last sent. Lost at a restart, which only sends them again.
        self._sent_at_block: dict[str, int] = {}

    def dispatch(self) -> int:
        """Sign what is new, in the outbox's order, and send what no block holds; the number sent.

        Bytes are sent once per block: a transaction that a block passed over may have been lost.

        Raises EvmUnavailable when the node's answer is not known: call again.
        """
        with self._store.transaction() as unit:
            messages = outbox.pending(unit, TARGET, BATCH_ITEMS_MAX)
            self._sign(unit, messages)
            waiting = unit.find(TRANSACTIONS, {"state": "open"})
        head = self._evm.head().number
        missing = [row for row in waiting if self._sent_at_block.get(row.message_id) != head]
        if missing:
            receipts = self._evm.receipts([row.tx_hash for row in missing])
            missing = [row for row, got in zip(missing, receipts, strict=True) if got is None]
        return self._send(missing, head)

    def collect(self, now_s: int) -> list[Settled]:
        """Settle the messages whose receipts are final, in the order of the chain.

        Raises EvmUnavailable when the node does not answer: nothing has changed.
        """
        with self._store.transaction() as unit:
            waiting = unit.find(TRANSACTIONS, {"state": "open"})
        final = self._final(waiting)
        if not final:
            return []
        settled = [outcome for _, outcome in final]
        message_ids = [outcome.message_id for outcome in settled]
        with self._store.transaction() as unit:
            self._settle(unit, settled)
            outbox.mark_done(unit, message_ids, now_s)
            unit.replace(TRANSACTIONS, [row for row, _ in final])
        for message_id in message_ids:
            self._sent_at_block.pop(message_id, None)
        return settled

    def _sign(self, unit: Unit, messages: Sequence[outbox.OutboxMessage]) -> None:
        """Reserve nonces and store the bytes; a message that cannot be signed is a dead letter."""
        last = unit.last(TRANSACTIONS)
        sequence = 0 if last is None else last.sequence
        nonces = _Nonces(unit, self._evm)
        rows: list[RelayedTransaction] = []
        dead: list[str] = []
        for message in messages:
            try:
                call = call_of(message.payload)
                signed = self._evm.prepare(call, nonces.peek(call.sender))
            except InputError:
                dead.append(message.message_id)
                continue
            nonces.take(call.sender)
            sequence += 1
            rows.append(_open_row(sequence, message.message_id, signed))
        nonces.save()
        unit.insert(TRANSACTIONS, rows)
        outbox.mark_sent(unit, [row.message_id for row in rows])
        outbox.mark_dead(unit, dead)

    def _send(self, rows: Sequence[RelayedTransaction], head: int) -> int:
        self._evm.send([Signed(row.raw, row.tx_hash, row.sender, row.nonce) for row in rows])
        self._sent_at_block.update((row.message_id, head) for row in rows)
        return len(rows)

    def _final(
        self, waiting: Sequence[RelayedTransaction]
    ) -> list[tuple[RelayedTransaction, Settled]]:
        last_final = self._evm.head().number - self._confirmations + 1
        receipts = self._evm.receipts([row.tx_hash for row in waiting])
        final = []
        for row, receipt in zip(waiting, receipts, strict=True):
            if receipt is not None and receipt.block_number <= last_final:
                closed = replace(
                    row,
                    state="final",
                    block_number=receipt.block_number,
                    ok=receipt.ok,
                    revert_data=receipt.revert_data,
                )
                final.append((closed, Settled(row.message_id, receipt)))
        return sorted(final, key=lambda pair: _place(pair[1]))


class _Nonces:
    """Next nonces of the senders in one pass, read once and written once."""

    def __init__(self, unit: Unit, evm: Evm) -> None:
        self._unit, self._evm = unit, evm
        self._next: dict[Address, int] = {}
        self._known: set[Address] = set()
        self._taken: set[Address] = set()

    def peek(self, sender: Address) -> int:
        if sender not in self._next:
            [row] = self._unit.get(NONCES, [(sender,)])
            if row is not None:
                self._known.add(sender)
            self._next[sender] = self._evm.nonce(sender) if row is None else row.nonce
        return self._next[sender]

    def take(self, sender: Address) -> None:
        self._next[sender] += 1
        self._taken.add(sender)

    def save(self) -> None:
        rows = [NextNonce(sender, n) for sender, n in self._next.items() if sender in self._taken]
        self._unit.insert(NONCES, [row for row in rows if row.sender not in self._known])
        self._unit.replace(NONCES, [row for row in rows if row.sender in self._known])


def _open_row(sequence: int, message_id: str, signed: Signed) -> RelayedTransaction:
    return RelayedTransaction(
        sequence=sequence,
        message_id=message_id,
        sender=signed.sender,
        nonce=signed.nonce,
        raw=signed.raw,
        tx_hash=signed.tx_hash,
        state="open",
        block_number=None,
        ok=None,
        revert_data=b"",
    )


def _place(settled: Settled) -> tuple[int, int]:
    return (settled.receipt.block_number, settled.receipt.tx_index)
