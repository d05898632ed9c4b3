"""The embedded MQTT broker without its housekeeping tick, for weeks of virtual time."""

from __future__ import annotations

import asyncio

from amqtt.broker import Broker


class QuietBroker(Broker):  # type: ignore[misc]  # amqtt has no types that mypy is shown
    """amqtt's broker, which wakes every second to expire sessions: 600,000 times a week.

    Sessions that ask for a clean start are still cleaned when they connect again; none expires by
    age, so set no session expiry interval.
    """

    async def _session_monitor(self) -> None:
        await asyncio.Event().wait()
