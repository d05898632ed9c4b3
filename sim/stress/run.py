"""One stress run: a bank is founded and started, loaded, struck, stopped, and audited."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sim.streams import Luck
from sim.stress import faults as striking
from sim.stress.arrivals import instants_s, ranks
from sim.stress.audit import audit
from sim.stress.bank import Bank, found_bank
from sim.stress.faults import Faults
from sim.stress.financing import Financing
from sim.stress.gateway import Gateway
from sim.stress.http import Http
from sim.stress.load import Loaded, drive, run
from sim.stress.profile import Profile
from sim.stress.proxy import Proxy
from sim.stress.result import Result
from sim.stress.server import LOOPBACK, Server
from sim.stress.streams import Decisions, Money, Stream
from sim.stress.telemetry import EACH, Alerts, Readings, Voice
from system.adapters.os_clock import OsClock
from system.kernels.business_day import business_day

SECRET: Final = b"the secret of a bank under load"
_ADHERE_S: Final = 20_000
_AHEAD: Final = 10
_MACHINES_USUAL: Final = 1_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What to do. rates_per_s: arrivals of each stream at factor 1 (readings for telemetry).

    settings: of the gateway, as in docs/OPERATIONS.md.  kills: None for the profile's.  merchants:
    half of them have a line.  restarts: a part -> the command that takes it down and up again.
    """

    profile: Profile
    seed: int
    rates_per_s: dict[str, float]
    folder: Path
    settings: dict[str, str]
    kills: int | None = None
    merchants: int = 2_000
    restarts: Mapping[str, str] = field(default_factory=dict)


def stress(wish: Wish, say: Callable[[str], None]) -> Result:
    """Raises NotUp where the system does not start, or does not come back, InputError where a fault
    that is planned cannot be done."""
    clock = OsClock()
    server = Server.of(wish.folder, SECRET, wish.settings)
    planned = _planned(wish, server)
    say("founding the bank")
    alerts = _alerts_most(wish)
    bank = found_bank(
        server.store_url,
        SECRET,
        clock.now_s(),
        wish.merchants,
        wish.merchants // 2,
        machines=_MACHINES_USUAL + alerts,
    )
    say("starting the gateway")
    server.start()
    load = _Load(wish, server, bank, alerts, clock.now_s(), planned)
    try:
        loaded = run(load.run)
    finally:
        say("stopping the gateway")
        server.stop()
    say("auditing the books")
    by_name = {stream.name: stream for stream in load.streams}
    money, financing = by_name.get("money"), by_name.get("financing")
    assert money is None or isinstance(money, Money)
    assert financing is None or isinstance(financing, Financing)
    today = business_day(clock.now_s())
    invariants = audit(server.store_url, bank, today, money, financing, load.voice)
    return Result(
        wish.profile,
        wish.seed,
        server.parts(),
        {
            name: rate / (EACH if name == "telemetry" else 1)
            for name, rate in wish.rates_per_s.items()
        },
        tuple(load.streams),
        loaded,
        load.struck,
        load.rss_bytes,
        invariants,
        load.repeats,
        len(planned) - len(load.struck),
    )


def _planned(wish: Wish, server: Server) -> list[tuple[float, str]]:
    """When what strikes. Raises InputError."""
    luck, killed = Luck(wish.seed, 0), striking.killable(server, wish.rates_per_s)
    planned = striking.schedule(wish.profile, luck, wish.kills, wish.restarts, killed)
    striking.admit(planned, server)
    return planned


def _alerts_most(wish: Wish) -> int:
    """Machines to keep for alerts: each is opened once. A thousand, so that ids have one length."""
    factor = max(phase.factor for phase in wish.profile.shape)
    expected = wish.rates_per_s.get("alerts", 0.0) * factor * wish.profile.duration_s
    assert expected < 8_000, "more alerts than machines with four digits"
    return int(expected * 1.2 + 50) if expected else 1


