"""Devices and gateways: which terminal sits in which machine, and how it proves that it does."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from system.errors import InputError
from system.limits import BOOT_MAX
from system.ports.cipher import FieldCipher
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

    key_kind, key: the HMAC secret, which the book has sealed, or the Ed25519 public key, 32 bytes;
    ``none`` holds no key.
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


# A fleet's opened secrets fit; opening one costs ten times a check.
_OPENED_MAX: Final = 16_384
_PAGE_ROWS: Final = 1_000


class DeviceKeys:
    """Secrets of devices: sealed in the book, opened when a signature is checked or made.

    Only HMAC needs it: who reads that key can sign. cipher: None where no device shares a secret.
    """

    def __init__(self, cipher: FieldCipher | None) -> None:
        self._cipher = cipher
        self._opened: OrderedDict[tuple[str, bytes], bytes] = OrderedDict()

    def sealed(self, device: Device) -> Device:
        """The device as the book keeps it. Raises InputError for a secret that nothing seals."""
        if device.key_kind != "hmac-sha256":
            return device
        if self._cipher is None:
            raise InputError("key_kind", device.key_kind, "open the system with a field cipher")
        sealed = self._cipher.seal(_record_id(device), _FIELD, device.key.hex())
        return replace(device, key=sealed)

    def key_of(self, device: Device) -> bytes:
        """The key of a device from the book: 32 bytes, or none.

        Raises IntegrityError for a secret that was altered, or copied from another device.
        """
        if device.key_kind != "hmac-sha256":
            return device.key
        name = (device.device_id, device.key)
        secret = self._opened.get(name)
        if secret is None:
            if self._cipher is None:
                raise InputError("cipher", None, "open the system with the cipher that sealed")
            text = self._cipher.open(_record_id(device), _FIELD, device.key)
            secret = self._opened[name] = bytes.fromhex(text)
            if len(self._opened) > _OPENED_MAX:
                self._opened.popitem(last=False)
        return secret

    def seal_again(self, unit: Unit) -> int:
        """Seal all secrets under the newest key; how many. Then older ones can be destroyed."""
        done, last = 0, ""
        while page := unit.scan(DEVICES, after=(last,), limit=_PAGE_ROWS):
            held = [device for device in page if device.key_kind == "hmac-sha256"]
            plain = [replace(device, key=self.key_of(device)) for device in held]
            unit.replace(DEVICES, [self.sealed(device) for device in plain])
            done, last = done + len(held), page[-1].device_id
        return done


_FIELD: Final = "key"
NO_KEYS: Final = DeviceKeys(None)


def _record_id(device: Device) -> str:
    return f"leasing-device/{device.device_id}"


def enrol_fleets(unit: Unit, fleets: Sequence[Fleet]) -> None:
    """Add fleets. Raises DuplicateRow."""
    unit.insert(FLEETS, fleets)


def enrol_gateways(unit: Unit, gateways: Sequence[Gateway]) -> None:
    """Add gateways. Raises DuplicateRow, and InputError for an id that cannot stand in a topic."""
    for gateway in gateways:
        check_id("gateway_id", gateway.gateway_id)
    unit.insert(GATEWAYS, gateways)


def enrol_devices(unit: Unit, devices: Sequence[Device], keys: DeviceKeys) -> None:
    """Add devices, their secrets sealed.

    Raises DuplicateRow, and InputError for an unusable id, key or fleet.
    """
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
    unit.insert(DEVICES, [keys.sealed(device) for device in devices])


def check_id(field: str, value: str) -> None:
    """Raises InputError for an id that cannot be one level of a topic."""
    if not 0 < len(value) <= 64 or not value.isprintable() or set(value) & set("/+#$ "):
        raise InputError(field, value, "use 1 to 64 letters, digits or signs other than / + # $")
