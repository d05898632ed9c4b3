"""One client's connection to the embedded broker: packets in, answers out, from hello to end."""

import asyncio
from collections.abc import Iterable
from typing import Final, Protocol

from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.session import Session

from system.adapters import mqtt_wire as wire
from system.adapters.mqtt_mailbox import Mailbox

PACKET_BYTES_MAX: Final = 2 * 1_048_576
_CHUNK_BYTES: Final = 65_536
# Above this much unsent, a client gets no more until it has read.
_UNSENT_BYTES_MAX: Final = 1_048_576


Asked = list[tuple[str, int]]


class Post(Protocol):
    """The broker as a connection needs it."""

    def accept(
        self,
        sender: "Connection",
        topic: bytes,
        payload: bytes,
        qos: int,
        packet_id: int,
        keep: bool,
    ) -> None: ...
    def answered(self, mailbox: Mailbox, packet_id: int) -> None: ...
    def subscribe(self, sender: "Connection", packet_id: int, filters: Asked) -> None: ...
    def unsubscribe(self, sender: "Connection", packet_id: int, filters: list[str]) -> None: ...
    async def room(self, sender: "Connection") -> None: ...


class Connection(BrokerProtocolHandler):  # type: ignore[misc]
    """amqtt reads CONNECT; from then on packets are read here, a chunk of the stream at a time.

    amqtt starts a task for each packet, answers a PUBLISH before it is anywhere, and forgets what
    a client has not answered within five seconds.
    """

    mailbox: Mailbox
    user: str

    def open(
        self,
        post: Post,
        user: str,
        session: Session,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """After CONNECT was granted."""
        self._post, self.user, self.amqtt_session = post, user, session
        self._stream, self._transport = reader, writer.transport
        self._out: list[bytes] = []
        self._held_ids: set[int] = set()
        self._has_published = False
        self._heard_at = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._silence_s_max = session.keep_alive * 1.5
        if self._silence_s_max:
            self._timer = self._loop.call_later(self._silence_s_max, self._check_silence)

    @property
    def has_room(self) -> bool:
        size: int = self._transport.get_write_buffer_size()
        return size < _UNSENT_BYTES_MAX

    def send(self, data: bytes) -> None:
        """Written together with whatever else this turn of the loop has for the client."""
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(data)

    def _flush(self) -> None:
        data, self._out = b"".join(self._out), []
        if not self._transport.is_closing():
            self._transport.write(data)

    def _check_silence(self) -> None:
        """A client must be heard within 1.5 times its keep-alive (3.1.2.10)."""
        silent_s = self._loop.time() - self._heard_at
        if silent_s >= self._silence_s_max:
            self.cut()
        else:
            left_s = self._silence_s_max - silent_s
            self._timer = self._loop.call_later(left_s, self._check_silence)

    def cut(self) -> None:
        """End the connection at once; its will is published."""
        self._transport.abort()

    def go_on_with(self, packets: wire.Packets, rest: list[tuple[int, bytes]]) -> None:
        """Packets that came together with CONNECT, before any other."""
        packets.packet_bytes_max = PACKET_BYTES_MAX
        self._packets, self._rest = packets, rest

    async def serve(self) -> bool:
        """Until the connection ends. True when the client said goodbye, so that it has no will."""
        packets: Iterable[tuple[int, bytes]] = self._rest
        try:
            while True:
                for first, body in packets:
                    if first >> 4 == wire.DISCONNECT:
                        return True
                    self._handle(first, body)
                if self._has_published:
                    self._has_published = False
                    await self._post.room(self)
                data = await self._stream.read(_CHUNK_BYTES)
                if not data:
                    return False
                self._heard_at = self._loop.time()
                packets = self._packets.feed(data)
        except (wire.WireError, OSError) as error:
            self.logger.debug("connection of %s ends: %s", self.user, error)
        return False

    def ended(self) -> None:
        """Give the connection back; what is still to be written is tried."""
        if self._timer is not None:
            self._timer.cancel()
        if self._out:
            self._flush()
        self._transport.close()

    def _handle(self, first: int, body: bytes) -> None:
        kind = first >> 4
        if kind == wire.PUBLISH:
            self._publish(first, body)
        elif kind == wire.PUBACK:
            self._post.answered(self.mailbox, wire.read_packet_id(body))
        elif kind == wire.PINGREQ:
            self.send(wire.PINGRESP_BYTES)
        elif kind == wire.SUBSCRIBE:
            self._post.subscribe(self, *wire.read_filters(body, with_qos=True))
        elif kind == wire.UNSUBSCRIBE:
            packet_id, filters = wire.read_filters(body, with_qos=False)
            self._post.unsubscribe(self, packet_id, [name for name, _ in filters])
        elif kind == wire.PUBREL:
            packet_id = wire.read_packet_id(body)
            self._held_ids.discard(packet_id)
            self.send(wire.answer(wire.PUBCOMP, packet_id))
        else:
            raise wire.WireError(f"a packet of kind {kind}")

    def _publish(self, first: int, body: bytes) -> None:
        topic, payload, qos, packet_id, keep = wire.read_publish(first, body)
        self._has_published = True
        if qos == 2:
            # Passed on once, at most at QoS 1; its id is remembered until released (4.3.3, B).
            if packet_id in self._held_ids:
                self.send(wire.answer(wire.PUBREC, packet_id))
                return
            self._held_ids.add(packet_id)
        self._post.accept(self, topic, payload, qos, packet_id, keep)
