"""Where the bank's joint desk is put together, over three products that run."""

from collections.abc import Mapping, Sequence
from typing import Final

from system.adapters.memory_store import MemoryStore
from system.adapters.sql_store import SqlStore
from system.bootstrap import System
from system.bootstrap_credit import CreditSystem
from system.bootstrap_leasing import LeasingSystem
from system.joint import JointDesk, JointParts
from system.parties import service as parties
from system.parties.group_records import GROUP_TABLES
from system.parties.group_view import ViewPolicy
from system.parties.records import PARTIES_TABLES, Party
from system.ports.clock import Clock
from system.ports.store import Store

JOINT_TABLES: Final = (*PARTIES_TABLES, *GROUP_TABLES)


def build_joint(
    *,
    clock: Clock,
    store_url: str,
    receivables: System,
    bank_ids: Sequence[str],
    lines: CreditSystem,
    leasing: LeasingSystem,
    members: Sequence[Party],
    account_of: Mapping[str, int],
    policy: ViewPolicy,
) -> tuple[JointDesk, Store]:
    """Open the desk's own store and enrol every party of the three products, with its group.

    store_url: "memory", else a database's URL.  bank_ids: under which the bank buys receivables,
    all of them enrolled there.  Returns the desk, and its store to be closed.
    """
    store: Store = (
        MemoryStore(JOINT_TABLES) if store_url == "memory" else SqlStore(store_url, JOINT_TABLES)
    )
    with store.transaction() as unit:
        parties.enrol(unit, members)
    parts = JointParts(
        clock=clock,
        store=store,
        receivables=receivables.receivables,
        receivables_store=receivables.store,
        bank_ids=bank_ids,
        lines=lines.credit,
        lines_book=lines.book,
        leases=leasing.leases,
        account_of=account_of,
        policy=policy,
    )
    return JointDesk(parts), store
