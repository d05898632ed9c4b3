"""Readings of a fleet through MQTT, and alerts: from a terminal's word to an officer's screen."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import orjson

from sim.stress.fleet import Machines, device_id
from sim.stress.gateway import Gateway
from sim.stress.streams import Now
from system.adapters.mqtt_link import MqttLink
from system.adapters.os_clock import OsClock
from system.errors import BrokerUnavailable
from system.ports.broker import Account

# Readings in one message of a fleet's gateway.
EACH: Final = 20
_LOOK_S: Final = 0.1
_WAIT_S_MAX: Final = 60.0
_DRAIN_S_MAX: Final = 60.0
# A terminal whose line is down asks at least so often.
_RETRY_S_MAX: Final = 2.0


@dataclass(slots=True)
class Voice:
    """The fleet's gateways, connected, and where each terminal is in its count."""

    url: str
    machines: Machines
    start_s: int
    links: list[MqttLink] = field(default_factory=list)
    said: list[int] = field(default_factory=list)
    # Readings by machine that the broker answered for.
    kept: list[int] = field(default_factory=list)
    # The last message of each link that the broker answered for: a machine in it, and the time of
    # its reading.
    _last: dict[int, tuple[int, int]] = field(default_factory=dict)

    async def open(self) -> None:
        """Connect. The broker keeps each link's place while it is away."""
        self.said = [0] * self.machines.count
        self.kept = [0] * self.machines.count
        for user, secret in self.machines.gateways:
            account = Account(user, secret, (f"gateway/{user}/data",), ())
            link = MqttLink(self.url, account, (), OsClock(), wait_s_max=_RETRY_S_MAX)
            await link.open()
            self.links.append(link)

    async def close(self) -> None:
        """Hang up."""
        for link in self.links:
            await link.close()

    async def say(self, number: int, machines: list[int], readings: list[bytes]) -> None:
        """Publish at QoS 1; returns with the broker's answer."""
        link, machine = number % len(self.links), machines[-1]
        last = machine, self.start_s + self.said[machine] - 1
        user = self.machines.gateways[link][0]
        await self.links[link].publish(f"gateway/{user}/data", b"\n".join(readings))
        self._last[link] = last
        for machine in machines:
            self.kept[machine] += 1

    async def drained(self, gateway: Gateway) -> None:
        """Wait until what the broker answered for is in the books, as far as the bank shows it.

        A machine has one link, and what a link said is taken in in its order: so its last message
        tells of all. After a minute it is left to the audit to say what is missing.
        """
        clock = asyncio.get_running_loop().time
        until_s = clock() + _DRAIN_S_MAX
        for machine, at_s in self._last.values():
            path = f"/leasing/machines/{machine}"
            while clock() < until_s:
                shown = await gateway.read(self.machines.lessor, path)
                if (shown["at_ms"] or 0) >= at_s * 1_000:
                    break
                await asyncio.sleep(_LOOK_S)

    def reading(self, machine: int) -> bytes:
        """The next reading of a terminal, in the brief form; a second of its time apart."""
        sequence = self.said[machine]
        self.said[machine] += 1
        hours = 100 + sequence / 3_600
        return orjson.dumps(
            {
                "device_id": device_id(machine),
                "timestamp": self.start_s + sequence,
                "location": {"lat": 34.005, "lon": 113.005},
                "working_hours": hours,
                "fuel_consumption": hours * 9,
            }
        )

    def opened(self, machine: int) -> bytes:
        """The next reading of a terminal that was opened, in the full form."""
        sequence = self.said[machine]
        self.said[machine] += 1
        at = np.datetime64(self.start_s + sequence, "s")
        return orjson.dumps(
            {
                "device_id": device_id(machine),
                "boot_id": 1,
                "sequence": sequence,
                "datetime": f"{at}Z",
                "Location": {"Latitude": 34.005, "Longitude": 113.005, "fix_valid": True},
                "supply_voltage_v": 27.4,
                "tamper": sequence > 0,
            }
        )


@dataclass(slots=True)
class Readings:
    """A message of EACH terminals' readings.

    The last ``kept`` machines say nothing here: their alerts are awaited elsewhere.
    """

    voice: Voice
    kept: int
    now: Now
    name: str = "telemetry"
    unit: str = "readings"
    each: int = EACH

    async def open(self) -> None:
        """The voice is open already."""
        assert self._usual % (EACH * len(self.voice.links)) == 0, "a machine has several links"

    async def close(self) -> None:
        """Nothing is left."""

    @property
    def _usual(self) -> int:
        return self.voice.machines.count - self.kept

    async def arrive(self, number: int, intended_s: float) -> float:
        usual = self._usual
        first = number * EACH % usual
        machines = [(first + n) % usual for n in range(EACH)]
        lines = [self.voice.reading(machine) for machine in machines]
        await self.voice.say(number, machines, lines)
        return self.now()


@dataclass(slots=True)
class Alerts:
    """A terminal says that it was opened; it is done when the lessor sees the alert."""

    voice: Voice
    gateway: Gateway
    kept: int
    now: Now
    name: str = "alerts"
    unit: str = "alerts"
    each: int = 1
    _awaited: dict[int, "asyncio.Future[float]"] = field(default_factory=dict)
    _watch: "asyncio.Task[None] | None" = None

    async def open(self) -> None:
        """Start to look at the alerts."""
        self._watch = asyncio.create_task(self._look())

    async def close(self) -> None:
        """Stop looking."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    async def arrive(self, number: int, intended_s: float) -> float:
        machine = self.voice.machines.count - self.kept + number
        assert machine < self.voice.machines.count, "more alerts than machines kept for them"
        seen: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._awaited[machine] = seen
        lines = [self.voice.opened(machine), self.voice.opened(machine)]
        await self.voice.say(number, [machine, machine], lines)
        return await asyncio.wait_for(seen, _WAIT_S_MAX)

    async def _look(self) -> None:
        lessor = self.voice.machines.lessor
        while True:
            await asyncio.sleep(_LOOK_S)
            if not self._awaited:
                continue
            # Ids begin with the machine's number; those kept have equally many digits.
            path = f"/leasing/alerts?open=true&after={min(self._awaited)}"
            found = await self.gateway.read(lessor, path)
            for alert in found["alerts"]:
                seen = self._awaited.pop(int(alert["machine"]), None)
                if seen is not None and not seen.done():
                    seen.set_result(self.now())


BROKEN: Final = (BrokerUnavailable, TimeoutError)
