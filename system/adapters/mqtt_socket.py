"""A client's end of one MQTT connection: bytes to packets, packets to bytes, silence to an end."""

import asyncio
from collections.abc import Callable
from typing import Final, cast

from system.adapters import mqtt_wire as wire

PACKET_BYTES_MAX: Final = 2 * 1_048_576


class Socket(asyncio.Protocol):
    """take: called with each packet.  ``lost`` is done when the connection has ended."""

    def __init__(self, take: Callable[[int, bytes], None]) -> None:
        self._take, self._keep_alive_s = take, 0
        self._packets = wire.Packets(PACKET_BYTES_MAX)
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[None] = self._loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._is_heard = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of a class of their own.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._is_heard = True
        try:
            for first, body in self._packets.feed(data):
                self._take(first, body)
        except wire.WireError:
            self.cut()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self.lost.done():
            self.lost.set_result(None)

    def keep_alive(self, keep_alive_s: int) -> None:
        """Ask the other end from now on whether it is there; 0 for never."""
        self._keep_alive_s = keep_alive_s
        if keep_alive_s:
            self._tend()

    def _tend(self) -> None:
        """Ask three times in each keep-alive; no answer to the last question is the end."""
        if not self._is_heard:
            self.cut()
            return
        self._is_heard = False
        self.send(wire.PINGREQ_BYTES)
        self._timer = self._loop.call_later(self._keep_alive_s / 3, self._tend)

    def send(self, data: bytes) -> None:
        """Written together with whatever else this turn of the loop sends."""
        if not self._out:
            self._loop.call_soon(self.flush)
        self._out.append(data)

    def flush(self) -> None:
        """Write what was sent so far."""
        data, self._out = b"".join(self._out), []
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def pause(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """Say goodbye, and wait until the other end has heard it."""
        self.send(wire.DISCONNECT_BYTES)
        self.flush()
        if self._transport is not None:
            self._transport.close()
            await self.lost
