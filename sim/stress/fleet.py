"""Machines with terminals behind fleet gateways, written into the books before the bank starts."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import numpy as np

from sim.stress.client import Client
from system.adapters.sql_book import SqlBook
from system.api import clients, owners
from system.api.access import SCOPES, Caller, Role
from system.bootstrap_leasing import LEASING_FRAMES
from system.leasing.commands import EnrolMachines
from system.leasing.desk import Parts
from system.leasing.devices import (
    NO_KEYS,
    Device,
    Fleet,
    Gateway,
    enrol_devices,
    enrol_fleets,
    enrol_gateways,
)
from system.leasing.policy import DEFAULT_POLICY
from system.leasing.service import LeasingService
from system.ports.clock import Clock
from system.ports.store import Store

_LESSOR: Final = "lessor"
GATEWAYS: Final = 10
_COLUMNS: Final = (
    "tank_ml",
    "burn_idle_ml",
    "burn_full_ml",
    "period_engine_s_max",
    "service_every_s",
)


@dataclass(frozen=True, slots=True)
class Machines:
    """gateways: MQTT users that speak for all devices, with their secrets."""

    lessor: Client
    gateways: tuple[tuple[str, str], ...]
    count: int


def gateway_id(number: int) -> str:
    """Of the fleet's gateway of this number."""
    return f"gateway-{number}"


def device_id(number: int) -> str:
    """Of the terminal in this machine."""
    return f"EXC-{number}"


def found_fleet(store: Store, clock: Clock, secret: bytes, count: int) -> Machines:
    """Machines 0..count-1 of one lessor, a terminal in each, GATEWAYS gateways."""
    book = SqlBook(store, LEASING_FRAMES)
    service = LeasingService(Parts(clock, book, DEFAULT_POLICY))
    columns = {name: np.zeros(count, np.int64) for name in _COLUMNS}
    nowhere, kind = np.full(count, -1), np.zeros(count, np.int64)
    service.enrol_machines(EnrolMachines("founding", count, kind=kind, site=nowhere, **columns))
    names = [gateway_id(number) for number in range(GATEWAYS)]
    desk = clients.ClientDesk(sha256(b"shapan/clients/" + secret).digest())
    with book.transaction() as unit:
        enrol_fleets(unit.rows, [Fleet("north", True, "WGS-84")])
        devices = [Device(device_id(n), n, "", "north", "none", b"") for n in range(count)]
        enrol_devices(unit.rows, devices, NO_KEYS)
        enrol_gateways(unit.rows, [Gateway(name, "north") for name in names])
        for machine in range(count):
            owners.bind(unit.rows, "machine", machine, _LESSOR)
        caller = Caller(_LESSOR, _LESSOR, Role.LESSOR, tuple(SCOPES))
        key = desk.admit(unit.rows, caller, "founding", clock.now_s())
    secrets = tuple((name, desk.secret_of_device(name)) for name in names)
    return Machines(Client(_LESSOR, _LESSOR, key), secrets, count)
