"""The first message: both sides must want the same thing, in different roles."""

import json

from system.errors import InputError
from system.privacy.link import Link

_VERSION = 1


def greet(link: Link, purpose: str, pair_id: str = "") -> None:
    """Raises InputError when the other side has the same role, another purpose or model."""
    own = {"version": _VERSION, "role": link.role.value, "purpose": purpose, "pair_id": pair_id}
    peer = json.loads(link.exchange(json.dumps(own).encode()))
    expected = own | {"role": link.role.other.value}
    for field, value in expected.items():
        if peer.get(field) != value:
            raise InputError(f"peer.{field}", peer.get(field), f"it must be {value!r}")
