"""What must happen on the chain, written down with the decision that causes it.

An operation is the product's outbox row: it commits with the state change, the audit link and the
pending transfer. A relay pass packs queued operations of one kind and one sender into
transactions; the transaction's receipt decides them together, and a refused one is taken out by
the offender that the contract's error names, while the rest goes again.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

from system.chain.bindings import KINDS, Contracts
from system.chain.sheet import Sheet
from system.errors import EvmReverted
from system.ports.evm import Address, Call
from system.ports.store import Table, Unit


@dataclass(frozen=True, slots=True)
class Operation:
    """One element of a future transaction.

    wallet: name of the sending account.  subject: the business key that the operation is about;
    also what a contract's error may name.  cause: the row that waits for the outcome.
    state: queued, packed (in transaction ``message_id``), done, failed.  alone: never packed with
    others again, because a shared transaction failed without naming an offender.
    """

    sequence: int
    kind: str
    wallet: str
    subject: str
    cause: str
    data: bytes
    state: str
    message_id: str
    alone: bool


OPERATIONS = Table(
    "chain_operation",
    Operation,
    key=("sequence",),
    index=(("state",), ("message_id",)),
)


# What pledges or pays out more; payments, recourse and facts about the debtor are not among them.
RISK_KINDS: Final = frozenset(("register", "accept", "split", "endorse", "disburse"))


@dataclass(frozen=True, slots=True)
class Packed:
    """One transaction to be: its id, its call, and the operations in it."""

    message_id: str
    call: Call
    operations: tuple[Operation, ...]


class Queue:
    """Appends operations in one transaction of the store."""

    def __init__(self, sheet: Sheet, contracts: Contracts) -> None:
        last = sheet.unit.last(OPERATIONS)
        self._next = last.sequence + 1 if last is not None else 1
        self._sheet, self._contracts = sheet, contracts

    def add(self, kind: str, wallet: str, subject: str, cause: str, *values: Any) -> None:
        """Queue one operation; ``values`` are the contract's parameters in order.

        Kinds that go alone take their correlation id as last parameter: it is added here.
        """
        sequence = self._next
        self._next += 1
        if KINDS[kind].correlated:
            values = (*values, sha256(f"operation/{sequence}".encode()).digest())
        data = self._contracts.item(kind, *values)
        row = Operation(sequence, kind, wallet, subject, cause, data, "queued", "", False)
        self._sheet.add(OPERATIONS, row)


def pack(
    unit: Unit,
    contracts: Contracts,
    address_of: Callable[[str], Address],
    limit: int,
    held: Collection[str] = (),
) -> list[Packed]:
    """Turn queued operations into transactions, by priority of kind, then age.

    address_of: account of a wallet name.  held: kinds that stay queued for now.  Marks the
    operations as packed.
    """
    found = unit.find(OPERATIONS, {"state": "queued"}, limit=limit)
    queued = [operation for operation in found if operation.kind not in held]
    packed = []
    for group in _groups(queued):
        first = group[0]
        members = ",".join(str(operation.sequence) for operation in group)
        correlation = sha256(f"transaction/{members}".encode()).digest()
        # Sorts in sending order; the members make it new when a group goes again without one.
        rank = f"{KINDS[first.kind].priority:02}/{first.sequence:012}"
        message_id = f"{rank}/{correlation.hex()[:16]}"
        items = [operation.data for operation in group]
        call = contracts.call(first.kind, address_of(first.wallet), items, correlation)
        marked = tuple(replace(op, state="packed", message_id=message_id) for op in group)
        packed.append(Packed(message_id, call, marked))
    unit.replace(OPERATIONS, [op for tx in packed for op in tx.operations])
    return packed


def _groups(queued: Sequence[Operation]) -> list[list[Operation]]:
    open_groups: dict[tuple[str, str], list[Operation]] = {}
    groups: list[list[Operation]] = []
    for operation in sorted(queued, key=lambda op: (KINDS[op.kind].priority, op.sequence)):
        key = (operation.kind, operation.wallet)
        group = open_groups.get(key)
        if group is None or operation.alone or len(group) >= KINDS[operation.kind].items_max:
            group = []
            groups.append(group)
            if not operation.alone:
                open_groups[key] = group
        group.append(operation)
    return groups


def offenders(operations: Sequence[Operation], error: EvmReverted) -> list[Operation]:
    """The operations that the contract's error names; a lone operation is its own offender."""
    if len(operations) == 1:
        return list(operations)
    named = {_text(value) for value in error.args_by_name.values()}
    return [operation for operation in operations if operation.subject in named]


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
