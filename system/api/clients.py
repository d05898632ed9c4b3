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
from system.api.answers import not_found
from system.api.problems import Code, Problem
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
    """Admits and knows clients. ``pepper`` is the system's own secret.

    signs: approving needs a signature here, so administrators without a key could not.
    """

    def __init__(self, pepper: bytes, *, signs: bool = False) -> None:
        self._pepper, self._signs = pepper, signs
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
        if self._signs and caller.roles & Role.ADMINISTRATOR and not caller.signer:
            raise InputError("signer", "", "give the key with which the administrator will sign")
        return self._add(unit, caller, key, now_s)

    def _add(self, unit: Unit, caller: Caller, key: str, now_s: int) -> str:
        secret = self.secret_of(caller.client_id, key)
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

    def first(self, unit: Unit, caller: Caller, now_s: int) -> str:
        """The secret with which the first client begins, admitted where nobody was before."""
        if unit.get(CLIENTS, [(caller.client_id,)]) == [None]:
            return self._add(unit, caller, _FIRST, now_s)
        return self.secret_of(caller.client_id, _FIRST)

    def secret_of(self, client_id: str, key: str) -> str:
        """The secret that the request of this key gave the client."""
        return self._keyed(f"secret\n{client_id}\n{key}")

    def revoke(self, unit: Unit, client_id: str, now_s: int) -> tuple[Client, bool]:
        """The client, which counts no more, and whether it did until now. Raises Problem."""
        row = _known(unit, client_id)
        if row.revoked_at_s is not None:
            return row, False
        if _is_administrator(row) and _administrators(unit) <= _TWO:
            raise Problem(
                Code.CONFLICT, "Too few administrators were left: admit another one first."
            )
        row = replace(row, revoked_at_s=now_s)
        self._replace(unit, row)
        return row, True

    def takes_two(self, unit: Unit) -> bool:
        """Whether there are two administrators, of whom none admits anybody alone: one could admit
        both who ask and who approve."""
        return _administrators(unit) >= _TWO

    def replace_secret(self, unit: Unit, client_id: str, key: str) -> None:
        """Only the secret of this key counts from now on. Raises Problem."""
        secret_hash = self._hash(client_id, self.secret_of(client_id, key))
        self._replace(unit, replace(_living(unit, client_id), secret_hash=secret_hash))

    def replace_signer(self, unit: Unit, client_id: str, signer: bytes) -> None:
        """Only this key signs from now on. Raises Problem."""
        self._replace(unit, replace(_living(unit, client_id), signer=signer))

    def _replace(self, unit: Unit, row: Client) -> None:
        self._seen_at_s = -1
        unit.replace(CLIENTS, [row])

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
    roles, scopes = Role(row.roles), tuple(row.scopes.split())
    mark = row.secret_hash[:_MARK_CHARS]
    return Caller(row.client_id, row.party_id, roles, scopes, row.signer, mark)


def find(unit: Unit, client_id: str) -> Caller | None:
    """The caller of this id, None where unknown or revoked."""
    [row] = unit.get(CLIENTS, [(client_id,)])
    return None if row is None or row.revoked_at_s is not None else caller_of(row)


def _known(unit: Unit, client_id: str) -> Client:
    [row] = unit.get(CLIENTS, [(client_id,)])
    if row is None:
        raise not_found()
    return row


def _living(unit: Unit, client_id: str) -> Client:
    row = _known(unit, client_id)
    if row.revoked_at_s is not None:
        raise Problem(Code.CONFLICT, "The client was revoked: admit another one.")
    return row


def _administrators(unit: Unit) -> int:
    return sum(map(_is_administrator, unit.scan(CLIENTS)))


def _is_administrator(row: Client) -> bool:
    """Whether it can admit clients."""
    caller = caller_of(row)
    may = bool(caller.roles & Role.ADMINISTRATOR) and "operations" in caller.scopes
    return may and row.revoked_at_s is None


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


_TWO: Final = 2
_MARK_CHARS: Final = 16
# In place of the key of a request that admits.
_FIRST: Final = "first"
_NAMES: Final = [role.name.lower() for role in Role if role.name]
