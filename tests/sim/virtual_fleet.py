"""A fleet on the virtual loop, for tests and as a program: prints the hash of what happened.

Real broker, real clients, real sockets: machines report once an hour with QoS 1 for some weeks
and a collector writes down what arrives, when.
"""

import asyncio
import hashlib
import sys
from typing import Any

import gmqtt
from gmqtt.mqtt.constants import MQTTv311

from sim.twins.quiet_broker import QuietBroker
from sim.virtual_loop import VirtualLoop, run_virtual

START_S = 1_767_225_600
HOUR_S, WEEK_S = 3_600, 7 * 86_400
BROKER = {
    "listeners": {"default": {"type": "tcp", "bind": "127.0.0.1:0"}},
    "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
}


async def broker_on(bind: str = "127.0.0.1:0") -> tuple[QuietBroker, int]:
    broker = QuietBroker(BROKER | {"listeners": {"default": {"type": "tcp", "bind": bind}}})
    await broker.start()
    (server,) = broker._servers.values()
    return broker, server.instance.sockets[0].getsockname()[1]


async def connected(name: str, port: int) -> gmqtt.Client:
    client = gmqtt.Client(name, clean_session=True)
    await client.connect("127.0.0.1", port, keepalive=600, version=MQTTv311)
    return client


async def fleet(loop: VirtualLoop, machines: int, weeks: int) -> list[str]:
    lines: list[str] = []
    broker, port = await broker_on()
    collector = await connected("collector", port)

    def on_message(client: Any, topic: str, payload: bytes, qos: int, properties: Any) -> int:
        lines.append(f"{loop.clock.now_s()} {topic} {payload.decode()}")
        return 0

    collector.on_message = on_message
    collector.subscribe("device/+/data", qos=1)
    await asyncio.sleep(1)
    await asyncio.gather(*(machine(number, port, weeks) for number in range(machines)))
    await asyncio.sleep(1)
    await collector.disconnect()
    await broker.shutdown()
    return lines


async def machine(number: int, port: int, weeks: int) -> None:
    client = await connected(f"machine-{number}", port)
    for hour in range(weeks * WEEK_S // HOUR_S):
        client.publish(f"device/{number}/data", str(hour), qos=1)
        await asyncio.sleep(HOUR_S)
    await client.disconnect()


def fleet_hash(machines: int = 4, weeks: int = 1) -> str:
    lines = run_virtual(lambda loop: fleet(loop, machines, weeks), START_S)
    return f"{len(lines)} {hashlib.sha256(chr(10).join(lines).encode()).hexdigest()}"


if __name__ == "__main__":
    print(fleet_hash(*map(int, sys.argv[1:])))
