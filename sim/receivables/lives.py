"""Every receivable's life in one arm: what people did, its chain transactions, its postings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from sim.lives import Fact, Lives
from sim.receivables.chain_platform import Platform
from sim.receivables.model import run_chain, run_paper
from sim.trace import EventLog
from sim.world import WIRINGS, Task
from system.chain.abi import Decoded
from system.chain.index import BLOCKS, cursor, logs
from system.chain.records import LOTS, PAYMENTS, RECEIVABLES, REQUESTS
from system.ledger.records import TRANSFERS
from system.ports.store import Unit

_NAME: Final = "receivable"
# An invoice's key, alone, in its Nth request, or with the lots that a request is about.
_KEY: Final = re.compile(r"(?:k\d+-)?([ex]\d+d\d+[^/]*)(?:/.*)?")
_INVOICE: Final = "INV-"


class _Every:
    """Whatever the contracts said is wanted."""

    def __contains__(self, _: object) -> bool:
        return True


def lives_of(task: Task) -> Lives:
    """Simulate the task on columns in memory and tell it by receivable."""
    evm, store = WIRINGS["columns"]
    found = Lives()
    if task.scenario.arms[task.arm].word("process") == "paper":
        found.add(_happened(run_paper(task).log, task))
        return found
    economy, platform = run_chain(replace(task, evm=evm, store=store))
    add_claims(found, economy.log, platform, task)
    platform.system.close()
    return found


def add_claims(found: Lives, log: EventLog, platform: Platform, task: Task) -> None:
    """Every receivable of the platform: what people did, what its contracts and its ledger said."""
    found.add(_happened(log, task))
    with platform.system.store.transaction() as unit:
        names = _Names(unit)
        found.add(_on_chain(unit, platform, names))
        found.add(_posted(unit, names))


class _Names:
    """receivable: of its fingerprint.  lot, paper: of a lot's number, of a request or payment."""

    def __init__(self, unit: Unit) -> None:
        self.receivable = {
            row.receivable_id: f"{_NAME}/{row.invoice_number.removeprefix(_INVOICE)}"
            for row in unit.scan(RECEIVABLES)
        }
        self.lot = {row.lot_id: self.receivable[row.receivable_id] for row in unit.scan(LOTS)}
        asked = {row.request_id: row.receivable_id for row in unit.scan(REQUESTS)}
        paid = {row.payment_id: row.receivable_id for row in unit.scan(PAYMENTS)}
        self.paper = {name: self.receivable[row] for name, row in (asked | paid).items()}


def _happened(log: EventLog, task: Task) -> Iterator[Fact]:
    """What the economy saw. value: the event's first."""
    for row in log.table(task.arm, task.replication).to_pylist():
        found = _KEY.fullmatch(row["subject"])
        if found:
            value = row["values"][0] if row["values"] else 0
            yield Fact(f"{_NAME}/{found[1]}", row["at_s"], row["kind"], value, row["subject"])


def _on_chain(unit: Unit, platform: Platform, names: _Names) -> Iterator[Fact]:
    """Events of its contracts. value: the block's height.  cause: the transaction."""
    contracts = platform.system.parts.contracts
    times = {block.number: block.time_s for block in unit.scan(BLOCKS)}
    for log in logs(unit, 0, cursor(unit)):
        told = contracts.decode(log, _Every())
        who = None if told is None else _whose(told, names)
        if told is not None and who is not None:
            at_s, cause = times[log.block_number], f"transaction 0x{log.tx_hash.hex()}"
            yield Fact(who, at_s, f"chain_{_snake(told.name)}", log.block_number, cause)


def _whose(told: Decoded, names: _Names) -> str | None:
    """The receivable that an event is about: by its fingerprint, else by a lot of it."""
    fingerprint: Any = told.values.get("fingerprint")
    if isinstance(fingerprint, bytes):
        return names.receivable.get(fingerprint.hex())
    lots = (v for k, v in told.values.items() if k.lower().endswith(("lotid", "tokenid")))
    return next((names.lot[lot] for lot in lots if lot in names.lot), None)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _posted(unit: Unit, names: _Names) -> Iterator[Fact]:
    """Postings of the ledger. value: fen.  cause: from which account to which."""
    for row in unit.scan(TRANSFERS):
        papers = (part for part in row.transfer_id.split("/") if part in names.paper)
        if (paper := next(papers, None)) is not None:
            accounts = f"{row.debit_account_id} > {row.credit_account_id}"
            who, kind = names.paper[paper], f"ledger_{row.kind}"
            yield Fact(who, row.at_s, kind, row.amount_fen, accounts)
