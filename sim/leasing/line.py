"""From the platform's gateways to the bank under faults: held up, lost, doubled, out of order.

Works on what the network delivers, whose own daily troubles are parameters of the economy. A
gateway keeps what it cannot send and sends it with a later poll. Decisions fall here, once, for
either wiring; the channel behind carries them out, on a real broker in the full one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from sim.faults import Faults
from sim.leasing.messages import gateway_id, gateways_of
from sim.leasing.network import Arrived, arrived_at, joined, taken
from sim.leasing.terminals import Spoken
from sim.portable import I64, Mask
from system.limits import MESSAGE_BYTES_MAX, SEQUENCE_MAX

Message = tuple[str, bytes]
_NOISE = b"\xff\x00 no reading of anybody"
_HALF = b'{"device_id": "m-0", "boot_id": 0, "sequ'
_STRANGERS = b'{"device_id": "nobody", "boot_id": 0, "sequence": 0}'
_POISONS = (_NOISE, _HALF, _STRANGERS)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to the messages of a poll on the wire.

    twice, last: gateways whose message comes again, or after the others with its readings in
    reverse.  strangers: messages beside ours that are of no use.  stalled: the consumer takes
    nothing before the next poll.  killed: the broker dies while messages are under way.
    """

    twice: tuple[int, ...] = ()
    last: tuple[int, ...] = ()
    strangers: tuple[Message, ...] = ()
    stalled: bool = False
    killed: bool = False

    def order(self, gateways: list[int]) -> list[int]:
        """Gateways in the order in which their messages come, each as often as it comes."""
        first = [one for one in gateways if one not in self.last]
        again = [one for one in gateways if one in self.twice]
        return [*first, *again, *(one for one in gateways if one in self.last)]


CALM = Trouble()


class Channel(Protocol):
    """How readings get to the service: as columns, or as messages through a broker."""

    def deliver(self, arrived: Arrived, trouble: Trouble = CALM) -> None:
        """All that arrives at one poll, taken in when this returns, unless the consumer stalls."""
        ...

    def carry(self, at_s: int, orders: Sequence[tuple[str, int]], hears: Mask) -> set[str]:
        """Orders go to their machines; the ids of those that a terminal has carried out.

        orders: action ids and machines.  hears: bool (n,), whose terminals are in reach.
        """
        ...

    def broker_ends(self, at_s: int) -> None:
        """The broker dies at this UTC second."""
        ...

    def broker_returns(self, at_s: int) -> None:
        """The broker is there again."""
        ...

    def close(self) -> None:
        """Give sockets back."""
        ...


@dataclass
class Handed:
    """Keys of the readings that were handed over for good, by machine; and what still waits."""

    _keys: dict[int, list[I64]] = field(default_factory=dict)
    waiting: int = 0

    def note(self, spoken: Spoken) -> None:
        keys = spoken.boot * (SEQUENCE_MAX + 1) + spoken.sequence
        for device in np.unique(spoken.device).tolist():
            self._keys.setdefault(device, []).append(keys[spoken.device == device])

    def counts(self) -> dict[int, int]:
        """Readings of each machine, repeats aside."""
        for device, parts in self._keys.items():
            self._keys[device] = [np.unique(np.concatenate(parts))]
        return {device: parts[0].size for device, parts in self._keys.items()}


class Line:
    """Stands between the network and a channel. Where nothing is planned to break, it is none."""

    def __init__(self, channel: Channel, faults: Faults) -> None:
        self._channel, self._faults = channel, faults
        # What gateways keep, and the UTC second from which they can send it.
        self._kept: list[tuple[int, Spoken]] = []
        self.handed = Handed()
        # Whether what was handed over last still waits for a consumer that stalled.
        self.is_behind = False

    def deliver(self, arrived: Arrived) -> Arrived:
        """Returns what reached the bank of it, or of what was kept before."""
        if not self._faults.windows:
            self._channel.deliver(arrived)
            return arrived
        sent = self._sent(arrived)
        trouble = self._trouble(sent)
        self._channel.deliver(sent, trouble)
        self.is_behind = trouble.stalled
        self.handed.note(sent.spoken)
        return sent

    def carry(self, at_s: int, orders: Sequence[tuple[str, int]], hears: Mask) -> set[str]:
        """Orders to terminals, as a channel carries them; none while the broker is away."""
        if self._faults.open("broker_down") is not None:
            return set()
        return self._channel.carry(at_s, orders, hears)

    @property
    def is_up(self) -> bool:
        """Whether the consumer's link to the broker stands, which is all that it knows."""
        return self._faults.open("broker_down") is None

    def close(self) -> None:
        self._channel.close()

    def _sent(self, arrived: Arrived) -> Arrived:
        """What gateways send now, and the broker does not lose."""
        at_s, faults = arrived.at_s, self._faults
        spoken = joined([arrived.spoken, *(kept for from_s, kept in self._kept if from_s <= at_s)])
        self._kept = [entry for entry in self._kept if entry[0] > at_s]
        down = faults.open("broker_down")
        passing = np.ones(len(spoken), np.bool_)
        gateway = gateways_of(spoken.device)
        for one in np.unique(gateway).tolist():
            rows = gateway == one
            late = faults.open("mqtt_late")
            if down is not None:
                faults.struck["broker_down"] += 1
                until_s = down.until_s
            elif late is not None and faults.strikes("mqtt_late"):
                until_s = late.until_s
            else:
                passing[rows] = not faults.strikes("mqtt_lost")
                continue
            self._kept.append((until_s, taken(spoken, np.flatnonzero(rows))))
            passing[rows] = False
        self.handed.waiting = sum(len(kept) for _, kept in self._kept)
        return arrived_at(at_s, taken(spoken, np.flatnonzero(passing)))

    def _trouble(self, sent: Arrived) -> Trouble:
        faults = self._faults
        gateways = np.unique(gateways_of(sent.spoken.device)).tolist()
        twice, last, poisoned, oversize = (
            tuple(one for one in gateways if faults.strikes(kind))
            for kind in ("mqtt_duplicated", "mqtt_reordered", "mqtt_poisoned", "mqtt_oversize")
        )
        strangers = [
            *((one, _POISONS[at % len(_POISONS)]) for at, one in enumerate(poisoned)),
            *((one, b" " * (MESSAGE_BYTES_MAX + 1)) for one in oversize),
        ]
        return Trouble(
            twice,
            last,
            tuple((f"gateway/{gateway_id(one)}/data", payload) for one, payload in strangers),
            faults.open("broker_down") is not None or faults.strikes("consumer_slow"),
            bool(gateways) and faults.strikes("broker_killed"),
        )
