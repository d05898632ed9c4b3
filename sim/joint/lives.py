"""Every single life in one arm of a joint run: receivables, lines, leases, machines, and the
enterprises that have them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from sim.joint.economy import JointEconomy
from sim.joint.model import run_joint
from sim.leasing.lives import LEASE, MACHINE, contracts
from sim.lives import OWNED_BY, OWNS, Fact, Lives
from sim.receivables.lives import add_claims
from sim.world import WIRINGS, Task

_LINE: Final = "line"
_ENTERPRISE: Final = "enterprise"
# What is noted under an enterprise's name and happens to its machine too.
_TAKEN: Final = "machine_taken"


def lives_of(task: Task) -> Lives:
    """Simulate the task on columns in memory and tell it by each of them."""
    evm, store = WIRINGS["columns"]
    economy, bank = run_joint(replace(task, evm=evm, store=store), (store,) * 4)
    found = Lives()
    add_claims(found, economy.log, bank.platform, task)
    found.add(_owners(economy))
    found.add(_noted(economy))
    found.add(contracts(bank.leases.service))
    found.add_journal(bank.lines.journal(), _LINE)
    found.add_journal(bank.leases.journal(), LEASE)
    bank.close()
    return found


def _owners(economy: JointEconomy) -> Iterator[Fact]:
    """Whose line and machine it is: both have the number of the enterprise among the suppliers."""
    for row, firm in enumerate(economy.members):
        enterprise = f"{_ENTERPRISE}/{firm.key}"
        for what in (f"{_LINE}/{row}", f"{LEASE}/{row}", f"{MACHINE}/{row}"):
            yield Fact(what, economy.start_s, OWNED_BY, row, enterprise)
            yield Fact(enterprise, economy.start_s, OWNS, row, what)


def _noted(economy: JointEconomy) -> Iterator[Fact]:
    """What the economy noted of enterprises: warnings, failures. value: the note's first."""
    rows = {firm.key: row for row, firm in enumerate(economy.members)}
    keys = rows.keys() | {core.key for core in economy.network.cores}
    for event in economy.log.events():
        if event.subject in keys:
            value = event.values[0] if event.values else 0
            yield Fact(f"{_ENTERPRISE}/{event.subject}", event.at_s, event.kind, value)
            if event.kind == _TAKEN:
                yield Fact(f"{MACHINE}/{rows[event.subject]}", event.at_s, event.kind, value)
