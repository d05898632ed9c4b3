"""A client's link to a broker by URL: MQTT 3.1.1, at QoS 1, acknowledged by hand.

The clients that we tried (docs/decisions/0015) acknowledge a message before the program has seen
it, or run threads and clocks of their own. This one holds messages until they have taken effect,
reads no further than it may hold, comes back by itself, and knows no time but its loop's.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zlib import crc32

from system.adapters import mqtt_wire as wire
from system.adapters.mqtt_outgoing import Outgoing
from system.adapters.mqtt_socket import Socket
from system.errors import BrokerUnavailable, InputError
from system.ports.broker import Account, Delivery
from system.ports.clock import Clock

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
# A broker that does not answer within this time is given up, and tried anew.
_ANSWER_S_MAX: Final = 20.0
_WAIT_S_MIN: Final = 0.5
_REFUSALS: Final = (wire.BAD_PROTOCOL, wire.BAD_IDENTIFIER, wire.BAD_PASSWORD, wire.NOT_ALLOWED)


class MqttLink:
    """``Link`` of the broker port. Call ``open`` first.

    filters: subscribed at QoS 1.  held_max, held_bytes_max: of messages that have come and were not
    received; above that it stops reading.  authority: PEM file of who signed the broker's
    certificate, where the system does not know it.  pinned: PEM file of the broker's certificate,
    which then counts alone and under any name.  keep_alive_s: 0 for none.  wait_s_max: between
    two attempts to connect.
    """

    def __init__(
        self,
        url: str,
        account: Account,
        filters: Sequence[str],
        clock: Clock,
        *,
        authority: Path | None = None,
        pinned: Path | None = None,
        keep_alive_s: int = 60,
        wait_s_max: float = 30.0,
        held_max: int = 5_000,
        held_bytes_max: int = 32 * 1_048_576,
    ) -> None:
        self._host, self._port, self._tls = _place(url, authority, pinned)
        self._account, self._filters, self._clock = account, tuple(filters), clock
        self._keep_alive_s, self._wait_s_max = keep_alive_s, wait_s_max
        self._held_max, self._held_bytes_max = held_max, held_bytes_max
        self._inbox: deque[Delivery] = deque()
        self._inbox_bytes = 0
        self._is_paused = False
        self._arrived = asyncio.Event()
        self._outgoing = Outgoing()
        self._socket: Socket | None = None
        self._generation = 1
        self._life: asyncio.Task[None] | None = None
        self._answers: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()
        self._ready = asyncio.Event()
        self._over: BrokerUnavailable | None = None

    @property
    def is_connected(self) -> bool:
        """Whether it is subscribed now."""
        return self._ready.is_set() and self._over is None

    @property
    def held(self) -> int:
        """Messages that have come and were not received yet."""
        return len(self._inbox)

    async def open(self) -> None:
        """Stay connected from now on. Returns when subscribed; tries again until then.

        Raises BrokerUnavailable where the broker refuses the account.
        """
        assert self._life is None, "opened twice"
        self._life = asyncio.create_task(self._live())
        await self._ready.wait()
        if self._over is not None:
            raise self._over

    async def receive(self, count_max: int) -> Sequence[Delivery]:
        while not self._inbox:
            if self._over is not None:
                raise self._over
            self._arrived.clear()
            await self._arrived.wait()
        inbox = self._inbox
        taken = [inbox.popleft() for _ in range(min(count_max, len(inbox)))]
        self._inbox_bytes -= sum(len(delivery.payload) for delivery in taken)
        if self._is_paused and len(inbox) <= self._held_max // 2 and self._socket is not None:
            self._is_paused = False
            self._socket.resume()
        return taken

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        generation, socket = self._generation, self._socket
        if socket is None:
            return
        data = b"".join(
            wire.answer(wire.PUBACK, delivery.token & wire.PACKET_ID_MAX)
            for delivery in deliveries
            if delivery.token >> 16 == generation
        )
        if data:
            socket.send(data)

    async def publish(self, topic: str, payload: bytes, *, is_retained: bool = False) -> None:
        if self._over is not None:
            raise self._over
        async with self._outgoing.room:
            packet_id, packet, answered = self._outgoing.add(topic, payload, is_retained)
            try:
                if self.is_connected and self._socket is not None:
                    self._socket.send(packet)
                await answered
            finally:
                self._outgoing.drop(packet_id)

    async def close(self) -> None:
        socket, self._socket = self._socket, None
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
        if socket is not None:
            await socket.close()
        self._end(BrokerUnavailable("receive", "the link was closed"))

    def _end(self, why: BrokerUnavailable) -> None:
        """Wake everyone who waits: it will not come back."""
        self._over = self._over or why
        self._outgoing.fail(self._over)
        self._arrived.set()
        self._ready.set()

    async def _live(self) -> None:
        """Connect, serve until lost, wait a little longer each time, and again."""
        failures = 0
        while self._over is None:
            try:
                socket = await self._connected()
                failures = 0
                await asyncio.shield(socket.lost)
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                failures += 1
            self._lost()
            if self._over is None:
                await asyncio.sleep(self._wait_s(failures))

    def _wait_s(self, failures: int) -> float:
        """Doubling from half a second; spread by user, so that a fleet does not return at once."""
        spread = 0.75 + crc32(self._account.user.encode()) / 2**33
        return float(min(_WAIT_S_MIN * 2 ** min(failures, 16), self._wait_s_max) * spread)

    async def _connected(self) -> Socket:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_ANSWER_S_MAX):
            _, socket = await loop.create_connection(
                lambda: Socket(self._take), self._host, self._port, ssl=self._tls
            )
            self._socket, self._answers = socket, asyncio.Queue()
            user, secret = self._account.user, self._account.secret
            socket.send(
                wire.connect(user, user, secret, is_clean=False, keep_alive_s=self._keep_alive_s)
            )
            _, answer = await self._answer(wire.CONNACK, socket)
            if answer[1] in _REFUSALS:
                refusal = f"the account {user} is refused (code {answer[1]})"
                self._end(BrokerUnavailable("connect", refusal))
            if answer[1]:
                raise ConnectionRefusedError(f"CONNACK {answer[1]}")
            await self._subscribe(socket)
        socket.keep_alive(self._keep_alive_s)
        for packet in self._outgoing.again():
            socket.send(packet)
        self._ready.set()
        return socket

    async def _subscribe(self, socket: Socket) -> None:
        if not self._filters:
            return
        socket.send(wire.subscribe(1, [(name, 1) for name in self._filters]))
        _, answer = await self._answer(wire.SUBACK, socket)
        refused = [
            name
            for name, code in zip(self._filters, answer[2:], strict=True)
            if code == wire.NOT_GRANTED
        ]
        if refused:
            self._end(BrokerUnavailable("subscribe", f"not granted: {', '.join(refused)}"))
            raise ConnectionRefusedError("SUBACK 128")

    async def _answer(self, kind: int, socket: Socket) -> tuple[int, bytes]:
        """The broker's answer of this kind; OSError where the connection ends before it."""
        answer = asyncio.ensure_future(self._answers.get())
        either: set[asyncio.Future[Any]] = {answer, socket.lost}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Also where the link is closed meanwhile: nobody waits for this answer any more.
            heard = not answer.cancel()
        if not heard:
            raise ConnectionResetError("the broker closed the connection")
        first, body = answer.result()
        if first >> 4 != kind:
            raise ConnectionResetError(f"the broker answered with a packet of kind {first >> 4}")
        return first, body

    def _lost(self) -> None:
        """What came and was not received will come again."""
        if self._over is None:
            self._ready.clear()
        if self._socket is not None:
            self._socket.cut()
        self._socket = None
        self._generation += 1
        self._is_paused = False
        self._inbox = deque(delivery for delivery in self._inbox if not delivery.token)
        self._inbox_bytes = sum(len(delivery.payload) for delivery in self._inbox)

    def _take(self, first: int, body: bytes) -> None:
        kind = first >> 4
        if kind == wire.PUBLISH:
            self._arrive(first, body)
        elif kind == wire.PUBACK:
            self._outgoing.answered(wire.read_packet_id(body))
        elif kind in (wire.CONNACK, wire.SUBACK):
            self._answers.put_nowait((first, body))
        elif kind != wire.PINGRESP:
            raise wire.WireError(f"a packet of kind {kind}")

    def _arrive(self, first: int, body: bytes) -> None:
        topic, payload, qos, packet_id, _ = wire.read_publish(first, body)
        token = self._generation << 16 | packet_id if qos else 0
        received_ms = self._clock.now_s() * 1_000
        name = topic.decode(errors="replace")
        self._inbox.append(Delivery(name, payload, received_ms, token))
        self._inbox_bytes += len(payload)
        self._arrived.set()
        is_over = len(self._inbox) >= self._held_max or self._inbox_bytes >= self._held_bytes_max
        if is_over and not self._is_paused and self._socket is not None:
            self._is_paused = True
            self._socket.pause()


def _place(
    url: str, authority: Path | None, pinned: Path | None
) -> tuple[str, int, ssl.SSLContext | None]:
    """Host, port and TLS of a broker's URL. Raises InputError."""
    remedy = "write mqtt://HOST:PORT or mqtts://HOST:PORT"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise InputError("broker", url, remedy) from None
    if parts.scheme not in _PORTS or not host or parts.username or parts.path not in ("", "/"):
        # The scheme only: the rest may hold a password.
        raise InputError("broker", parts.scheme, remedy)
    tls = None
    if parts.scheme == "mqtts" and pinned is not None:
        tls = _trusting_alone(pinned)
    elif parts.scheme == "mqtts":
        tls = ssl.create_default_context(cafile=None if authority is None else str(authority))
    return host, port or _PORTS[parts.scheme], tls


def _trusting_alone(certificate: Path) -> ssl.SSLContext:
    """Trusts the first certificate of the file and nobody above it."""
    own, end, _ = certificate.read_text().partition("-----END CERTIFICATE-----")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=own + end)
    return context
