"""A bare MQTT client for tests: it says what it is told, and shows what it hears."""

import asyncio
import ssl
from typing import Any
from urllib.parse import urlsplit

from system.adapters import mqtt_wire as wire
from system.ports.broker import Account

# It only ends what hangs; Mosquitto looks for silent clients every few seconds.
PATIENCE_S = 60.0
Heard = tuple[str, bytes, int, bool]


def hello(
    account: Account,
    *,
    client_id: str | None = None,
    is_clean: bool = True,
    keep_alive_s: int = 60,
    will: tuple[str, bytes, int, bool] | None = None,
) -> bytes:
    """CONNECT as the standard has it, with a will (topic, payload, QoS, retained) or without."""

    def text(value: bytes) -> bytes:
        return len(value).to_bytes(2) + value

    flags = 0xC0 | (2 if is_clean else 0)
    body = text((client_id or account.user).encode())
    if will is not None:
        topic, payload, qos, is_retained = will
        flags |= 4 | qos << 3 | is_retained << 5
        body += text(topic.encode()) + text(payload)
    body += text(account.user.encode()) + text(account.secret.encode())
    body = text(b"MQTT") + bytes((4, flags)) + keep_alive_s.to_bytes(2) + body
    assert len(body) < 16_384
    return bytes((0x10, len(body) & 0x7F | 0x80, len(body) >> 7)) + body


class Client:
    """One connection. Answers nothing by itself but with ``acks``: then every QoS 1 message."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._packets = wire.Packets(4 * 1_048_576)
        self._heard: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()
        self._task = asyncio.create_task(self._listen())
        self.closed = asyncio.Event()
        self.acks = True
        self.messages: asyncio.Queue[Heard] = asyncio.Queue()
        self.unanswered: list[int] = []

    async def _listen(self) -> None:
        try:
            while data := await self._reader.read(65_536):
                for first, body in self._packets.feed(data):
                    self._take(first, body)
        except OSError:
            pass
        self.closed.set()

    def _take(self, first: int, body: bytes) -> None:
        if first >> 4 != wire.PUBLISH:
            self._heard.put_nowait((first, body))
            return
        topic, payload, qos, packet_id, is_retained = wire.read_publish(first, body)
        if qos and self.acks:
            self.send(wire.answer(wire.PUBACK, packet_id))
        elif qos:
            self.unanswered.append(packet_id)
        self.messages.put_nowait((topic.decode(), payload, qos, is_retained))

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def heard(self, kind: int) -> bytes:
        """The body of the next packet that is no PUBLISH; it must be of this kind."""
        first, body = await asyncio.wait_for(self._heard.get(), PATIENCE_S)
        assert first >> 4 == kind, f"heard {first:#x}"
        return body

    async def message(self) -> Heard:
        return await asyncio.wait_for(self.messages.get(), PATIENCE_S)

    async def subscribe(self, name: str, qos: int = 1) -> int:
        self.send(wire.subscribe(1, [(name, qos)]))
        return (await self.heard(wire.SUBACK))[2]

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, is_retained: bool = False
    ) -> None:
        self.send(wire.publish(topic.encode(), payload, qos, 7, is_retained=is_retained))
        if qos:
            await self.heard(wire.PUBACK if qos == 1 else wire.PUBREC)

    async def quiet(self) -> None:
        """All that was sent before has been dealt with: the broker has answered a ping."""
        self.send(wire.PINGREQ_BYTES)
        await self.heard(wire.PINGRESP)

    async def ended(self) -> None:
        """The broker closes the connection."""
        await asyncio.wait_for(self.closed.wait(), PATIENCE_S)

    async def goodbye(self) -> None:
        self.send(wire.DISCONNECT_BYTES)
        await self.drop()

    async def drop(self) -> None:
        """Go without a word."""
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)
        await self._task


async def socket_to(url: str, tls: ssl.SSLContext | None = None) -> Client:
    """A connection on which nothing was said."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    streams = await asyncio.open_connection(parts.hostname, parts.port, ssl=tls)
    return Client(*streams)


async def client(url: str, account: Account, **options: Any) -> Client:
    """A connection that was accepted."""
    opened = await socket_to(url)
    opened.send(hello(account, **options))
    body = await opened.heard(wire.CONNACK)
    assert body[1] == wire.ACCEPTED, f"CONNACK {body[1]}"
    return opened


async def refusal(url: str, hello_bytes: bytes) -> int:
    """The code with which a broker refuses this CONNECT; the connection then ends."""
    opened = await socket_to(url)
    opened.send(hello_bytes)
    body = await opened.heard(wire.CONNACK)
    await opened.ended()
    await opened.drop()
    return body[1]
