"""What clients do to the credit product: one arrival each, with what it left for the auditor."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.stress.bank import LINE_FEN, Bank
from sim.stress.gateway import Gateway, Refused
from sim.stress.http import Unanswered

_MOVE_FEN: Final = 50_000
# Told to each arrival that waits for a free merchant, once there will be none.
_NOBODY: Final = -1


class NobodyLeft(Exception):
    """No merchant is left who could apply."""

    def __init__(self, applicants: int) -> None:
        super().__init__(
            f"none of {applicants} applicants is left: each got no answer or a refusal, and may "
            "have something open; give more merchants (--merchants) or less load (--rate)"
        )


class Stream(Protocol):
    """One kind of arrival. unit: what is counted.  each: how many of it one arrival brings."""

    @property
    def name(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def each(self) -> int: ...
    async def open(self) -> None:
        """What has to be there before the first arrival."""
        ...

    async def arrive(self, number: int, intended_s: float) -> float:
        """Do one; by the loop's clock, when it had its effect. Raises Refused, Unanswered."""
        ...

    async def close(self) -> None:
        """After the last one; what is still under way ends here."""
        ...


@dataclass(slots=True)
class Money:
    """Draws and repayments on open lines, larger merchants more often.

    received_fen, paid_fen: by account, as the answers said.
    """

    gateway: Gateway
    bank: Bank
    who: NDArray[np.int64]
    now: "Now"
    run: str
    name: str = "money"
    unit: str = "moves"
    each: int = 1
    received_fen: Counter[int] = field(default_factory=Counter)
    paid_fen: Counter[int] = field(default_factory=Counter)
    # What is drawn less what is repaid, as far as it was asked for.
    _asked_fen: Counter[int] = field(default_factory=Counter)
    # By key, (account, whether it repays): what nobody has answered yet.
    _open: dict[str, tuple[int, bool]] = field(default_factory=dict)

    async def open(self) -> None:
        """Lines are open already."""

    async def close(self) -> None:
        """Ask once more for what was given up: the auditor must know what was done."""
        for key, (account, repays) in list(self._open.items()):
            await self._move(key, account, repays)

    async def arrive(self, number: int, intended_s: float) -> float:
        account = self.bank.lined[int(self.who[number]) % len(self.bank.lined)]
        repays = self._asked_fen[account] + _MOVE_FEN > LINE_FEN // 2 or (
            number % 2 == 1 and self._asked_fen[account] >= _MOVE_FEN
        )
        self._asked_fen[account] += -_MOVE_FEN if repays else _MOVE_FEN
        key = f"{self.run}-{self.name}-{number}"
        self._open[key] = (account, repays)
        await self._move(key, account, repays)
        return self.now()

    async def _move(self, key: str, account: int, repays: bool) -> None:
        way = "repayments" if repays else "draws"
        path = f"/credit/merchants/{account}/{way}"
        client, body = self.bank.platform_of(account), {"amount_fen": _MOVE_FEN}
        try:
            answer = await self.gateway.command(client, path, body, key)
        except Refused:
            del self._open[key]
            raise
        del self._open[key]
        if repays:
            self.paid_fen[account] += answer["applied_fen"]
        else:
            self.received_fen[account] += answer["amount_fen"]


class Now(Protocol):
    """The loop's clock."""

    def __call__(self) -> float: ...


@dataclass(slots=True)
class Decisions:
    """Applications for a line. Whoever gets one gives it back, so that it can ask again; whoever
    got no answer, or a refusal, asks no more: what may be open would refuse all that follow."""

    gateway: Gateway
    bank: Bank
    now: Now
    run: str
    name: str = "decisions"
    unit: str = "decisions"
    each: int = 1
    approved: int = 0
    _free: "asyncio.Queue[int]" = field(default_factory=asyncio.Queue)
    _lost: int = 0

    async def open(self) -> None:
        """Merchants have their history already; none has an application under way."""
        for account in self.bank.applicants:
            self._free.put_nowait(account)
        self._end_where_all_are_lost()

    async def close(self) -> None:
        """Nothing is left."""

    async def arrive(self, number: int, intended_s: float) -> float:
        # Where all of them wait for an answer, so does this arrival: its time counts already.
        account = await self._free.get()
        if account == _NOBODY:
            self._free.put_nowait(_NOBODY)
            raise NobodyLeft(len(self.bank.applicants))
        try:
            done_s = await self._decided(account, f"{self.run}-{self.name}-{number}")
        except (Refused, Unanswered):
            self._lost += 1
            self._end_where_all_are_lost()
            raise
        self._free.put_nowait(account)
        return done_s

    async def _decided(self, account: int, key: str) -> float:
        """When the decision was there; returns once the line is given back."""
        client, base = self.bank.platform_of(account), f"/credit/merchants/{account}"
        asked = {"requested_fen": LINE_FEN}
        answer = await self.gateway.command(client, f"{base}/applications", asked, key)
        done_s = self.now()
        if answer["approved"]:
            self.approved += 1
            await self.gateway.command(client, f"{base}/closing", {}, f"{key}-closing")
        return done_s

    def _end_where_all_are_lost(self) -> None:
        if self._lost == len(self.bank.applicants):
            self._free.put_nowait(_NOBODY)
