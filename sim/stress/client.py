"""A client of the gateway, as the load acts for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """secret: with which it gets tokens."""

    client_id: str
    party_id: str
    secret: str
