"""MQTT 3.1.1 on the wire: packets from a stream of bytes, and bytes of packets.

Source: OASIS MQTT 3.1.1, sections 2 and 3.
"""

from collections.abc import Iterator, Sequence
from typing import Final

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = range(1, 8)
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = range(8, 15)
PACKET_ID_MAX: Final = 65_535
# What a server answers to CONNECT (3.2.2.3).
ACCEPTED, BAD_PROTOCOL, BAD_IDENTIFIER, UNAVAILABLE, BAD_PASSWORD, NOT_ALLOWED = range(6)
# What a server answers to a filter that it does not grant (3.9.3).
NOT_GRANTED: Final = 0x80

PINGREQ_BYTES: Final = bytes((PINGREQ << 4, 0))
PINGRESP_BYTES: Final = bytes((PINGRESP << 4, 0))
DISCONNECT_BYTES: Final = bytes((DISCONNECT << 4, 0))


class WireError(Exception):
    """Bytes that are no MQTT: the connection must be closed."""


class Packets:
    """Bytes in, whole packets out. packet_bytes_max: what is longer raises WireError unread."""

    def __init__(self, packet_bytes_max: int) -> None:
        self._held = b""
        self.packet_bytes_max = packet_bytes_max

    @property
    def is_empty(self) -> bool:
        """Whether no packet is begun."""
        return not self._held

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The first byte and the body of each packet that is now whole."""
        data = self._held + data if self._held else data
        at, end = 0, len(data)
        while end - at >= 2:
            length = data[at + 1]
            start = at + 2
            if length & 0x80:
                found = self._long_length(data, at + 1)
                if found is None:
                    break
                length, start = found
            if start + length > end:
                break
            yield data[at], data[start : start + length]
            at = start + length
        self._held = data[at:]

    def _long_length(self, data: bytes, at: int) -> tuple[int, int] | None:
        """The length that begins here and where the body starts; None while it is not whole."""
        value = shift = 0
        for step in range(4):
            if at + step >= len(data):
                return None
            byte = data[at + step]
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                if value > self.packet_bytes_max:
                    raise WireError(f"a packet of {value} bytes")
                return value, at + step + 1
        raise WireError("a length of more than four bytes")


def packet(first: int, body: bytes) -> bytes:
    """A packet of this first byte and body."""
    length = len(body)
    if length < 0x80:
        return bytes((first, length)) + body
    head = bytearray((first,))
    while True:
        byte, length = length & 0x7F, length >> 7
        head.append(byte | 0x80 if length else byte)
        if not length:
            return bytes(head) + body


def _text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    if len(raw) > 0xFFFF:
        raise WireError(f"a text of {len(raw)} bytes")
    return len(raw).to_bytes(2) + raw


def connect(
    client_id: str, user: str, password: str, *, is_clean: bool, keep_alive_s: int
) -> bytes:
    """CONNECT with user and password, without a will."""
    flags = 0xC0 | (0x02 if is_clean else 0)
    head = _text("MQTT") + bytes((4, flags)) + keep_alive_s.to_bytes(2)
    return packet(CONNECT << 4, head + _text(client_id) + _text(user) + _text(password))


def connack(code: int, *, is_session_present: bool = False) -> bytes:
    return bytes((CONNACK << 4, 2, is_session_present, code))


def publish(
    topic: bytes,
    payload: bytes,
    qos: int,
    packet_id: int = 0,
    *,
    is_retained: bool = False,
    is_repeat: bool = False,
) -> bytes:
    """PUBLISH. packet_id is left out at QoS 0."""
    first = PUBLISH << 4 | (0x08 if is_repeat else 0) | qos << 1 | is_retained
    head = len(topic).to_bytes(2) + topic
    if qos:
        head += packet_id.to_bytes(2)
    return packet(first, head + payload)


def read_publish(first: int, body: bytes) -> tuple[bytes, bytes, int, int, bool]:
    """Topic, payload, QoS, packet id (0 at QoS 0), retain flag. Raises WireError."""
    qos = first >> 1 & 3
    end = 2 + int.from_bytes(body[:2])
    start = end + 2 if qos else end
    if qos == 3 or start > len(body):
        raise WireError("a PUBLISH that is cut off or of QoS 3")
    packet_id = int.from_bytes(body[end:start])
    if qos and not packet_id:
        raise WireError("a PUBLISH without packet id")
    return body[2:end], body[start:], qos, packet_id, bool(first & 1)


def answer(kind: int, packet_id: int) -> bytes:
    """PUBACK, PUBREC, PUBREL, PUBCOMP or UNSUBACK."""
    return bytes((kind << 4 | (0x02 if kind == PUBREL else 0), 2)) + packet_id.to_bytes(2)


def read_packet_id(body: bytes) -> int:
    """The packet id that is a body. Raises WireError."""
    if len(body) != 2:
        raise WireError(f"a packet id of {len(body)} bytes")
    return int.from_bytes(body)


def subscribe(packet_id: int, filters: Sequence[tuple[str, int]]) -> bytes:
    """SUBSCRIBE to (filter, QoS) each."""
    body = b"".join(_text(name) + bytes((qos,)) for name, qos in filters)
    return packet(SUBSCRIBE << 4 | 2, packet_id.to_bytes(2) + body)


def suback(packet_id: int, codes: Sequence[int]) -> bytes:
    return packet(SUBACK << 4, packet_id.to_bytes(2) + bytes(codes))


def read_filters(body: bytes, *, with_qos: bool) -> tuple[int, list[tuple[str, int]]]:
    """Packet id and (filter, QoS) of a SUBSCRIBE, QoS 0 of an UNSUBSCRIBE. Raises WireError."""
    packet_id, at = read_packet_id(body[:2]), 2
    filters = []
    while at < len(body):
        end = at + 2 + int.from_bytes(body[at : at + 2])
        stop = end + with_qos
        if stop > len(body):
            raise WireError("a filter that is cut off")
        try:
            name = body[at + 2 : end].decode()
        except UnicodeDecodeError:
            raise WireError("a filter that is not UTF-8") from None
        filters.append((name, body[end] if with_qos else 0))
        at = stop
    if not filters:
        raise WireError("no filters")
    return packet_id, filters