class _Load:
    """The load of one run, and what it saw beside the answers."""

    def __init__(
        self,
        wish: Wish,
        server: Server,
        bank: Bank,
        alerts: int,
        now_s: int,
        planned: list[tuple[float, str]],
    ) -> None:
        self._wish, self._server, self._bank, self._planned = wish, server, bank, planned
        self._alerts, self._now_s = alerts, now_s
        self._luck = Luck(wish.seed, 0)
        self.streams: list[Stream] = []
        self.voice: Voice | None = None
        self.struck: list[Any] = []
        self.rss_bytes: list[tuple[float, int]] = []
        self.repeats = 0

    async def run(self) -> Loaded:
        """From the first connection to the last answer."""
        relays, port, broker_url = await self._ways()
        http = Http(LOOPBACK, port)
        gateway = Gateway(http)
        faults = Faults(self._server, relays, self._wish.restarts)
        instants = self._instants()
        counts = {name: len(at) for name, at in instants.items()}
        self.streams = self._made(gateway, broker_url, counts)

        async def beside(loaded: Loaded) -> None:
            watching = asyncio.create_task(self._watch(loaded))
            await striking.follow(faults, self._planned, loaded, self._wish.profile.duration_s)
            left_s = loaded.started_s + self._wish.profile.duration_s
            await asyncio.sleep(max(left_s - asyncio.get_running_loop().time(), 0))
            watching.cancel()

        try:
            if self.voice is not None:
                await self.voice.open()
            loaded = await drive(self.streams, instants, beside)
            if self.voice is not None:
                await self.voice.drained(gateway)
        finally:
            if self.voice is not None:
                await self.voice.close()
            http.close()
            for relay in relays:
                await relay.stop()
        self.struck, self.repeats = faults.struck, gateway.repeats
        return loaded

    async def _ways(self) -> tuple[list[Proxy], int, str]:
        """Relays, the port for HTTP, and the broker's URL for terminals."""
        if not self._planned:
            # A relay costs time of its own: only where it has something to do.
            return [], self._server.port, self._server.broker_url
        front, broker = Proxy(LOOPBACK, self._server.port), Proxy(*self._server.broker_place())
        await front.start()
        await broker.start()
        return [front, broker], front.port, f"mqtt://{LOOPBACK}:{broker.port}"

    def _instants(self) -> dict[str, Any]:
        profile = self._wish.profile
        return {
            name: instants_s(
                self._luck,
                name,
                rate / (EACH if name == "telemetry" else 1),
                profile.shape,
                profile.duration_s,
            )
            for name, rate in self._wish.rates_per_s.items()
        }

    def _made(self, gateway: Gateway, broker_url: str, counts: dict[str, int]) -> list[Stream]:
        now, bank, run_name = asyncio.get_running_loop().time, self._bank, f"s{self._wish.seed}"
        made: list[Stream] = []
        if "money" in counts:
            who = ranks(self._luck, "money", len(bank.lined), counts["money"])
            made.append(Money(gateway, bank, who, now, run_name))
        if "decisions" in counts:
            made.append(Decisions(gateway, bank, now, run_name))
        if "financing" in counts:
            made.append(Financing(gateway, bank.administrator, now, self._now_s, _AHEAD, run_name))
        if "telemetry" in counts or "alerts" in counts:
            self.voice = Voice(broker_url, bank.machines, self._now_s - _ADHERE_S)
        if "telemetry" in counts:
            assert self.voice is not None
            made.append(Readings(self.voice, self._alerts, now))
        if "alerts" in counts:
            assert self.voice is not None
            made.append(Alerts(self.voice, gateway, self._alerts, now))
        return made

    async def _watch(self, loaded: Loaded) -> None:
        every_s = max(self._wish.profile.duration_s / 200, 0.25)
        while True:
            at_s = asyncio.get_running_loop().time() - loaded.started_s
            self.rss_bytes.append((at_s, self._server.rss_bytes()))
            await asyncio.sleep(every_s)
