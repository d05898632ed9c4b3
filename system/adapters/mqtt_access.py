"""Who may connect, publish and subscribe: the accounts of a broker.

Secrets are long and random (a device's is drawn at enrolment), so one SHA-256 keeps them: a slow
hash protects what people choose, and would stop a broker for 150 ms at each connect.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from system.adapters.mqtt_topics import covers, is_filter
from system.errors import InputError
from system.ports.broker import Account

_SECRET_CHARS_MIN: Final = 16


class Access:
    """The accounts by user. Holds digests of the secrets."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._accounts: dict[str, Account] = {}
        self._digests: dict[str, bytes] = {}
        for account in accounts:
            self.admit(account)

    def admit(self, account: Account) -> None:
        """Add an account, or replace the one of the same user. Raises InputError."""
        check_account(account)
        self._digests[account.user] = _digest(account.user, account.secret)
        self._accounts[account.user] = Account(account.user, "", account.publish, account.subscribe)

    def revoke(self, user: str) -> None:
        """No longer admit this user."""
        self._accounts.pop(user, None)
        self._digests.pop(user, None)

    def is_admitted(self, user: str, secret: str) -> bool:
        """Whether the secret is the user's; takes as long for a user who is not there."""
        known = self._digests.get(user, b"\0" * 32)
        return hmac.compare_digest(known, _digest(user, secret)) and user in self._digests

    def may_publish(self, user: str, topic: str) -> bool:
        account = self._accounts.get(user)
        return account is not None and any(covers(name, topic) for name in account.publish)

    def may_subscribe(self, user: str, name: str) -> bool:
        """Whether all that the filter matches may be read by the user."""
        account = self._accounts.get(user)
        return account is not None and any(covers(own, name) for own in account.subscribe)


def check_account(account: Account) -> None:
    """Raises InputError for a user, secret or filter that cannot be kept."""
    if not 0 < len(account.user) <= 64 or set(account.user) & set("/+#:\0\n"):
        raise InputError("user", account.user, "use 1 to 64 letters, digits or other signs")
    if len(account.secret) < _SECRET_CHARS_MIN:
        raise InputError("secret", "…", f"draw at least {_SECRET_CHARS_MIN} random characters")
    for name in (*account.publish, *account.subscribe):
        if not is_filter(name):
            raise InputError("filter", name, "wildcards + and # must fill whole levels")


def _digest(user: str, secret: str) -> bytes:
    return sha256(f"{user}\0{secret}".encode()).digest()
