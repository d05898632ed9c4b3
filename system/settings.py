"""Settings from the environment, typed and checked once, at the start."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from system.errors import InputError
from system.limits import DAY_S

VERSION = "0.1.0"
PORT_DEFAULT = 8_000
MQTT_PORT_DEFAULT = 1_883
MQTTS_PORT_DEFAULT = 8_883
LOOPBACK = "127.0.0.1"
LOG_LEVELS = ("debug", "info", "warning", "error")
SECRET_BYTES_MIN = 16
# The version of the key that follows from the secret; those of a file come after it.
FIELD_KEY_FIRST = 1
EVM_KINDS = ("embedded", "revm")
GAS_PRICE_VARIABLE = "SHAPAN_GAS_PRICE_WEI"
CHAIN_ID_DEFAULT = 31337
# Consortium chains finalise every block; a public one wants more (its epochs: 64).
CONFIRMATIONS_ON_NODE = 2
# A slip of units must not pay: 1e15 wei is a million times the usual gwei.
_GAS_PRICE_WEI_MAX = 10**15
# The least and most of each term of the embedded rail; a payment does not stay out for weeks.
_RAIL_TERMS = {
    "opens_s": (0, DAY_S - 1),
    "cut_off_s": (1, DAY_S),
    "cycle_s": (0, DAY_S),
    "confirm_s": (0, 7 * DAY_S),
    "return_s": (0, 30 * DAY_S),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the system is wired to.

    store_url: ``memory`` or a database URL.  evm: embedded, revm, or a node's http(s) URL.
    chain_id: of the embedded chain; a node must have it.  None: the usual one, or the node's.
    confirmations: blocks above a transaction's own before its effects are final.  None: 0 in
    process, where blocks stay; on a node, which may drop its last ones, CONFIRMATIONS_ON_NODE.
    chain_file: where revm keeps its blocks; empty: it forgets them when the process ends.
    gas_price_wei: what every transaction pays on a node.  signatures_required: whoever moves money
    over the gateway signs, also clients that registered no key, which then cannot.
    rail, core: embedded, or the folder that the bank's link to its payment rail, or to its general
    ledger, watches.  webhook_hosts: to which events may be posted.
    """

    store_url: str = "sqlite:///shapan.db"
    evm: str = "embedded"
    chain_id: int | None = None
    confirmations: int | None = None
    gas_price_wei: int = 0
    signatures_required: bool = False
    rail: str = "embedded"
    core: str = "embedded"
    chain_file: str = ""
    webhook_hosts: tuple[str, ...] = ()

    @property
    def confirmations_needed(self) -> int:
        """The given number of blocks, or the one that fits the chain."""
        usual = 0 if self.evm in EVM_KINDS else CONFIRMATIONS_ON_NODE
        return usual if self.confirmations is None else self.confirmations


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Settings of the variables that docs/OPERATIONS.md lists.

    Raises InputError that names the variable.
    """
    usual = Settings()
    return Settings(
        store_url=_store(environment.get("SHAPAN_STORE", usual.store_url)),
        evm=_evm(environment.get("SHAPAN_EVM", usual.evm)),
        chain_id=_whole(environment, "SHAPAN_CHAIN_ID", 1, 2**53),
        confirmations=_whole(environment, "SHAPAN_CONFIRMATIONS", 0, 10_000),
        gas_price_wei=_whole(environment, GAS_PRICE_VARIABLE, 0, _GAS_PRICE_WEI_MAX) or 0,
        webhook_hosts=tuple(environment.get("SHAPAN_WEBHOOK_HOSTS", "").replace(",", " ").split()),
        rail=_folder(environment, "SHAPAN_RAIL", usual.rail),
        core=_folder(environment, "SHAPAN_CORE", usual.core),
        chain_file=environment.get("SHAPAN_CHAIN_FILE", ""),
        signatures_required=bool(_whole(environment, "SHAPAN_REQUIRE_SIGNATURES", 0, 1)),
    )


def field_keys_from(environment: Mapping[str, str]) -> dict[int, bytes]:
    """Keys of personal fields by version, from the file that SHAPAN_FIELD_KEYS_FILE names.

    A line is ``VERSION HEX``: a version from 2 up, 32 bytes. None where no file is named: the key
    of version 1, which follows from the secret, seals. Raises InputError.
    """
    name = "SHAPAN_FIELD_KEYS_FILE"
    if not environment.get(name):
        return {}
    path, keys = Path(environment[name]), {}
    for number, line in enumerate(_private(name, path).splitlines(), 1):
        found = re.fullmatch(rb"([1-9][0-9]{0,8}) +([0-9a-f]{64})", line.strip())
        if found is None or int(found[1]) <= FIELD_KEY_FIRST or int(found[1]) in keys:
            raise InputError(name, f"line {number}", "write VERSION HEX: from 2 up, 64 hex digits")
        keys[int(found[1])] = bytes.fromhex(found[2].decode())
    return keys


def token_secrets_from(environment: Mapping[str, str], secret: bytes) -> tuple[bytes, ...]:
    """What access tokens are signed with, the newest first, from SHAPAN_TOKEN_KEYS_FILE.

    A line is 64 hex digits, or ``secret``: the key that follows from the system's own secret, which
    is the only one where no file is named. Raises InputError.
    """
    name = "SHAPAN_TOKEN_KEYS_FILE"
    if not environment.get(name):
        return (secret,)
    keys = list[bytes]()
    for number, line in enumerate(_private(name, Path(environment[name])).splitlines(), 1):
        text = line.strip()
        is_key = re.fullmatch(rb"[0-9a-f]{64}", text)
        key = secret if text == b"secret" else bytes.fromhex(text.decode()) if is_key else b""
        if not key or key in keys:
            raise InputError(name, f"line {number}", "write 64 hex digits, or secret, once each")
        keys.append(key)
    if not keys:
        raise InputError(name, "empty", "write the newest key into its first line")
    return tuple(keys)


def _private(name: str, path: Path) -> bytes:
    """What is in a file that nobody else may read. Raises InputError."""
    if not path.is_file():
        raise InputError(name, str(path), "name a file that only you may read (mode 600)")
    if path.stat().st_mode & 0o077:
        raise InputError(name, str(path), f"others may read it: chmod 600 {path}")
    return path.read_bytes()


def secret_from(environment: Mapping[str, str]) -> bytes:
    """The system's secret, from the file that SHAPAN_SECRET_FILE names. Raises InputError."""
    name = "SHAPAN_SECRET_FILE"
    path = Path(environment.get(name, ""))
    secret = _private(name, path).strip()
    if len(secret) < SECRET_BYTES_MIN:
        raise InputError(name, str(path), f"put at least {SECRET_BYTES_MIN} bytes into it")
    return secret


