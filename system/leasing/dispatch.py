"""What leaves by the broker: orders to machines and alerts to the bank, from the outbox.

Sending proves nothing: a message goes again until its receiver's own receipt is in. Receivers know
a repeat by its id.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from orjson import dumps, loads

from system.leasing.devices import DEVICES, Device, DeviceKeys
from system.leasing.events import BANK, MACHINE
from system.leasing.signatures import sign
from system.ledger import outbox
from system.ledger.outbox import OutboxMessage
from system.ports.book import Book
from system.ports.clock import Clock
from system.ports.store import Unit

# A receipt that has not come in this time is asked for again; a machine may be out of reach.
RESEND_S: Final = 300
# Messages that leave in one go.
_BATCH_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to publish. message_id: of the outbox; a machine with two terminals gets two."""

    message_id: str
    topic: str
    payload: bytes


class Dispatch:
    """Knows when it sent what; after a restart all that has no receipt goes again."""

    def __init__(self, book: Book, clock: Clock, keys: DeviceKeys) -> None:
        self._book, self._clock, self._keys = book, clock, keys
        self._sent_at_s: dict[str, int] = {}

    def due(self) -> list[Letter]:
        """What must leave now, marked as sent: publish it."""
        now_s = self._clock.now_s()
        with self._book.transaction() as unit:
            letters = [
                letter
                for target, write in ((MACHINE, self._to_machine), (BANK, _to_bank))
                for letter in self._due(unit.rows, target, now_s, write)
            ]
            outbox.mark_sent(unit.rows, sorted({letter.message_id for letter in letters}))
        for letter in letters:
            self._sent_at_s[letter.message_id] = now_s
        return letters

    def _due(
        self,
        unit: Unit,
        target: str,
        now_s: int,
        write: Callable[[Unit, OutboxMessage], Sequence[Letter]],
    ) -> list[Letter]:
        waiting = outbox.unconfirmed(unit, target)
        again = [m for m in waiting if now_s - self._sent_at_s.get(m.message_id, 0) >= RESEND_S]
        messages = [*again, *outbox.pending(unit, target, _BATCH_MAX)]
        return [letter for message in messages for letter in write(unit, message)]

    def _to_machine(self, unit: Unit, message: OutboxMessage) -> list[Letter]:
        """To each terminal of the machine, signed with the secret that it shares with us."""
        devices = unit.find(DEVICES, {"machine": int(message.ordering_key)})
        payload = message.payload.encode()
        return [
            Letter(
                message.message_id,
                f"device/{device.device_id}/command",
                self._signed(device, payload),
            )
            for device in devices
            if not device.is_revoked
        ]

    def _signed(self, device: Device, payload: bytes) -> bytes:
        if device.key_kind == "hmac-sha256":
            return sign("hmac-sha256", self._keys.key_of(device), payload)
        return payload


def _to_bank(_: Unit, message: OutboxMessage) -> list[Letter]:
    told = {"message_id": message.message_id, **loads(message.payload)}
    return [Letter(message.message_id, BANK, dumps(told))]
