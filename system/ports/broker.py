"""The broker port: messages of devices come in, commands to them go out.

A broker is embedded in the process or reached by its URL. Both give a ``Link`` the same guarantees,
and pass the same suite (``tests/ports/test_broker.py``): at least once, in order of each publisher,
acknowledged by hand, across losses of the connection and restarts of the broker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Account:
    """A client of a broker. Its user is also its client id, so that nobody takes another's session.

    publish, subscribe: topic filters of all that it may.  secret: at least 16 random characters.
    """

    user: str
    secret: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as it arrived. received_ms: when, UTC.

    token: how the link knows it for acknowledgement; 0 for what never came by a link.
    """

    topic: str
    payload: bytes
    received_ms: int
    token: int = 0


class Link(Protocol):
    """A client's connection, which comes back by itself.

    What was not acknowledged comes again: after a loss of the connection, or a restart on either
    side. So a message that took effect may come twice, and must be known by its content.
    """

    @property
    def is_connected(self) -> bool:
        """Whether messages can come in now."""
        ...

    async def receive(self, count_max: int) -> Sequence[Delivery]:
        """The next messages in order of arrival, at least one; waits for it. Not yet acknowledged.

        Holds a bounded number of messages: a slow consumer slows the broker down, nothing grows.
        """
        ...

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """These have taken effect, durably. Those of a lost connection come again all the same."""
        ...

    async def publish(self, topic: str, payload: bytes, *, is_retained: bool = False) -> None:
        """Returns once the broker has taken the message over (QoS 1). Waits for a lost connection.

        A broker takes over, and drops, what the account may not publish: MQTT has no refusal.
        """
        ...

    async def close(self) -> None:
        """Say goodbye. Messages that were not acknowledged stay with the broker."""
        ...
