"""A listener who holds both parties' keys, and so sees every byte that either of them is sent."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from system.privacy.records import Role
from tests.privacy.parties import Ports, free_port

_BUFFER = 1 << 16
_WINDOW = 8


class Wiretap:
    """Two relays: TLS ends here and begins anew, so the record is plain text."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._records: list[bytearray] = []
        self._relays = {role: free_port() for role in Role}
        # A relay of a role is what its peer takes for it.
        self.ports = Ports(
            {role: free_port() for role in Role},
            {role: self._relays[role.other] for role in Role},
        )
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()

    @property
    def bytes_seen(self) -> int:
        return sum(map(len, self._records))

    def stream(self) -> bytes:
        return b"".join(self._records)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _open(self) -> None:
        for role, port in self._relays.items():
            await asyncio.start_server(
                lambda reader, writer, role=role: self._relay(role, reader, writer),
                "127.0.0.1",
                port,
                ssl=self._context(ssl.PROTOCOL_TLS_SERVER, role),
            )

    async def _relay(
        self, role: Role, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        context = self._context(ssl.PROTOCOL_TLS_CLIENT, role.other)
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(
                "127.0.0.1", self.ports.own[role], ssl=context
            )
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # One record per connection and direction: no value is torn apart by the other traffic.
        record = bytearray()
        self._records.append(record)
        with suppress(OSError):
            while chunk := await reader.read(_BUFFER):
                record += chunk
                writer.write(chunk)
                await writer.drain()
        writer.close()

    def _context(self, protocol: int, shown: Role) -> ssl.SSLContext:
        context = ssl.SSLContext(protocol)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(self._folder / f"{shown}.pem", self._folder / f"{shown}.key")
        return context


@contextmanager
def wiretap(folder: Path) -> Iterator[Wiretap]:
    tap = Wiretap(folder)
    try:
        yield tap
    finally:
        tap.close()


def occurrences(stream: bytes, patterns: dict[str, list[bytes]]) -> dict[str, int]:
    """How many patterns (8 bytes or longer) of each kind the stream holds, at any offset."""
    every = [pattern for own in patterns.values() for pattern in own]
    assert min(map(len, every)) >= _WINDOW
    places = _places(stream, np.frombuffer(b"".join(p[:_WINDOW] for p in every), dtype="<u8"))
    return {
        name: sum(
            any(stream.startswith(pattern, place) for place in places.get(pattern[:_WINDOW], ()))
            for pattern in own
        )
        for name, own in patterns.items()
    }


def _places(stream: bytes, heads: np.ndarray) -> dict[bytes, list[int]]:
    """Where the stream holds one of these 8-byte words."""
    low_bits = np.zeros(1 << 24, dtype=bool)
    low_bits[heads & 0xFFFFFF] = True
    places: dict[bytes, list[int]] = {}
    for offset in range(_WINDOW):
        words = np.frombuffer(stream, "<u8", (len(stream) - offset) // _WINDOW, offset)
        likely = np.flatnonzero(low_bits[words & 0xFFFFFF])
        for hit in likely[np.isin(words[likely], heads)].tolist():
            place = hit * _WINDOW + offset
            places.setdefault(stream[place : place + _WINDOW], []).append(place)
    return places