def server_from(environment: Mapping[str, str]) -> int:
    """The port to answer on. Raises InputError."""
    return _whole(environment, "SHAPAN_PORT", 1, 65_535) or PORT_DEFAULT


def log_level_from(environment: Mapping[str, str]) -> str:
    """From which level on lines are logged. Raises InputError."""
    name = "SHAPAN_LOG_LEVEL"
    level = environment.get(name, "info")
    if level not in LOG_LEVELS:
        raise InputError(name, level, f"write one of {', '.join(LOG_LEVELS)}")
    return level


@dataclass(frozen=True, slots=True)
class Listener:
    """Where the gateway answers. certificate, key: PEM files, both empty for plain HTTP behind a
    proxy.  client_authority: PEM file; clients then need a certificate of it (mutual TLS).
    """

    host: str
    port: int
    certificate: str = ""
    key: str = ""
    client_authority: str = ""


def listener_from(environment: Mapping[str, str]) -> Listener:
    """Raises InputError: plain HTTP is for loopback alone, since tokens travel in it."""
    certificate, key = _certificate(environment, "SHAPAN_TLS")
    name = "SHAPAN_TLS_CLIENT_CA"
    authority = _pem(environment, name)
    if authority and not certificate:
        raise InputError(name, authority, "give SHAPAN_TLS_CERTIFICATE and SHAPAN_TLS_KEY with it")
    host = _host(environment, "SHAPAN_HOST", certificate)
    return Listener(host, server_from(environment), certificate, key, authority)


def _certificate(environment: Mapping[str, str], names: str) -> tuple[str, str]:
    """The PEM files NAMES_CERTIFICATE and NAMES_KEY, both empty where neither is given. Whoever
    else may read the key could stand in for us. Raises InputError."""
    certificate_name, key_name = f"{names}_CERTIFICATE", f"{names}_KEY"
    certificate, key = _pem(environment, certificate_name), environment.get(key_name, "")
    if bool(certificate) != bool(key):
        remedy = f"give {certificate_name} and {key_name} together"
        raise InputError(certificate_name, certificate, remedy)
    if key:
        _private(key_name, Path(key))
    return certificate, key


