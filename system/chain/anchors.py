"""Checkpoints of the audit log on the chain, where the bank cannot rewrite them.

One account, the witness, does nothing else: its transaction with nonce n - 1 carries checkpoint n
as plain call data. So the chain says by itself how many checkpoints there are, and which; no
contract is needed, and a second transaction for the same number cannot exist.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from eth_hash.auto import keccak

from system.chain.relay_records import TRANSACTIONS, RelayedTransaction, Settled, evm_message
from system.chain.session import Parts
from system.compliance.checkpoints import take_checkpoint
from system.compliance.records import CHECKPOINTS, Checkpoint
from system.errors import InputError
from system.ledger import outbox
from system.ports.evm import Address, Call, Evm, Receipt
from system.ports.store import Unit

WITNESS: Final = "witness"
_MARK: Final = b"shapan/audit/1"
_PREFIX: Final = "anchor/"
_NUMBER_BYTES: Final = 8
# Call data of 54 bytes costs under 24,000 gas by the rules of every fork so far.
_GAS: Final = 60_000
Opener = Callable[[bytes], tuple[Call, int]]


@dataclass(frozen=True, slots=True)
class AnchorReport:
    """anchored: checkpoints that the chain holds.  waiting: not final there yet.

    first_bad: number of the first checkpoint that the chain contradicts, None for none.
    """

    witness: Address
    anchored: int
    waiting: int
    first_bad: int | None
    detail: str


def anchor(parts: Parts) -> Checkpoint | None:
    """Take a checkpoint and queue it for the chain; None where nothing has happened since."""
    with parts.store.transaction() as unit:
        now_s = parts.clock.now_s()
        made = take_checkpoint(unit, now_s)
        if made is not None:
            account = parts.wallets.address(WITNESS)
            call = Call(account, account, data_of(made), _GAS)
            name = message_id(made.number)
            outbox.enqueue(unit, [evm_message(name, _PREFIX, made.number, call, now_s)])
        return made


def message_id(number: int) -> str:
    """Of the message that carries a checkpoint."""
    return f"{_PREFIX}{number:012}"


def data_of(made: Checkpoint) -> bytes:
    """What stands on the chain: a mark, the number, and the checkpoint's hash."""
    return _MARK + made.number.to_bytes(_NUMBER_BYTES) + bytes.fromhex(made.hash)


def without_anchors(settled: Sequence[Settled]) -> list[Settled]:
    """What the product itself sent: an anchor's outcome changes no book."""
    return [one for one in settled if not one.message_id.startswith(_PREFIX)]


def final(unit: Unit) -> int:
    """How many checkpoints the chain has taken for good."""
    return sum(row is not None and row.state == "final" for row in _rows(unit))


def _rows(unit: Unit) -> list[RelayedTransaction | None]:
    """The transaction of each checkpoint, in order; None where none was signed."""
    found = []
    for made in unit.scan(CHECKPOINTS):
        signed = unit.find(TRANSACTIONS, {"message_id": message_id(made.number)})
        found.append(signed[0] if signed else None)
    return found


def examine(unit: Unit, evm: Evm, opened: Opener, witness: Address | None) -> AnchorReport:
    """Hold every checkpoint of the books against the chain's own record.

    opened: call and nonce of raw bytes, with their sender proven.  witness: its account as the
    auditor knows it; None takes the one that the books name, which then proves nothing by itself.
    Raises EvmUnavailable.
    """
    made, rows = unit.scan(CHECKPOINTS), _rows(unit)
    signed = [(one, row) for one, row in zip(made, rows, strict=True) if row is not None]
    witness = witness or (signed[0][1].sender if signed else "")
    receipts = evm.receipts([row.tx_hash for _, row in signed])
    anchored = 0
    for (one, row), receipt in zip(signed, receipts, strict=True):
        if receipt is None:
            continue
        problem = _problem(one, row, receipt, opened, witness)
        if problem:
            waiting = len(made) - anchored
            return AnchorReport(witness, anchored, waiting, one.number, problem)
        anchored += 1
    on_chain = evm.nonce(witness) if witness else 0
    if on_chain > anchored:
        detail = f"the chain has {on_chain} checkpoints, the books {anchored} of them"
        return AnchorReport(witness, anchored, 0, anchored + 1, detail)
    return AnchorReport(witness, anchored, len(made) - anchored, None, "")


def _problem(
    made: Checkpoint, row: RelayedTransaction, receipt: Receipt, opened: Opener, witness: Address
) -> str:
    """What is wrong with a checkpoint whose transaction the chain holds; empty for nothing."""
    if bytes(keccak(row.raw)) != row.tx_hash or not receipt.ok:
        return "the stored bytes are not those of the transaction"
    try:
        call, nonce = opened(row.raw)
    except InputError as error:
        return error.message()
    if call.sender != witness:
        return f"sent by {call.sender}, not by the witness"
    if (nonce, call.data) != (made.number - 1, data_of(made)):
        return "the chain holds another checkpoint under this number"
    return ""
