"""Where the parts of machine leasing are chosen and put together."""

from dataclasses import dataclass
from typing import Final

from system.adapters.column_book import ColumnBook
from system.adapters.memory_store import MemoryStore
from system.adapters.sql_book import SqlBook, frame_tables
from system.adapters.sql_store import SqlStore
from system.compliance.tables import COMPLIANCE_TABLES
from system.leasing.bank_feed import BANK_FEED
from system.leasing.desk import Parts
from system.leasing.devices import DeviceKeys
from system.leasing.intake import INTAKE_FRAMES, INTAKE_TABLES
from system.leasing.leases.desk import LeaseParts
from system.leasing.leases.policy import DEFAULT_POLICY as DEFAULT_LEASE_POLICY
from system.leasing.leases.policy import LeasePolicy
from system.leasing.leases.records import LEASE_FRAMES, LEASE_TABLES
from system.leasing.leases.service import LeaseService
from system.leasing.policy import DEFAULT_POLICY, LeasingPolicy
from system.leasing.records import TWIN_FRAMES, TWIN_TABLES
from system.leasing.service import LeasingService
from system.leasing.service_link import LINKS
from system.leasing.service_telemetry import TelemetryDesk
from system.ledger.idempotency import IDEMPOTENCY_TABLES
from system.ledger.inbox import INBOX_TABLES
from system.ledger.outbox import OUTBOX_TABLES
from system.ledger.records import LEDGER_TABLES
from system.ports.book import Book
from system.ports.cipher import FieldCipher
from system.ports.clock import Clock
from system.ports.store import Store

LEASING_FRAMES: Final = (*TWIN_FRAMES, *INTAKE_FRAMES, *LEASE_FRAMES)
LEASING_TABLES: Final = (
    *TWIN_TABLES,
    LINKS,
    BANK_FEED,
    *INTAKE_TABLES,
    *LEASE_TABLES,
    *OUTBOX_TABLES,
    *INBOX_TABLES,
    *LEDGER_TABLES,
    *IDEMPOTENCY_TABLES,
    *COMPLIANCE_TABLES,
)


@dataclass(frozen=True, slots=True)
class LeasingSystem:
    """Everything that runs, wired."""

    leasing: LeasingService
    leases: LeaseService
    telemetry: TelemetryDesk
    book: Book
    store: Store
    keys: DeviceKeys

    def close(self) -> None:
        """Give the store's files and connections back."""
        self.store.close()


def build_leasing(
    *,
    clock: Clock,
    store_url: str,
    policy: LeasingPolicy = DEFAULT_POLICY,
    lease_policy: LeasePolicy = DEFAULT_LEASE_POLICY,
    cipher: FieldCipher | None = None,
) -> LeasingSystem:
    """Open the book and the service over it.

    store_url: "memory" for columns, which last as long as the process; else a database's URL.
    cipher: seals the secrets that devices share with us; None where none does.
    """
    store, book = _open(store_url)
    leases = LeaseService(LeaseParts(clock, book, lease_policy))
    keys = DeviceKeys(cipher)
    parts = Parts(clock, book, policy, keys)
    return LeasingSystem(LeasingService(parts), leases, TelemetryDesk(parts), book, store, keys)


def _open(store_url: str) -> tuple[Store, Book]:
    if store_url == "memory":
        memory = MemoryStore(LEASING_TABLES)
        return memory, ColumnBook(memory, LEASING_FRAMES)
    sql = SqlStore(store_url, (*LEASING_TABLES, *frame_tables(LEASING_FRAMES)))
    return sql, SqlBook(sql, LEASING_FRAMES)