def _pem(environment: Mapping[str, str], name: str) -> str:
    file = environment.get(name, "")
    if file and not Path(file).is_file():
        raise InputError(name, file, "name a PEM file")
    return file


@dataclass(frozen=True, slots=True)
class BrokerPlace:
    """url: embedded, or mqtt(s)://HOST:PORT.  port: of the embedded one, 0 for any free one.

    spool: file in which the embedded one keeps what it answered, None for as long as it lives.
    host, certificate, key: where the embedded one listens, and its PEM files, empty for plain MQTT.
    authority: PEM file of who signed the certificate of a broker elsewhere, empty for those that
    the machine knows.
    """

    url: str = "embedded"
    port: int = 0
    spool: Path | None = None
    host: str = LOOPBACK
    certificate: str = ""
    key: str = ""
    authority: str = ""


def broker_from(environment: Mapping[str, str]) -> BrokerPlace:
    """Without a spool. Raises InputError: plain MQTT is for loopback alone."""
    url = environment.get("SHAPAN_BROKER", "embedded")
    if url != "embedded" and not url.startswith(("mqtt://", "mqtts://")):
        raise InputError("SHAPAN_BROKER", url, "write embedded, mqtt://HOST:PORT or mqtts://…")
    name = "SHAPAN_BROKER_CA"
    authority = _pem(environment, name)
    if authority and not url.startswith("mqtts://"):
        raise InputError(name, authority, "name a broker by mqtts://HOST:PORT, or leave it out")
    certificate, key = _certificate(environment, "SHAPAN_MQTT")
    if certificate and url != "embedded":
        remedy = "it is the embedded broker's: leave it out with SHAPAN_BROKER"
        raise InputError("SHAPAN_MQTT_CERTIFICATE", certificate, remedy)
    host = _host(environment, "SHAPAN_MQTT_HOST", certificate)
    port = _whole(environment, "SHAPAN_MQTT_PORT", 1, 65_535)
    usual = MQTTS_PORT_DEFAULT if certificate else MQTT_PORT_DEFAULT
    return BrokerPlace(url, port or usual, None, host, certificate, key, authority)


def _host(environment: Mapping[str, str], name: str, certificate: str) -> str:
    host = environment.get(name, LOOPBACK)
    if host not in (LOOPBACK, "::1", "localhost") and not certificate:
        raise InputError(name, host, "give a certificate, or answer on loopback alone")
    return host


def rail_terms_from(environment: Mapping[str, str]) -> dict[str, int]:
    """Hours and cycles of the embedded payment rail, as far as they are given, by their names in
    ``RailTerms``. Raises InputError."""
    terms: dict[str, int] = {}
    for term, (least, most) in _RAIL_TERMS.items():
        value = _whole(environment, f"SHAPAN_RAIL_{term.upper()}", least, most)
        terms |= {} if value is None else {term: value}
    if terms and environment.get("SHAPAN_RAIL", "embedded") != "embedded":
        name = f"SHAPAN_RAIL_{next(iter(terms)).upper()}"
        raise InputError(name, environment[name], "a rail elsewhere has its own: leave it out")
    opens_s = terms.get("opens_s", 0)
    if opens_s >= terms.get("cut_off_s", DAY_S):
        raise InputError("SHAPAN_RAIL_OPENS_S", opens_s, "open before SHAPAN_RAIL_CUT_OFF_S")
    return terms


def _store(value: str) -> str:
    if value != "memory" and not value.startswith(("sqlite:", "postgresql")):
        remedy = "write memory, sqlite:///FILE.db or postgresql://USER@HOST/DATABASE"
        # The scheme only: the rest may hold a password.
        raise InputError("SHAPAN_STORE", value.partition(":")[0], remedy)
    return value


def _folder(environment: Mapping[str, str], name: str, usual: str) -> str:
    value = environment.get(name, usual)
    if value != "embedded" and not Path(value).is_absolute():
        raise InputError(name, value, "write embedded or a folder's full path")
    return value


def _evm(value: str) -> str:
    if value not in EVM_KINDS and not value.startswith(("http://", "https://")):
        raise InputError("SHAPAN_EVM", value, "write embedded, revm or http://HOST:PORT")
    return value


def _whole(environment: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    text = environment.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,16}", text) or not least <= int(text) <= most:
        raise InputError(name, text, f"give a whole number from {least} to {most}")
    return int(text)
