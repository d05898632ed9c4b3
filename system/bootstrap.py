"""The one place where parts are chosen and put together."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from system.adapters.evm_kept import KeptRevmChain
from system.adapters.evm_revm import RevmChain
from system.adapters.keys import KeyRing
from system.adapters.memory_store import MemoryStore
from system.adapters.sql_store import SqlStore
from system.chain import records
from system.chain.commands import EnrolParty
from system.chain.deploy import DEPLOYER, deploy
from system.chain.index import INDEX_TABLES
from system.chain.kernels.monitoring import MonitoringBounds
from system.chain.operations import OPERATIONS
from system.chain.policy import DEFAULT_POLICY, Policy
from system.chain.relay_records import RELAY_TABLES
from system.chain.service import ReceivablesService
from system.chain.session import Parts
from system.chain.watch import FLOWS
from system.compliance.tables import COMPLIANCE_TABLES
from system.errors import CannotSeal, EvmUnavailable, InputError, IntegrityError
from system.ledger.idempotency import IDEMPOTENCY_TABLES
from system.ledger.inbox import INBOX_TABLES
from system.ledger.outbox import OUTBOX_TABLES
from system.ledger.records import LEDGER_TABLES
from system.parties.records import PARTIES_TABLES
from system.payments.records import PAYMENT_TABLES
from system.ports.clock import Clock
from system.ports.evm import Block, Evm
from system.ports.store import Store
from system.settings import CHAIN_ID_DEFAULT, Settings

# Deployment and enrolment are sealed in blocks before the clock's time, one second apart.
SETUP_S: Final = 3600
_SETUP_STAGES_MAX: Final = 10
# Between two looks for a block that a node makes by itself. Consortium chains make one within
# seconds, public ones within half a minute.
_LOOK_S: Final = 0.5
_LOOKS_MAX: Final = 240
DEFAULT_BOUNDS: Final = MonitoringBounds()

TABLES: Final = (
    records.RECEIVABLES,
    records.LOTS,
    records.REQUESTS,
    records.PAYMENTS,
    records.ALERTS,
    records.LIMITS,
    records.STANDINGS,
    records.DIARY,
    records.DAYS_CLOSED,
    records.HOLDS,
    records.FEED,
    OPERATIONS,
    FLOWS,
    *LEDGER_TABLES,
    *IDEMPOTENCY_TABLES,
    *OUTBOX_TABLES,
    *INBOX_TABLES,
    *PARTIES_TABLES,
    *PAYMENT_TABLES,
    *COMPLIANCE_TABLES,
    *RELAY_TABLES,
    *INDEX_TABLES,
)


if TYPE_CHECKING:
    from system.adapters.evm_embedded import EmbeddedChain
    from system.adapters.evm_http import HttpChain

    Chain = EmbeddedChain | RevmChain | HttpChain


@dataclass(frozen=True, slots=True)
class System:
    """Everything that runs, wired. ``chain`` is the EVM, with blocks sealed on demand."""

    receivables: ReceivablesService
    clock: Clock
    chain: Chain
    store: Store
    wallets: KeyRing
    parts: Parts

    @property
    def evm(self) -> Evm:
        """The chain as production code knows it."""
        return self.chain

    def step(self) -> int:
        """Send what is queued and seal it at the clock's time; the transactions under way.

        For chains that seal on demand. No block without a transaction that waits for it.
        """
        under_way = self.receivables.relay()
        if under_way:
            self.seal()
        return under_way

    def seal(self) -> None:
        """Put what was sent into a block, at the clock's time or just after the one before."""
        least_s = self.chain.head().time_s + self.chain.time_step_s
        self.chain.seal(max(self.clock.now_s(), least_s))

    def close(self) -> None:
        """Give the store's files and connections back."""
        self.store.close()


def build_system(
    *,
    clock: Clock,
    seed_secret: bytes,
    settings: Settings,
    parties: Sequence[EnrolParty] = (),
    policy: Policy = DEFAULT_POLICY,
    bounds: MonitoringBounds = DEFAULT_BOUNDS,
) -> System:
    """Open store and chain, deploy what is missing, enrol the parties, and confirm all of it.

    seed_secret: 16 bytes or more; every key follows from it.  settings: of ``settings_from`` in
    production.  Raises InputError for choices that do not fit together.
    """
    keys = KeyRing(seed_secret)
    chain = open_chain(settings, keys, clock.now_s() - SETUP_S)
    store = open_store(settings.store_url)
    confirmations = settings.confirmations_needed
    system = assemble(clock, chain, store, keys, policy, bounds, seed_secret, confirmations)
    system.receivables.enrol(parties)
    settle_setup(system)
    return system


