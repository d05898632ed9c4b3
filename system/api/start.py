"""One gateway process: its parts put together, and what it does between requests."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI

from system.adapters.core_embedded import CORE_TABLES as CORE_OWN_TABLES
from system.adapters.core_embedded import EmbeddedCore
from system.adapters.core_folder import FolderCore
from system.adapters.field_cipher import AesGcmCipher
from system.adapters.group_store import GroupStore
from system.adapters.http_poster import HttpPoster
from system.adapters.keys import KeyRing
from system.adapters.rail_embedded import INSTANT, RAIL_TABLES, EmbeddedRail, RailTerms
from system.adapters.rail_folder import FolderRail
from system.adapters.sealed_columns import column_cipher
from system.adapters.sql_book import SqlBook, frame_tables
from system.adapters.sql_checkpoints import Checkpoints
from system.adapters.sql_store import SqlStore
from system.api import day_end, surveillance
from system.api.access import SCOPES, Caller, Role
from system.api.app import app_of
from system.api.background import again
from system.api.clients import ClientDesk
from system.api.gateway import Gateway
from system.api.hooks import HookWork, posted
from system.api.rail import take
from system.api.rates import RateLimit
from system.api.services import API_TABLES, Services, Vault
from system.api.telemetry import (
    EMBEDDED,
    Telemetry,
    account_of_device,
    account_of_gateway,
)
from system.api.tokens import TokenIssuer
from system.api.writer import Writer
from system.bootstrap import DEFAULT_BOUNDS, TABLES, assemble, open_chain, settle_setup
from system.bootstrap_credit import CREDIT_FRAMES, CREDIT_TABLES, CreditSystem
from system.bootstrap_leasing import LEASING_FRAMES, LEASING_TABLES, LeasingSystem
from system.chain.events import LotDisbursed, PayoutMade
from system.chain.policy import DEFAULT_POLICY as CHAIN_POLICY
from system.core import vouchers
from system.core.core_work import CoreWork
from system.credit import registry
from system.credit.desk import Parts
from system.credit.policy import DEFAULT_POLICY as CREDIT_POLICY
from system.credit.service import CreditService
from system.errors import InputError
from system.leasing.desk import Parts as MachineParts
from system.leasing.devices import DEVICES, GATEWAYS, DeviceKeys
from system.leasing.leases.desk import LeaseParts
from system.leasing.leases.policy import DEFAULT_POLICY as LEASE_POLICY
from system.leasing.leases.service import LeaseService
from system.leasing.policy import DEFAULT_POLICY as LEASING_POLICY
from system.leasing.service import LeasingService
from system.leasing.service_telemetry import TelemetryDesk
from system.payments.intake import Taken
from system.payments.rail_work import RailWork
from system.ports.broker import Account
from system.ports.clock import Clock
from system.ports.core import BankCore
from system.ports.rail import PaymentRail
from system.ports.store import Table
from system.settings import EVM_KINDS, FIELD_KEY_FIRST, BrokerPlace, Settings

ADMINISTRATOR: Final = "administrator"
_SETUP_S: Final = 3_600
_NODE_LOOK_S: Final = 0.5
# How often the process looks whether a business day has ended.
_WATCH_S: Final = 5.0
# Pieces that monitoring takes in at most before it looks, should money never stand still.
_TAKES_MAX: Final = 100
_DAY_LOOK_S: Final = 60.0
# Between two checkpoints of the audit log: what of its end could go unnoticed.
_ANCHOR_S: Final = 3_600.0
# Between two looks at what the payment rail says.
_RAIL_S: Final = 0.5
# Between two looks at what subscribers have not heard yet.
_HOOKS_S: Final = 0.5
# Between two copies of SQLite's log into its file.
_CHECKPOINT_S: Final = 1.0
# In production money that leaves a deposit is paid by the rail.
_POLICY: Final = replace(CHAIN_POLICY, pays_by_rail=True)
_LOG = logging.getLogger("shapan.gateway")


@dataclass(frozen=True, slots=True)
class Opening:
    """secret: of the system; keys, tokens and client secrets follow from it.  token_secrets: older
    ones after the newest, while tokens signed with them may be about; empty for the system's own.
    block_s: between two blocks of a chain that seals on demand.  field_keys: by version from 2 up,
    which seal personal fields instead of the secret's own.  broker: where devices connect.
    rail_terms: hours and cycles of the embedded payment rail.
    """

    clock: Clock
    settings: Settings
    secret: bytes
    token_secrets: tuple[bytes, ...] = ()
    block_s: float = 0.1
    field_keys: Mapping[int, bytes] = field(default_factory=dict)
    broker: BrokerPlace = field(default_factory=BrokerPlace)
    rail_terms: RailTerms = INSTANT


class Process:
    """An open gateway with its app. Close it when the app has ended."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._keys = KeyRing(opening.secret)
        self._cipher = _cipher(opening)
        self._device_keys = DeviceKeys(self._cipher)
        # The day of the last close of receivables; at a start it is worked through once more.
        self._day = self._looked_day = -1
        store = open_store(opening.settings.store_url)
        store.seal_with(column_cipher(store, self._cipher))
        self._store = GroupStore(store)
        genesis_s = opening.clock.now_s() - _SETUP_S
        self._chain = open_chain(opening.settings, self._keys, genesis_s, time_step_s=0)
        services = self._services()
        settle_setup(services.receivables)
        tokens = TokenIssuer(opening.token_secrets or (opening.secret,))
        self._writer = Writer(self._store, self._forget)
        self.telemetry = Telemetry(opening.broker, opening.clock, services.clients)
        self.telemetry.admit(_devices(services))
        required = opening.settings.signatures_required
        self.rail = _open_rail(opening, self._store)
        self.hooks = HookWork(self._store, opening.clock, services.clients)
        self._poster = HttpPoster()
        self._checkpoints = Checkpoints(opening.settings.store_url)
        self._core_work = CoreWork(_open_core(opening, self._store), self._store)
        self._rail_work = RailWork(self.rail, self._store, opening.clock, self._forget)
        self.gateway = Gateway(services, self._writer, tokens, RateLimit(), required)
        self.app: FastAPI = app_of(self.gateway, self._work)

    def administrator_secret(self) -> str:
        """The secret with which the first client begins, which admits all others. The same at every
        start, also after another one took its place."""
        admin = Caller(ADMINISTRATOR, "", Role.ADMINISTRATOR, tuple(SCOPES))
        services = self.gateway.services
        with services.unit() as unit:
            return services.clients.first(unit, admin, services.clock.now_s())

    def close(self) -> None:
        """Give files and connections back."""
        self._store.close()

    def _services(self) -> Services:
        """The products over what is open already; nothing is remembered outside the store."""
        opening = self._opening
        receivables = assemble(
            opening.clock,
            self._chain,
            self._store,
            self._keys,
            _POLICY,
            DEFAULT_BOUNDS,
            opening.secret,
            opening.settings.confirmations_needed,
        )
        book = SqlBook(self._store, CREDIT_FRAMES)
        parts = Parts(opening.clock, book, CREDIT_POLICY, registry.champion, keeps_inputs=True)
        credit = CreditSystem(CreditService(parts), book, self._store)
        leasing_book = SqlBook(self._store, LEASING_FRAMES)
        leases = LeaseService(LeaseParts(opening.clock, leasing_book, LEASE_POLICY))
        machine_parts = MachineParts(opening.clock, leasing_book, LEASING_POLICY, self._device_keys)
        leasing = LeasingSystem(
            LeasingService(machine_parts),
            leases,
            TelemetryDesk(machine_parts),
            leasing_book,
            self._store,
            self._device_keys,
        )
        pepper = sha256(b"shapan/clients/" + opening.secret).digest()
        clients = ClientDesk(pepper, signs=opening.settings.signatures_required)
        return Services(
            opening.clock,
            self._store,
            receivables,
            credit,
            leasing,
            clients,
            self._admit,
            Vault(self._cipher, self._device_keys),
            opening.settings.webhook_hosts,
        )

    def _admit(self, account: Account) -> None:
        self.telemetry.admit([account])

    def _forget(self) -> None:
        self.gateway.services = self._services()

    @asynccontextmanager
    async def _work(self) -> AsyncIterator[None]:
        """What runs beside the requests, until the app ends."""
        is_node = self._opening.settings.evm not in EVM_KINDS
        # A node is asked over the network while everybody waits.
        pause_s = max(self._opening.block_s, _NODE_LOOK_S) if is_node else self._opening.block_s
        beside = {
            "chain": (self._turn_of_chain, pause_s),
            "payment rail": (self._with_room(self._rail_pieces), _RAIL_S),
            "webhooks": (self._deliver, _HOOKS_S),
            "end of day": (self._turn(self._close_days), _DAY_LOOK_S),
            "money monitoring": (self._with_room(self._money_pieces), _WATCH_S),
            "bank's core": (self._turn(self.tell_core), _DAY_LOOK_S),
            "audit anchor": (self._turn(self.anchor), _ANCHOR_S),
            "SQLite's log": (self._copy_log, _CHECKPOINT_S),
        }
        tasks = [
            asyncio.create_task(again(name, work, rest_s, self._forget))
            for name, (work, rest_s) in beside.items()
        ]
        try:
            desk = self.gateway.services.leasing.telemetry
            async with self.telemetry.running(desk, self._writer.give_way):
                yield
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task

    def _turn(self, work: Callable[[], None]) -> Callable[[], Awaitable[None]]:
        """One piece of work, once the requests that are here have their answers."""

        async def turn() -> None:
            await self._writer.give_way()
            work()

        return turn

    def _with_room(self, work: Callable[[], Iterator[None]]) -> Callable[[], Awaitable[None]]:
        """Work in pieces, which may be many, with room for everybody between them."""

        async def pieces() -> None:
            await self._writer.give_way()
            for _ in work():
                await self._writer.give_way()

        return pieces

    async def _copy_log(self) -> None:
        await asyncio.to_thread(self._checkpoints.copy)

    def advance_chain(self) -> None:
        """Send what is queued, seal it where the chain seals on demand, apply what is final.

        Not inside a group: what is sent must be durable before it leaves.
        """
        for _ in self._chain_pieces():
            pass

    def _chain_pieces(self) -> Iterator[None]:
        """``advance_chain``; between two pieces requests may come, and services be made anew."""
        under_way = self.gateway.services.receivables.receivables.relay()
        yield
        if under_way and self._opening.settings.evm in EVM_KINDS:
            self.gateway.services.receivables.seal()
            yield
        receivables = self.gateway.services.receivables.receivables
        payees = {
            event.supplier_id if isinstance(event, LotDisbursed) else event.to_id
            for event in receivables.confirm()
            if isinstance(event, LotDisbursed | PayoutMade)
        }
        if payees:
            receivables.pay_out(sorted(payees))

    def advance_rail(self) -> None:
        """Send payments that wait, and apply what the rail says. Not inside a group."""
        for _ in self._rail_pieces():
            pass

    def _rail_pieces(self) -> Iterator[None]:
        return self._rail_work.run(self._take)

    async def _turn_of_chain(self) -> None:
        """``advance_chain`` in pieces with requests between, and nothing else."""
        await self._writer.in_pieces(self._chain_pieces())

    def _take(self, raw: bytes) -> Taken:
        return take(self.gateway.services, raw)

    async def _deliver(self) -> bool:
        """Post what subscribers wait for; each waits for nobody but itself. True where there was
        something: whoever takes a letter gets the next at once."""
        await self._writer.give_way()
        letters = self.hooks.due()
        said = [asyncio.to_thread(posted, self._poster, one) for one in letters]
        for letter, error in zip(letters, await asyncio.gather(*said), strict=True):
            self.hooks.note(letter, error)
        return bool(letters)

    def anchor(self) -> None:
        """Put a checkpoint of the audit log on the chain."""
        self.gateway.services.receivables.receivables.anchor()

    def close_days(self) -> None:
        """Close every business day that has ended, and look at whose money moved."""
        self._close_days()
        for _ in self._money_pieces():
            pass

    def _money_pieces(self) -> Iterator[None]:
        """Take in what moved; once a day was closed, look at whoever moved."""
        for _ in range(_TAKES_MAX):
            if not surveillance.take_in(self.gateway.services):
                break
            yield
        day = self._day
        if day != self._looked_day:
            for _ in surveillance.watch(self.gateway.services):
                yield
            self._looked_day = day

    def _close_days(self) -> None:
        self._day = day_end.close_days(self.gateway.services, self._day)

    def tell_core(self) -> None:
        """Hand the bank's core the vouchers that it does not have yet, and compare balances. Not
        inside a group."""
        self._core_work.run()


