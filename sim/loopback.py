"""Loopback traffic, accounted to the byte: has everything that was sent arrived where it is read?

The kernel delivers loopback bytes when it likes: at once on an idle machine, later on a busy one.
A program that only asks which sockets are ready would see time, chunks and order depend on that.
Here both ends of a connection live in this process, so bytes sent minus bytes received are the
bytes under way, without delayed acknowledgements and without asking the kernel for its queues. A
window of our own keeps them so few that they always fit: the kernel's buffers never show.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
from collections.abc import Callable, Iterable, Set
from typing import Any

# At most so much is under way to one end; one read can take it all. Far below the kernel's buffers.
WINDOW_BYTES = 32 * 1024
_KERNEL_BUFFER_BYTES = 1 << 20

Ends = tuple[Any, Any]


class CountedSocket(socket.socket):
    """A connected stream socket that keeps account with its other end, where that is ours too.

    due_bytes, due_end: what the other end sent and this one has not read yet.
    early_bytes: what this end sent before the other was accepted.
    """

    traffic: Traffic
    ends: Ends
    peer: CountedSocket | None
    due_bytes: int
    due_end: bool
    early_bytes: int

    def send(self, data: Any, flags: int = 0) -> int:
        room = self.traffic.room_bytes(self)
        if room <= 0:
            raise BlockingIOError
        with _Broken(self):
            sent = super().send(memoryview(data)[:room], flags)
        self.traffic.sent(self, sent)
        return sent

    def sendmsg(self, buffers: Iterable[Any], *_rest: Any) -> int:
        return self.send(next(iter(buffers)))

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        with _Broken(self):
            data = super().recv(bufsize, flags)
        self.traffic.received(self, len(data))
        return data

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        with _Broken(self):
            received = super().recv_into(buffer, nbytes, flags)
        self.traffic.received(self, received)
        return received

    def shutdown(self, how: int) -> None:
        if how != socket.SHUT_RD:
            self.traffic.ended(self)
        super().shutdown(how)

    def close(self) -> None:
        if self.fileno() >= 0:
            self.traffic.closed(self)
        super().close()

    def waiting_bytes(self) -> int:
        """Bytes that have arrived and are not yet read."""
        answer = fcntl.ioctl(self.fileno(), termios.FIONREAD, b"\0\0\0\0")
        return int(struct.unpack("i", answer)[0])


class _Broken:
    """Around a socket call: a connection that broke owes nothing any more."""

    __slots__ = ("_end",)

    def __init__(self, end: CountedSocket) -> None:
        self._end = end

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError) and not isinstance(error, BlockingIOError | InterruptedError):
            self._end.traffic.settle_all(self._end)


class Traffic:
    """The connections of one event loop. ``ports`` are those on which it accepts connections."""

    def __init__(self) -> None:
        self.ports: dict[int, socket.socket] = {}
        self._ends: dict[Ends, CountedSocket] = {}
        self._numbers: dict[int, CountedSocket] = {}
        # Ends that are owed bytes or an end of stream; dicts, because a set has no order.
        self._owed: dict[CountedSocket, None] = {}
        self._not_accepted: dict[CountedSocket, None] = {}

    def adopt(self, sock: socket.socket) -> CountedSocket:
        """The same connection under account. The socket that was given is detached."""
        ends = sock.getsockname(), sock.getpeername()
        end = CountedSocket(sock.family, sock.type, sock.proto, fileno=sock.detach())
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _KERNEL_BUFFER_BYTES)
        end.traffic, end.ends, end.peer = self, ends, None
        end.due_bytes, end.due_end, end.early_bytes = 0, False, 0
        self._ends[ends] = self._numbers[end.fileno()] = end
        other = self._ends.get((ends[1], ends[0]))
        if other is not None:
            self._pair(end, other)
        elif ends[1][1] in self.ports:
            self._not_accepted[end] = None
        return end

    def _pair(self, end: CountedSocket, other: CountedSocket) -> None:
        end.peer, other.peer = other, end
        self._not_accepted.pop(other, None)
        if other.early_bytes:
            self.sent(other, other.early_bytes)

    def sent(self, end: CountedSocket, n: int) -> None:
        if end.peer is None:
            end.early_bytes += n
        elif end.peer.fileno() >= 0:
            end.peer.due_bytes += n
            self._owed[end.peer] = None

    def received(self, end: CountedSocket, n: int) -> None:
        if n == 0:
            return self.settle_all(end)
        end.due_bytes -= n
        if end.due_bytes <= 0 and not end.due_end:
            self._owed.pop(end, None)
        return None

    def ended(self, end: CountedSocket) -> None:
        if end.peer is not None and end.peer.fileno() >= 0:
            end.peer.due_end = True
            self._owed[end.peer] = None

    def closed(self, end: CountedSocket) -> None:
        self.ended(end)
        self.settle_all(end)
        self._not_accepted.pop(end, None)
        self._ends.pop(end.ends, None)
        self._numbers.pop(end.fileno(), None)

    def room_bytes(self, end: CountedSocket) -> int:
        """How much this end may send now. Without limit where the other end is not ours."""
        if end.peer is not None:
            return WINDOW_BYTES - end.peer.due_bytes
        return WINDOW_BYTES - end.early_bytes if end in self._not_accepted else 1 << 30

    def blocked(self, number: int) -> bool:
        """Whether the end with this descriptor must wait until its other end has read."""
        end = self._numbers.get(number)
        return end is not None and self.room_bytes(end) <= 0

    def settle_all(self, end: CountedSocket) -> None:
        """Nothing more is owed to this end: it saw the end of the stream, or it broke."""
        end.due_bytes, end.due_end = 0, False
        self._owed.pop(end, None)

    def settled(self, ready: Set[int], reads: Callable[[int], bool]) -> bool:
        """Whether all that is under way to a reader is there to be read.

        ready: descriptors that can be read now.  reads: whether anybody reads this descriptor; a
        reader that has paused (a slow consumer) does not hold the clock.
        """
        return all(self._arrived(end, ready, reads) for end in self._owed) and all(
            self._accepting(end, ready) for end in self._not_accepted
        )

    def _arrived(self, end: CountedSocket, ready: Set[int], reads: Callable[[int], bool]) -> bool:
        number = end.fileno()
        if number < 0 or not reads(number):
            return True
        if number not in ready:
            return False
        # Readable without a byte: the end of the stream, or an error that reading will find.
        waiting = end.waiting_bytes()
        return waiting == 0 or waiting >= end.due_bytes

    def _accepting(self, end: CountedSocket, ready: Set[int]) -> bool:
        server = self.ports.get(end.ends[1][1])
        return server is None or server.fileno() < 0 or server.fileno() in ready
