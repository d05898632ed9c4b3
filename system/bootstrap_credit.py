"""Where the parts of merchant credit are chosen and put together."""

from dataclasses import dataclass
from typing import Final

from system.adapters.column_book import ColumnBook
from system.adapters.memory_store import MemoryStore
from system.adapters.sql_book import SqlBook, frame_tables
from system.adapters.sql_store import SqlStore
from system.compliance.tables import COMPLIANCE_TABLES
from system.credit import registry
from system.credit.access import ACCESS_LOG
from system.credit.decisions import DECISIONS
from system.credit.desk import Parts
from system.credit.drift_records import DRIFT_TABLES
from system.credit.feed_records import FEEDS
from system.credit.policy import DEFAULT_POLICY, CreditPolicy
from system.credit.records import LINE_FRAMES, LINE_TABLES
from system.credit.registry import REGISTRY_TABLES
from system.credit.retention import RESTS
from system.credit.service import CreditService
from system.ledger.idempotency import IDEMPOTENCY_TABLES
from system.ledger.records import LEDGER_TABLES
from system.parties.consent import CONSENT_JOURNAL, CONSENTS
from system.parties.profiles import MERCHANT_PROFILES
from system.parties.vault import OWNER_KEYS
from system.ports.book import Book
from system.ports.clock import Clock
from system.ports.store import Store

CREDIT_FRAMES: Final = (*LINE_FRAMES, CONSENTS, FEEDS)
CREDIT_TABLES: Final = (
    *LINE_TABLES,
    CONSENT_JOURNAL,
    ACCESS_LOG,
    DECISIONS,
    OWNER_KEYS,
    RESTS,
    MERCHANT_PROFILES,
    *REGISTRY_TABLES,
    *DRIFT_TABLES,
    *LEDGER_TABLES,
    *IDEMPOTENCY_TABLES,
    *COMPLIANCE_TABLES,
)


@dataclass(frozen=True, slots=True)
class CreditSystem:
    """Everything that runs, wired."""

    credit: CreditService
    book: Book
    store: Store

    def close(self) -> None:
        """Give the store's files and connections back."""
        self.store.close()


def build_credit(
    *, clock: Clock, store_url: str, policy: CreditPolicy = DEFAULT_POLICY
) -> CreditSystem:
    """Open the book and the service over it; the champion of its registry decides.

    store_url: "memory" for columns, which hold a million merchants and last as long as the
    process; else a database's URL.
    """
    store, book = _open(store_url)
    return CreditSystem(CreditService(Parts(clock, book, policy, registry.champion)), book, store)


def _open(store_url: str) -> tuple[Store, Book]:
    if store_url == "memory":
        memory = MemoryStore(CREDIT_TABLES)
        return memory, ColumnBook(memory, CREDIT_FRAMES)
    sql = SqlStore(store_url, (*CREDIT_TABLES, *frame_tables(CREDIT_FRAMES)))
    return sql, SqlBook(sql, CREDIT_FRAMES)