def _cipher(opening: Opening) -> AesGcmCipher:
    """Seals personal and shared secret fields by the newest key."""
    first, index = (
        sha256(b"shapan/" + use + opening.secret).digest() for use in (b"field/", b"index/")
    )
    return AesGcmCipher({FIELD_KEY_FIRST: first, **opening.field_keys}, index)


def _open_rail(opening: Opening, store: GroupStore) -> PaymentRail:
    place = opening.settings.rail
    if place == EMBEDDED:
        return EmbeddedRail(store, opening.clock, opening.rail_terms)
    return FolderRail(Path(place))


def _open_core(opening: Opening, store: GroupStore) -> BankCore:
    place = opening.settings.core
    return EmbeddedCore(store) if place == EMBEDDED else FolderCore(Path(place))


def _devices(services: Services) -> list[Account]:
    """The accounts of all terminals and gateways that are enrolled."""
    secret_of = services.clients.secret_of_device
    with services.unit() as unit:
        devices, gateways = unit.scan(DEVICES), unit.scan(GATEWAYS)
    return [
        *(account_of_device(d.device_id, secret_of(d.device_id)) for d in devices),
        *(account_of_gateway(g.gateway_id, secret_of(g.gateway_id)) for g in gateways),
    ]


def open_store(url: str) -> SqlStore:
    """The store of a gateway, with every table of every product. Raises InputError."""
    if url == "memory":
        raise InputError(
            "SHAPAN_STORE", url, "give a database: a gateway acknowledges what is durable"
        )
    tables: dict[str, Table[Any]] = {}
    everything: Iterable[Table[Any]] = chain(
        TABLES,
        CREDIT_TABLES,
        frame_tables(CREDIT_FRAMES),
        LEASING_TABLES,
        frame_tables(LEASING_FRAMES),
        API_TABLES,
        RAIL_TABLES,
        vouchers.CORE_TABLES,
        CORE_OWN_TABLES,
    )
    for table in everything:
        assert tables.setdefault(table.name, table) is table, f"two tables named {table.name}"
    return SqlStore(url, tuple(tables.values()))
