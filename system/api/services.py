"""What handlers work with: the products, the store they share, and the gateway's own tables."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from system.adapters.sealed_columns import STORE_KEYS
from system.api.approvals import APPROVALS
from system.api.clients import CLIENTS, ClientDesk
from system.api.explained import EXPLANATIONS
from system.api.hooks import WEBHOOK_TABLES
from system.api.kept_answers import KEPT
from system.api.lessees import LESSEE_NAMES
from system.api.owners import OWNED, OWNED_FLEETS
from system.api.unapplied import UNAPPLIED
from system.bootstrap import System
from system.bootstrap_credit import CreditSystem
from system.bootstrap_leasing import LeasingSystem
from system.leasing.devices import DeviceKeys
from system.parties.feedback import FEEDBACK
from system.ports.broker import Account
from system.ports.cipher import FieldCipher
from system.ports.clock import Clock
from system.ports.store import Store, Table, Unit

API_TABLES: Final[tuple[Table[Any], ...]] = (
    CLIENTS,
    APPROVALS,
    KEPT,
    OWNED,
    OWNED_FLEETS,
    LESSEE_NAMES,
    UNAPPLIED,
    FEEDBACK,
    EXPLANATIONS,
    *WEBHOOK_TABLES,
    STORE_KEYS,
)


@dataclass(frozen=True, slots=True)
class Vault:
    """What seals personal fields, and the secrets that devices share with us."""

    cipher: FieldCipher
    device_keys: DeviceKeys


@dataclass(frozen=True, slots=True)
class Services:
    """One bank's products over one store. admit_device: lets a terminal connect to the broker.

    webhook_hosts: to which events may be posted.
    """

    clock: Clock
    store: Store
    receivables: System
    credit: CreditSystem
    leasing: LeasingSystem
    clients: ClientDesk
    admit_device: Callable[[Account], None]
    vault: Vault
    webhook_hosts: tuple[str, ...] = ()

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """The store's tables, inside the writer's open group."""
        with self.store.transaction() as unit:
            yield unit
