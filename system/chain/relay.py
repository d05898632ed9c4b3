"""From outbox messages to final transactions, each at most once.

The nonce is reserved and the signed bytes are stored in one transaction of the store, before the
first send; from then on only those bytes are sent. So neither a crash, nor a lost answer, nor a
reorganisation can make a second transaction for the same message. All state is in the store.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from hashlib import sha256

from system.chain.relay_records import (
    NONCES,
    TARGET,
    TRANSACTIONS,
    NextNonce,
    RelayedTransaction,
    Settled,
    Trouble,
    call_of,
)
from system.errors import InputError
from system.ledger import outbox
from system.limits import BATCH_ITEMS_MAX
from system.ports.evm import Address, Evm, Receipt, Signed
from system.ports.store import Store, Unit

Settle = Callable[[Unit, Sequence[Settled]], None]
Report = Callable[[Unit, Sequence[Trouble]], None]
Meet = Callable[[Unit, Address], None]


class Relay:
    """Drives all messages to one chain. A pass is ``collect`` and ``dispatch``; repeat for ever.

    confirmations: blocks, the transaction's own included, after which a receipt is final.
    settle: applies the outcomes, in the transaction that marks their messages done.
    report: tells people, in the transaction that writes the trouble down.
    meet: sees that there is a key for an account, which another process may have opened.
    """

    def __init__(
        self,
        store: Store,
        evm: Evm,
        *,
        confirmations: int,
        settle: Settle,
        report: Report,
        meet: Meet = lambda unit, account: None,
    ) -> None:
        if confirmations < 1:
            raise InputError("confirmations", confirmations, "give 1 or more blocks")
        self._store, self._evm = store, evm
        self._settle, self._report, self._meet = settle, report, meet
        self._confirmations = confirmations
        # The head when the bytes were last sent. Lost at a restart, which only sends them again.
        self._sent_at_block: dict[str, int] = {}

    def dispatch(self) -> int:
        """Sign what is new, in the outbox's order, and send what no block holds.

        Returns how many transactions blocks can still bring to an end: sent, and not final.
        Bytes are sent once per block: a transaction that a block passed over may have been lost.
        Bytes that the node refuses are a dead letter; the others go on.

        Raises EvmUnavailable when the node's answer is not known: call again.
        """
        with self._store.transaction() as unit:
            messages = outbox.pending(unit, TARGET, BATCH_ITEMS_MAX)
            self._sign(unit, messages)
            waiting = unit.find(TRANSACTIONS, {"state": "open"})
        head = self._evm.head().number
        self._send(self._not_sent_at(head, waiting), head)
        with self._store.transaction() as unit:
            return self._under_way(unit.find(TRANSACTIONS, {"state": "open"}))

    def collect(self, now_s: int, head: int) -> list[Settled]:
        """Settle the messages whose receipts are final, in the order of the chain.

        head: the height from which confirmations are counted.  A message that was settled before
        its block was dropped is not settled again: its new outcome must equal the old one.

        Raises EvmUnavailable when the node does not answer: nothing has changed.
        """
        with self._store.transaction() as unit:
            waiting = unit.find(TRANSACTIONS, {"state": "open"})
        final = self._final(waiting, head)
        if not final:
            return []
        with self._store.transaction() as unit:
            same = _unchanged(unit, [row for row, _ in final])
            final = [(row, got) for row, got in final if row.sequence in same]
            settled = [Settled(row.message_id, got) for row, got in final if not row.effect]
            closed = [_closed(row, got) for row, got in final]
            if settled:
                self._settle(unit, settled)
            outbox.mark_done(unit, [outcome.message_id for outcome in settled], now_s)
            unit.replace(TRANSACTIONS, closed)
            self._tell(unit, [_contradiction(r) for r in closed if r.state == "contradicted"])
        return settled

    def reopen(self, unit: Unit, heights: Iterable[int]) -> None:
        """Send again what was final at these heights, whose blocks the chain has dropped."""
        lost = [
            row for height in heights for row in unit.find(TRANSACTIONS, {"block_number": height})
        ]
        if not lost:
            return
        unit.replace(TRANSACTIONS, [_reopened(row) for row in lost])
        cause = f"block {min(row.block_number or 0 for row in lost)} and above"
        message_ids = tuple(row.message_id for row in lost)
        self._tell(unit, [Trouble("final_block_dropped", message_ids, cause)])

    def is_adrift(self, unit: Unit) -> bool:
        """True while the chain does not hold, or contradicts, what was settled from it."""
        if unit.find(TRANSACTIONS, {"state": "contradicted"}, limit=1):
            return True
        return any(row.effect for row in unit.find(TRANSACTIONS, {"state": "open"}))

    def _tell(self, unit: Unit, troubles: Sequence[Trouble]) -> None:
        if troubles:
            self._report(unit, troubles)

    def _sign(self, unit: Unit, messages: Sequence[outbox.OutboxMessage]) -> None:
        """Reserve nonces and store the bytes; a message that cannot be signed is a dead letter."""
        last = unit.last(TRANSACTIONS)
        sequence = 0 if last is None else last.sequence
        nonces = _Nonces(unit, self._evm)
        rows: list[RelayedTransaction] = []
        dead: list[Trouble] = []
        for message in messages:
            try:
                call = call_of(message.payload)
                self._meet(unit, call.sender)
                signed = self._evm.prepare(call, nonces.peek(call.sender))
            except InputError as error:
                dead.append(_dead_letter(message.message_id, error))
                continue
            nonces.take(call.sender)
            sequence += 1
            rows.append(_open_row(sequence, message.message_id, signed))
        nonces.save()
        unit.insert(TRANSACTIONS, rows)
        outbox.mark_sent(unit, [row.message_id for row in rows])
        outbox.mark_dead(unit, [letter.message_ids[0] for letter in dead])
        self._tell(unit, dead)

    def _not_sent_at(
        self, head: int, waiting: Sequence[RelayedTransaction]
    ) -> list[RelayedTransaction]:
        """Those that no block holds and that were not sent since the head came."""
        receipts = self._evm.receipts([row.tx_hash for row in waiting])
        for row, receipt in zip(waiting, receipts, strict=True):
            if receipt is not None:
                # Should its block be dropped, then it is sent again at once.
                self._sent_at_block.pop(row.message_id, None)
        return [
            row
            for row, receipt in zip(waiting, receipts, strict=True)
            if receipt is None and self._sent_at_block.get(row.message_id) != head
        ]

    def _send(self, rows: Sequence[RelayedTransaction], head: int) -> None:
        """Send all; where the node refuses one, each goes alone, so that it holds up no other.

        Refused bytes are offered again at each block: the account's later nonces wait for them.
        """
        fresh = [row for row in rows if not row.refusal]
        try:
            self._evm.send([_signed(row) for row in fresh])
        except InputError:
            self._send_each(rows)
        else:
            self._send_each([row for row in rows if row.refusal])
        self._sent_at_block.update((row.message_id, head) for row in rows)

    def _send_each(self, rows: Sequence[RelayedTransaction]) -> None:
        changed: list[RelayedTransaction] = []
        for row in rows:
            refusal = self._refusal(row)
            if bool(refusal) != bool(row.refusal):
                changed.append(replace(row, refusal=refusal))
        if changed:
            with self._store.transaction() as unit:
                same = _unchanged(unit, rows)
                changed = [row for row in changed if row.sequence in same]
                unit.replace(TRANSACTIONS, changed)
                # A message that was settled before stays done; only its bytes go again.
                outbox.mark_dead(
                    unit, [r.message_id for r in changed if r.refusal and not r.effect]
                )
                self._tell(
                    unit, [_dead_letter(r.message_id, r.refusal) for r in changed if r.refusal]
                )

    def _refusal(self, row: RelayedTransaction) -> str:
        try:
            self._evm.send([_signed(row)])
        except InputError as error:
            return str(error)
        return ""

    def _under_way(self, waiting: Sequence[RelayedTransaction]) -> int:
        """Open transactions, less those that a refused one of the same account holds up."""
        gaps = {
            row.sender: row.nonce
            for row in waiting
            if row.refusal and self._evm.nonce(row.sender) <= row.nonce
        }
        return sum(
            not row.refusal and row.nonce < gaps.get(row.sender, row.nonce + 1) for row in waiting
        )

    def _final(
        self, waiting: Sequence[RelayedTransaction], head: int
    ) -> list[tuple[RelayedTransaction, Receipt]]:
        last_final = head - self._confirmations + 1
        receipts = self._evm.receipts([row.tx_hash for row in waiting])
        final = []
        for row, receipt in zip(waiting, receipts, strict=True):
            if receipt is None:
                continue
            self._sent_at_block.pop(row.message_id, None)
            if receipt.block_number <= last_final:
                final.append((row, receipt))
        return sorted(final, key=lambda pair: (pair[1].block_number, pair[1].tx_index))


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


def _signed(row: RelayedTransaction) -> Signed:
    return Signed(row.raw, row.tx_hash, row.sender, row.nonce)


def _unchanged(unit: Unit, rows: Sequence[RelayedTransaction]) -> set[int]:
    """The sequences of rows that are as they were read: another process may have been quicker."""
    held = unit.get(TRANSACTIONS, [(row.sequence,) for row in rows])
    return {row.sequence for row, now in zip(rows, held, strict=True) if row == now}


def _closed(row: RelayedTransaction, receipt: Receipt) -> RelayedTransaction:
    effect = _effect_of(receipt)
    return replace(
        row,
        state="final" if row.effect in (b"", effect) else "contradicted",
        block_number=receipt.block_number,
        ok=receipt.ok,
        revert_data=receipt.revert_data,
        effect=row.effect or effect,
        refusal="",
    )


def _reopened(row: RelayedTransaction) -> RelayedTransaction:
    return replace(row, state="open", block_number=None, ok=None, revert_data=b"")


def _effect_of(receipt: Receipt) -> bytes:
    """Digest of what a transaction changed; the reason of a refusal changes nothing."""
    logs = [(log.address, log.topics, log.data) for log in receipt.logs]
    return sha256(repr((receipt.ok, logs)).encode()).digest()


def _contradiction(row: RelayedTransaction) -> Trouble:
    cause = f"other outcome in block {row.block_number}"
    return Trouble("outcome_contradicted", (row.message_id,), cause)


def _dead_letter(message_id: str, cause: object) -> Trouble:
    return Trouble("dead_letter", (message_id,), str(cause))
