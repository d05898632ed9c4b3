"""What one client of an embedded broker wants, and what it is yet to get."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final, Protocol

from system.adapters.mqtt_wire import PACKET_ID_MAX, publish

# Messages that a client may hold unacknowledged: more keep a fast one busy, fewer a slow one light.
WINDOW: Final = 2_000
# A mailbox is full at this many messages or bytes: publishers then wait for their answers.
LETTERS_MAX: Final = 100_000
BYTES_MAX: Final = 64 * 1_048_576


@dataclass(slots=True)
class Letter:
    """A message at QoS 1 for one client. number: the broker's count, in order of acceptance."""

    number: int
    topic: bytes
    payload: bytes
    is_retained: bool = False
    is_repeat: bool = False


class Outlet(Protocol):
    """The connection of a client that is there."""

    @property
    def has_room(self) -> bool: ...
    def send(self, data: bytes) -> None: ...


@dataclass(slots=True)
class Mailbox:
    """is_lasting: stays when its client goes.  filters: granted QoS by filter."""

    client: str
    is_lasting: bool
    filters: dict[str, int] = field(default_factory=dict)
    outlet: Outlet | None = None
    waiting: deque[Letter] = field(default_factory=deque)
    in_flight: dict[int, Letter] = field(default_factory=dict)
    held_bytes: int = 0
    _packet_id: int = 0

    @property
    def is_full(self) -> bool:
        held = len(self.waiting) + len(self.in_flight)
        return held >= LETTERS_MAX or self.held_bytes >= BYTES_MAX

    def put(self, letter: Letter) -> None:
        self.waiting.append(letter)
        self.held_bytes += len(letter.payload)

    def push(self) -> None:
        """Send what the window and the connection have room for."""
        outlet, waiting, in_flight = self.outlet, self.waiting, self.in_flight
        if outlet is None:
            return
        while waiting and len(in_flight) < WINDOW and outlet.has_room:
            letter = waiting.popleft()
            packet_id = self._free_packet_id()
            in_flight[packet_id] = letter
            outlet.send(
                publish(
                    letter.topic,
                    letter.payload,
                    1,
                    packet_id,
                    is_retained=letter.is_retained,
                    is_repeat=letter.is_repeat,
                )
            )

    def _free_packet_id(self) -> int:
        while True:
            self._packet_id = self._packet_id % PACKET_ID_MAX + 1
            if self._packet_id not in self.in_flight:
                return self._packet_id

    def acknowledged(self, packet_id: int) -> Letter | None:
        """The letter that this answers; None for an answer to nothing."""
        letter = self.in_flight.pop(packet_id, None)
        if letter is not None:
            self.held_bytes -= len(letter.payload)
        return letter

    def take_back(self) -> None:
        """What was sent and not answered goes again, first, as a repeat."""
        for letter in self.in_flight.values():
            letter.is_repeat = True
        self.waiting.extendleft(reversed(self.in_flight.values()))
        self.in_flight.clear()
