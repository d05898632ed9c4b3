"""An MQTT 3.1.1 broker in the process: amqtt's, with its defects cured (docs/decisions/0015).

amqtt listens, does TLS and reads CONNECT. Delivery is ours: a message is answered after it is with
everyone's mailbox, and on disk where a spool is given, so that what was answered is not lost. It
runs on its owner's loop, has no threads and no ticks, and knows no time but the loop's.
"""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from amqtt.adapters import BufferReader, StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import BrokerConfig
from amqtt.errors import AMQTTError, MQTTError, NoDataError

from system.adapters import mqtt_wire as wire
from system.adapters.mqtt_access import Access
from system.adapters.mqtt_connection import Connection
from system.adapters.mqtt_post import PostOffice
from system.errors import BrokerUnavailable

# A connection that does not say who it is within this time is closed.
CONNECT_S_MAX: Final = 10.0
CONNECTIONS_MAX: Final = 20_000
# Client id, will, user and secret; a will is a small message.
_CONNECT_BYTES_MAX: Final = 65_536
_NO_CONNECT: Final = (
    wire.WireError,
    AMQTTError,
    MQTTError,
    NoDataError,
    OSError,
    TimeoutError,
    ValueError,
)


class EmbeddedBroker:
    """Start it, hand out its ``url``, stop it. It may be started again: nothing answered is lost.

    bind: loopback unless another address is given; port 0 is any free one, kept over restarts.
    spool: the file that outlasts the process; without it sessions last as long as this object.
    certificate, key: PEM files of TLS.
    """

    def __init__(
        self,
        access: Access,
        *,
        bind: str = "127.0.0.1",
        port: int = 0,
        spool: Path | None = None,
        certificate: Path | None = None,
        key: Path | None = None,
        connections_max: int = CONNECTIONS_MAX,
        connect_s_max: float = CONNECT_S_MAX,
    ) -> None:
        self._access, self._bind, self._port = access, bind, port
        self._certificate, self._key = certificate, key
        self._connections_max, self._connect_s_max = connections_max, connect_s_max
        self._post = PostOffice(access, spool)
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """Where it listens; known once it was started."""
        scheme = "mqtt" if self._certificate is None else "mqtts"
        return f"{scheme}://{self._bind}:{self._port}"

    @property
    def access(self) -> Access:
        """Its accounts, which may be added and revoked while it runs."""
        return self._access

    async def start(self) -> None:
        """Listen. Raises BrokerUnavailable where the address is taken."""
        assert self._server is None, "started twice"
        self._post.open()
        server = _Server(self._config(), self)
        try:
            await server.start()
        except Exception as error:
            raise BrokerUnavailable(f"listen on {self._bind}:{self._port}", str(error)) from error
        self._server = server
        self._port = server.port

    async def stop(self) -> None:
        """Finish what was received, then close every connection; without wills."""
        self._post.flush()
        await self._end()

    async def kill(self) -> None:
        """As if the process had died: whatever was not answered is lost, and nothing else."""
        await self._end()

    async def _end(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.end()
            self._post.close()

    def _config(self) -> BrokerConfig:
        listener: dict[str, Any] = {"type": "tcp", "bind": f"{self._bind}:{self._port}"}
        if self._certificate is not None:
            files = {"certfile": str(self._certificate), "keyfile": str(self._key)}
            listener |= {"ssl": True, **files}
        # An empty mapping: left out, amqtt loads its own plugins, one of which lets anybody in.
        return BrokerConfig.from_dict({"listeners": {"default": listener}, "plugins": {}})

    # What the server and its connections ask of it.

    async def welcome(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, plugins: Any
    ) -> Connection | None:
        """The connection after CONNECT, or None where it is refused."""
        try:
            async with asyncio.timeout(self._connect_s_max):
                packets, first, rest = await _first_packet(reader)
            streams = BufferReader(first), StreamWriterAdapter(writer)
            connection: Connection
            connection, session = await Connection.init_from_connect(*streams, plugins)
        except _NO_CONNECT:
            writer.transport.abort()
            return None
        user = session.username or ""
        if not self._access.is_admitted(user, session.password or ""):
            writer.write(wire.connack(wire.NOT_ALLOWED))
            return None
        connection.open(self._post, user, session, reader, writer)
        self._post.admit(connection)
        connection.go_on_with(packets, rest)
        return connection

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: "_Server"
    ) -> None:
        """The whole life of one connection."""
        if len(server.transports) >= self._connections_max:
            writer.transport.abort()
            return
        server.transports.add(writer.transport)
        try:
            connection = await self.welcome(reader, writer, server.plugins_manager)
            if connection is None:
                return
            said_goodbye = await connection.serve()
            self._post.leave(connection, with_will=not said_goodbye and not server.is_ending)
        finally:
            server.transports.discard(writer.transport)
            writer.close()


async def _first_packet(
    reader: asyncio.StreamReader,
) -> tuple[wire.Packets, bytes, list[tuple[int, bytes]]]:
    """The CONNECT packet, those that came with it, and what their bytes are read with.

    Raises WireError for anything else, of which no more is read than its first byte.
    """
    packets = wire.Packets(_CONNECT_BYTES_MAX)
    while True:
        data = await reader.read(_CONNECT_BYTES_MAX)
        if not data or (packets.is_empty and data[0] != wire.CONNECT << 4):
            raise wire.WireError("no CONNECT")
        found = list(packets.feed(data))
        if found:
            return packets, wire.packet(*found[0]), found[1:]


class _Server(Broker):  # type: ignore[misc]
    """amqtt's listener and life cycle, without its ticks and its tasks."""

    def __init__(self, config: BrokerConfig, owner: EmbeddedBroker) -> None:
        super().__init__(config)
        self._owner = owner
        self.transports: set[asyncio.BaseTransport] = set()
        self.is_ending = False
        self._lives: set[asyncio.Task[Any]] = set()

    @property
    def port(self) -> int:
        sockets = self._servers["default"].instance.sockets
        return int(sockets[0].getsockname()[1])

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lives.add(task)
        try:
            await self._owner.serve(reader, writer, self)
        finally:
            self._lives.discard(task)

    async def _session_monitor(self) -> None:
        """amqtt looks every second for sessions to end; ours end when their clients go."""

    async def _broadcast_loop(self) -> None:
        """amqtt passes messages on from a queue; ours are passed on as they are accepted."""

    async def end(self) -> None:
        """Close the listener and every connection, and wait until they are gone."""
        self.is_ending = True
        for server in self._servers.values():
            server.instance.close()
        for transport in list(self.transports):
            transport.abort()  # type: ignore[attr-defined]
        while self._lives:
            await asyncio.wait(self._lives)
        with suppress(AMQTTError):
            await self.shutdown()
