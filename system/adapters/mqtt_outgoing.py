"""Messages that a client has published and the broker has not yet answered for."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from system.adapters import mqtt_wire as wire

# More than this wait their turn.
OUT_MAX: Final = 1_000


@dataclass(slots=True)
class _Sent:
    topic: bytes
    payload: bytes
    is_retained: bool
    answer: asyncio.Future[None]


class Outgoing:
    """By packet id, in order. Take ``room`` before ``add``."""

    def __init__(self) -> None:
        self.room = asyncio.Semaphore(OUT_MAX)
        self._sent: dict[int, _Sent] = {}
        self._packet_id = 0

    def add(
        self, topic: str, payload: bytes, is_retained: bool
    ) -> tuple[int, bytes, asyncio.Future[None]]:
        """Its packet id, its packet, and what is done when the broker has answered."""
        self._packet_id = self._packet_id % wire.PACKET_ID_MAX + 1
        while self._packet_id in self._sent:
            self._packet_id = self._packet_id % wire.PACKET_ID_MAX + 1
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sent = self._sent[self._packet_id] = _Sent(topic.encode(), payload, is_retained, answer)
        return self._packet_id, _packet(self._packet_id, sent, is_repeat=False), answer

    def answered(self, packet_id: int) -> None:
        sent = self._sent.get(packet_id)
        if sent is not None and not sent.answer.done():
            sent.answer.set_result(None)

    def again(self) -> Iterator[bytes]:
        """The packets of all that has no answer, as repeats."""
        for packet_id, sent in self._sent.items():
            if not sent.answer.done():
                yield _packet(packet_id, sent, is_repeat=True)

    def drop(self, packet_id: int) -> None:
        del self._sent[packet_id]

    def fail(self, error: Exception) -> None:
        """No answer will come."""
        for sent in self._sent.values():
            if not sent.answer.done():
                sent.answer.set_exception(error)


def _packet(packet_id: int, sent: _Sent, *, is_repeat: bool) -> bytes:
    return wire.publish(
        sent.topic, sent.payload, 1, packet_id, is_retained=sent.is_retained, is_repeat=is_repeat
    )
