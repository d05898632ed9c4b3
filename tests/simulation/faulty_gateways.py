"""Gateways on a bad line: messages lost, sent twice, out of order; and a broker that dies."""

import asyncio
from collections.abc import Sequence

from sim.leasing.channel_broker import BrokerChannel, Message
from sim.leasing.stage import Setting
from sim.streams import Luck
from system.bootstrap_leasing import LeasingSystem

LOST, TWICE, KILLED = 0.2, 0.2, 0.1


class FaultyChannel(BrokerChannel):
    """What the line loses stays with the gateway, which sends it again in the same poll."""

    def __init__(self, system: LeasingSystem, setting: Setting) -> None:
        self._luck = Luck(setting.seed, 99)
        self.polls = self.lost = self.twice = self.killed = 0
        super().__init__(system, setting.machines, setting.parameters.world.start_s)

    async def send(self, messages: Sequence[Message]) -> None:
        self.polls += 1
        draws = self._luck.cohort("line", self.polls, 3 * len(messages) + 1)
        order = sorted(range(len(messages)), key=lambda at: draws[3 * at])
        first = [messages[at] for at in order if draws[3 * at + 1] >= LOST]
        late = [messages[at] for at in order if draws[3 * at + 1] < LOST]
        again = [messages[at] for at in order if draws[3 * at + 2] < TWICE]
        sending = asyncio.gather(*(self.publish(message) for message in (*first, *again)))
        if draws[-1] < KILLED:
            self.killed += 1
            # Some bytes are on their way: what was not answered is lost, and sent again.
            await asyncio.sleep(0)
            await self.broker.kill()
            await self.broker.start()
        await sending
        await asyncio.gather(*(self.publish(message) for message in late))
        self.lost += len(late)
        self.twice += len(again)
        await self.drained()
