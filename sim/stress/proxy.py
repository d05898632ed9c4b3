"""A slow or broken network between clients and the bank: a relay that delays, stalls and cuts.

The kernels that we run on have no netem; a relay can do to bytes what a bad line does.
"""

import asyncio
from contextlib import suppress
from typing import Final

from sim.stress.server import LOOPBACK

_READ_BYTES: Final = 65_536


class Proxy:
    """From a port of its own on this machine to a port of the bank's, or of its broker's.

    delay_s: of each piece, each way.
    """

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.delay_s = 0.0

    @property
    def port(self) -> int:
        """Where clients connect."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._relay, LOOPBACK, 0)

    async def stop(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        self.cut()
        while self._open:
            await asyncio.sleep(0.01)

    def cut(self) -> None:
        """Break every connection, whatever is under way."""
        for writer in list(self._open):
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(*self._to)
        except OSError:
            writer.transport.abort()
            return
        ends = (writer, back)
        self._open |= set(ends)
        pumps = [
            asyncio.create_task(self._pump(reader, back)),
            asyncio.create_task(self._pump(there, writer)),
        ]
        # Either side may end it; what the other still had to say is lost, as on a real line.
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        self._open -= set(ends)
        for end in ends:
            end.transport.abort()
        for pump in pumps:
            pump.cancel()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_READ_BYTES):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if writer.transport.is_closing():
                    return
                writer.write(data)
                await writer.drain()