def open_chain(
    settings: Settings, keys: KeyRing, genesis_time_s: int, *, time_step_s: int = 1
) -> Chain:
    """The chain behind a name. Raises InputError for an unknown one.

    time_step_s: between two blocks of revm, which may stand for a chain with several a second.
    """
    chain_id = settings.chain_id or CHAIN_ID_DEFAULT
    if settings.evm == "embedded":
        # py-evm and web3 take as long to import as all the rest: a bank on revm starts without.
        from system.adapters.evm_embedded import EmbeddedChain

        return EmbeddedChain(keys, chain_id=chain_id, genesis_time_s=genesis_time_s)
    if settings.evm == "revm" and settings.chain_file:
        return KeptRevmChain(
            Path(settings.chain_file),
            chain_id=chain_id,
            genesis_time_s=genesis_time_s,
            time_step_s=time_step_s,
        )
    if settings.evm == "revm":
        return RevmChain(chain_id=chain_id, genesis_time_s=genesis_time_s, time_step_s=time_step_s)
    if settings.evm.startswith(("http://", "https://")):
        return _open_node(settings, keys)
    raise InputError("evm", settings.evm, "write embedded, revm or a node's http:// address")


def _open_node(settings: Settings, keys: KeyRing) -> HttpChain:
    from system.adapters.evm_http import HttpChain

    chain = HttpChain(settings.evm, keys, gas_price_wei=settings.gas_price_wei)
    if settings.chain_id not in (None, chain.chain_id):
        remedy = f"the node's chain has id {chain.chain_id}: give that, or another node"
        raise InputError("SHAPAN_CHAIN_ID", settings.chain_id, remedy)
    return chain


def open_store(store: str) -> Store:
    """The store behind a name or URL, with every table of the system."""
    return MemoryStore(TABLES) if store == "memory" else SqlStore(store, TABLES)


def assemble(
    clock: Clock,
    chain: Chain,
    store: Store,
    keys: KeyRing,
    policy: Policy,
    bounds: MonitoringBounds,
    seed_secret: bytes,
    confirmations: int = 0,
) -> System:
    """Put open parts together; used again over the same parts, it goes on where they stand.

    Raises InputError for a store that speaks of a chain which is not this one.
    """
    _check_chain_remembers(chain, store, keys)
    terms = {"overdueAfterS": policy.overdue_after_s, "defaultAfterS": policy.default_after_s}
    contracts = deploy(chain, lambda: _next_block(chain, chain.head()), keys, terms)
    fingerprint_key = sha256(b"shapan/fingerprint/" + seed_secret).digest()
    parts = Parts(clock, chain, store, keys, policy, contracts, fingerprint_key, confirmations)
    return System(ReceivablesService(parts, bounds), clock, chain, store, keys, parts)


def _check_chain_remembers(chain: Chain, store: Store, keys: KeyRing) -> None:
    """An in-process chain forgets at exit; books about lost contracts must not meet new ones."""
    with store.transaction() as unit:
        used = bool(unit.scan(records.STANDINGS, limit=1))
    if used and chain.nonce(keys.address(DEPLOYER)) == 0:
        remedy = "give an empty store, or the node that this store was used with"
        raise InputError("store", "books of another chain", remedy)


def settle_setup(system: System) -> None:
    """Relay and seal, in blocks before the clock's time where it can be, until all is confirmed.

    A node that makes its own blocks is waited for. Raises EvmUnavailable where it makes none.
    """
    rounds_max = _SETUP_STAGES_MAX * (1 + system.parts.confirmations)
    for _ in range(rounds_max):
        head = system.chain.head()
        if not system.receivables.relay():
            return
        _next_block(system.chain, head)
        system.receivables.confirm()
    raise IntegrityError("set-up", "confirmed", f"still under way after {rounds_max} blocks")


def _next_block(chain: Chain, head: Block) -> None:
    """One block more than this head. Raises EvmUnavailable."""
    try:
        chain.seal(head.time_s + 1)
    except CannotSeal:
        _await_block(chain, head.number)
    except (InputError, EvmUnavailable):
        # The time is taken where a node made a block in between.
        if chain.head().number == head.number:
            raise


def _await_block(chain: Chain, above: int) -> None:
    for _ in range(_LOOKS_MAX):
        if chain.head().number > above:
            return
        time.sleep(_LOOK_S)
    cause = f"none above {above} in {_LOOKS_MAX * _LOOK_S:.0f} s"
    raise EvmUnavailable("with a block of its own", cause)
