"""Clients of the gateway: who they act for, and the hash of their secret.

A secret follows from the system's own secret, the client and the key of the admitting request, so
that a repeated request gets the same answer and nothing but a hash is kept. Nothing that a person
chose is ever a secret here, so a keyed SHA-256 is enough to store it.
"""

import hmac
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from system.api.access import SCOPES, Caller, Role
from system.errors import InputError
from system.limits import TEXT_CHARS_MAX
from system.ports.store import Store, Table, Unit


@dataclass(frozen=True, slots=True)
class Client:
    """secret_hash: hex.  scopes: names with spaces between.  revoked_at_s: None while it counts."""

    client_id: str
    party_id: str
    roles: int
    scopes: str
    secret_hash: str
    signer: bytes
    created_at_s: int
    revoked_at_s: int | None = None


CLIENTS: Final = Table("api_client", Client, key=("client_id",), index=(("party_id",),))


class ClientDesk:
    """Admits and knows clients. ``pepper`` is the system's own secret."""

    def __init__(self, pepper: bytes) -> None:
        self._pepper = pepper
        # As read within this second: another process may revoke a client.
        self._seen: dict[str, Caller | None] = {}
        self._seen_at_s = -1

    def find(self, store: Store, client_id: str, now_s: int) -> Caller | None:
        """The caller of this id, None where unknown or revoked, as of this second."""
        if now_s != self._seen_at_s:
            self._seen, self._seen_at_s = {}, now_s
        if client_id not in self._seen:
            with store.transaction() as unit:
                self._seen[client_id] = find(unit, client_id)
        return self._seen[client_id]

    def admit(self, unit: Unit, caller: Caller, key: str, now_s: int) -> str:
        """Add a client; its secret. The same again: the same secret.

        Raises InputError, and DuplicateRow where another client has this id.
        """
        _check(caller)
        secret = self._keyed(f"secret\n{caller.client_id}\n{key}")
        row = Client(
            caller.client_id,
            caller.party_id,
            int(caller.roles),
            " ".join(caller.scopes),
            self._hash(caller.client_id, secret),
            caller.signer,
            now_s,
        )
        [known] = unit.get(CLIENTS, [(caller.client_id,)])
        self._seen_at_s = -1
        if known is None or replace(known, created_at_s=now_s) != row:
            unit.insert(CLIENTS, [row])
        return secret

    def authenticate(self, unit: Unit, client_id: str, secret: str) -> Caller | None:
        """The caller behind these credentials, None where they do not fit together."""
        [row] = unit.get(CLIENTS, [(client_id,)])
        # An unknown client takes as long as a wrong secret.
        expected = row.secret_hash if row is not None else ""
        fits = hmac.compare_digest(expected, self._hash(client_id, secret))
        return caller_of(row) if fits and row is not None and row.revoked_at_s is None else None

    def secret_of_device(self, device_id: str) -> str:
        """With which a device logs in to the broker. The same at every start."""
        return self._keyed(f"device\n{device_id}")

    def secret_of_webhook(self, webhook_id: str) -> bytes:
        """With which deliveries to a webhook are signed. The same at every start."""
        return bytes.fromhex(self._keyed(f"webhook\n{webhook_id}"))

    def _hash(self, client_id: str, secret: str) -> str:
        return self._keyed(f"hash\n{client_id}\n{secret}")

    def _keyed(self, text: str) -> str:
        return hmac.new(self._pepper, text.encode(), sha256).hexdigest()


def caller_of(row: Client) -> Caller:
    """A stored client as the caller that it is."""
    return Caller(
        row.client_id, row.party_id, Role(row.roles), tuple(row.scopes.split()), row.signer
    )


def find(unit: Unit, client_id: str) -> Caller | None:
    """The caller of this id, None where unknown or revoked."""
    [row] = unit.get(CLIENTS, [(client_id,)])
    return None if row is None or row.revoked_at_s is not None else caller_of(row)


def _check(caller: Caller) -> None:
    if not 1 <= len(caller.client_id) <= TEXT_CHARS_MAX or caller.client_id.strip() == "":
        raise InputError("client_id", caller.client_id, f"give 1 to {TEXT_CHARS_MAX} characters")
    if not caller.roles or caller.roles & ~Role(2 * max(Role) - 1):
        raise InputError("roles", int(caller.roles), "give one or more of " + ", ".join(_NAMES))
    for scope in caller.scopes:
        if scope not in SCOPES:
            raise InputError("scopes", scope, f"use {', '.join(SCOPES)}")
    if len(caller.signer) not in (0, 32):
        raise InputError("signer", caller.signer.hex(), "give an Ed25519 public key of 32 bytes")


_NAMES: Final = [role.name.lower() for role in Role if role.name]
