"""Devices and gateways: which terminal sits in which machine, and how it proves that it does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from system.errors import InputError
from system.limits import BOOT_MAX
from system.ports.store import AtLeast, Table, Unit

KeyKind = Literal["none", "hmac-sha256", "ed25519"]
Datum = Literal["WGS-84", "GCJ-02"]
KEY_BYTES: Final[dict[KeyKind, int]] = {"none": 0, "hmac-sha256": 32, "ed25519": 32}
# Boots of a machine's readings. A device that counts nothing is known by its time alone; a feed of
# its maker is a second voice; a terminal's own boots begin after these.
BOOT_TIMED: Final = 0
BOOT_FEED: Final = 1
BOOT_FIRST: Final = 2


@dataclass(frozen=True, slots=True)
class Fleet:
    """unsigned_allowed: readings without signature are taken.  datum: where none is stated."""

    fleet: str
    unsigned_allowed: bool
    datum: Datum


@dataclass(frozen=True, slots=True)
class Device:
    """A terminal. machine: its row in the book.  pin: the machine's number (ISO 10261), or "".

    key_kind, key: the HMAC secret or the Ed25519 public key, 32 bytes; ``none`` holds no key.
    boot_base: added to the boots it reports, so that a machine's second terminal, which counts
    from the start, is not taken for a repeat of the first.
    """

    device_id: str
    machine: int
    pin: str
    fleet: str
    key_kind: KeyKind
    key: bytes
    boot_base: int = 0
    is_revoked: bool = False


@dataclass(frozen=True, slots=True)
class Gateway:
    """Speaks for the devices of its fleet, in messages of many readings."""

    gateway_id: str
    fleet: str


FLEETS: Final = Table("leasing_fleet", Fleet, key=("fleet",))
DEVICES: Final = Table(
    "leasing_device",
    Device,
    key=("device_id",),
    index=(("machine",), ("pin",)),
    checks=(AtLeast("machine", 0), AtLeast("boot_base", 0)),
)
GATEWAYS: Final = Table("leasing_gateway", Gateway, key=("gateway_id",))
DEVICE_TABLES: Final = (FLEETS, DEVICES, GATEWAYS)


def enrol_fleets(unit: Unit, fleets: Sequence[Fleet]) -> None:
    """Add fleets. Raises DuplicateRow."""
    unit.insert(FLEETS, fleets)


def enrol_gateways(unit: Unit, gateways: Sequence[Gateway]) -> None:
    """Add gateways. Raises DuplicateRow, and InputError for an id that cannot stand in a topic."""
    for gateway in gateways:
        check_id("gateway_id", gateway.gateway_id)
    unit.insert(GATEWAYS, gateways)


def enrol_devices(unit: Unit, devices: Sequence[Device]) -> None:
    """Add devices. Raises DuplicateRow, and InputError for an unusable id, key or fleet."""
    known = {fleet.fleet for fleet in unit.scan(FLEETS)}
    for device in devices:
        check_id("device_id", device.device_id)
        if device.fleet not in known:
            raise InputError("fleet", device.fleet, "enrol the fleet first")
        if len(device.key) != KEY_BYTES[device.key_kind]:
            remedy = f"give {KEY_BYTES[device.key_kind]} bytes for {device.key_kind}"
            raise InputError("key", f"{len(device.key)} bytes", remedy)
        if not 0 <= device.boot_base <= BOOT_MAX - BOOT_FIRST:
            raise InputError("boot_base", device.boot_base, "give the boots of earlier terminals")
    unit.insert(DEVICES, devices)


def check_id(field: str, value: str) -> None:
    """Raises InputError for an id that cannot be one level of a topic."""
    if not 0 < len(value) <= 64 or not value.isprintable() or set(value) & set("/+#$ "):
        raise InputError(field, value, "use 1 to 64 letters, digits or signs other than / + # $")
