"""Eclipse Mosquitto configured for our accounts: the broker when one process is not enough.

Source: mosquitto.conf(5), mosquitto_passwd(1), version 2.0.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from system.adapters.mqtt_access import check_account
from system.ports.broker import Account

# Secrets are long and random: the usual count protects them well, and costs little per connect.
_ROUNDS: Final = 101


@dataclass(frozen=True, slots=True)
class Listener:
    """Where Mosquitto listens. certificate, key: PEM files of TLS."""

    bind: str = "127.0.0.1"
    port: int = 1883
    certificate: Path | None = None
    key: Path | None = None
    connections_max: int = 20_000


def configure(
    folder: Path, accounts: Sequence[Account], listener: Listener, *, is_durable: bool = False
) -> Path:
    """Write ``mosquitto.conf`` and its files into the folder; start it with ``mosquitto -c``.

    is_durable: store each change before the next, so that a killed Mosquitto has lost nothing that
    it acknowledged. That takes its speed; without it, a kill loses the last minutes and only
    stopping it keeps all.
    """
    for account in accounts:
        check_account(account)
    (folder / "passwords").write_text(password_file(accounts), encoding="utf-8")
    (folder / "passwords").chmod(0o600)
    (folder / "acl").write_text(acl_file(accounts), encoding="utf-8")
    path = folder / "mosquitto.conf"
    path.write_text("\n".join(_lines(folder, listener, is_durable)) + "\n", encoding="utf-8")
    return path


def _lines(folder: Path, listener: Listener, is_durable: bool) -> list[str]:
    lines = [
        f"listener {listener.port} {listener.bind}",
        f"max_connections {listener.connections_max}",
        # A client id is its user: nobody takes another's session.
        "use_username_as_clientid true",
        "allow_anonymous false",
        f"password_file {folder}/passwords",
        f"acl_file {folder}/acl",
        "persistence true",
        f"persistence_location {folder}/",
        # What was acknowledged is kept however long its consumer is away.
        # Not 0 for no bound: 2.0 then cuts off who publishes what he may not.
        "max_queued_messages 1000000",
        "max_inflight_messages 2000",
        "max_packet_size 2097152",
        "log_type error",
    ]
    if is_durable:
        lines += ["autosave_on_changes true", "autosave_interval 1"]
    if listener.certificate is not None:
        lines += [f"certfile {listener.certificate}", f"keyfile {listener.key}"]
    return lines


def acl_file(accounts: Iterable[Account]) -> str:
    """Who may publish and read what; nothing else is allowed."""
    lines = []
    for account in accounts:
        lines.append(f"user {account.user}")
        lines += [f"topic write {name}" for name in account.publish]
        lines += [f"topic read {name}" for name in account.subscribe]
        lines.append("")
    return "\n".join(lines)


def password_file(accounts: Iterable[Account]) -> str:
    """Users and salted PBKDF2 hashes, as mosquitto_passwd makes them, the same each time."""
    return "".join(f"{account.user}:{_hashed(account)}\n" for account in accounts)


def _hashed(account: Account) -> str:
    # From the secret itself, which nobody can guess: the file of the same accounts is the same.
    salt = hashlib.sha256(f"salt\0{account.user}\0{account.secret}".encode()).digest()[:12]
    key = hashlib.pbkdf2_hmac("sha512", account.secret.encode(), salt, _ROUNDS)
    return f"$7${_ROUNDS}${b64encode(salt).decode()}${b64encode(key).decode()}"
