"""Pressure and its end: limits cut and raised, machines that must not start, machines sold."""

from collections.abc import Callable
from typing import Final

import numpy as np

from sim.leasing.contractors import lognormal
from sim.leasing.lease_desk import NO_LEASE, Debts, LeaseDesk
from sim.leasing.lessor_parameters import LessorParameters
from sim.leasing.world import World
from sim.portable import I64, Mask, floor_i64

NEVER: Final = 2**40


class Limits:
    """Late payers, and whoever was caught, get no further machine until they have paid for long."""

    def __init__(self, p: LessorParameters, desk: LeaseDesk, lessees: int) -> None:
        self._p, self._desk = p, desk
        self._since = np.full(lessees, NEVER, np.int64)
        self.cuts = 0

    def look(self, day: int, debts: Debts) -> None:
        """Cut those of late payers; raise those of lessees that have owed nothing for long."""
        late = np.unique(debts.debtor[debts.dpd_days >= self._p.limit_cut_days])
        fresh = late[self._since[late] == NEVER]
        self._desk.freeze_limits(f"cut/{day}", fresh)
        self.was_cut(day, fresh)
        owing = np.unique(debts.debtor)
        self._since[owing] = np.where(self._since[owing] == NEVER, NEVER, day)
        good = np.flatnonzero(self._since <= day - self._p.limit_raise_days)
        self._desk.open_limits(f"raise/{day}", good)
        self._since[good] = NEVER

    def was_cut(self, day: int, lessees: I64) -> None:
        """These have a cut limit from today on."""
        self.cuts += int((self._since[lessees] == NEVER).sum())
        self._since[lessees] = day


class Stops:
    """Machines of late payers: ordered to stand, ordered to start; what the machine said counts."""

    def __init__(self, world: World, desk: LeaseDesk) -> None:
        self._world, self._desk = world, desk
        # Which newest order of each machine is to stand, and orders that have no answer yet.
        self._told = np.zeros(world.fleet.n, np.bool_)
        self._lease = np.full(world.fleet.n, NO_LEASE, np.int64)
        self.waiting: list[tuple[str, int]] = []

    def want(self, day: int, stand: Mask) -> None:
        """Let these machines stand, and no others. stand: bool (n,), each on a lease."""
        self._order(f"hold/{day}", np.flatnonzero(stand & ~self._told), self._desk.hold)
        self._order(f"free/{day}", np.flatnonzero(self._told & ~stand), self._desk.free)

    def _order(self, key: str, rows: I64, give: Callable[[str, I64], Mask]) -> None:
        if not rows.size:
            return
        held = self._desk.lease_of[rows]
        self._lease[rows] = np.where(held == NO_LEASE, self._lease[rows], held)
        rows = rows[np.argsort(self._lease[rows])]
        given = rows[give(key, self._lease[rows])]
        self._told[given] = ~self._told[given]
        names = [f"{key}/{lease}" for lease in self._lease[given].tolist()]
        self.waiting += zip(names, given.tolist(), strict=True)

    def answered(self, action_ids: set[str], immobilised: I64) -> None:
        """Machines have said that they carried these orders out."""
        self.waiting = [one for one in self.waiting if one[0] not in action_ids]
        self._world.economy.machines.blocked[:] = immobilised == 1


class Resale:
    """Machines out of the hands of defaulters: some go to auction, the others back to the pool."""

    def __init__(self, world: World, p: LessorParameters, desk: LeaseDesk) -> None:
        self._world, self._p, self._desk = world, p, desk
        self._sale_on = np.full(world.fleet.n, NEVER, np.int64)
        self._lease = np.full(world.fleet.n, NO_LEASE, np.int64)
        self.value_fen = self.price_fen = 0

    def repossessed(self, day: int, rows: I64, leases: I64) -> None:
        """What is to be sold is nobody's to lease."""
        draw = self._world.luck.cohort("resale", 0, self._world.fleet.n)[rows]
        sold = draw < self._p.resale_share
        self._world.economy.machines.retired[rows[sold]] = True
        self._sale_on[rows[sold]] = day + self._p.resale_days
        self._lease[rows[sold]] = leases[sold]

    def look(self, day: int) -> None:
        """Auctions of today. A sold machine stays in the yard until the buyer's lorry comes."""
        rows = np.flatnonzero(self._sale_on <= day)
        if not rows.size:
            return
        self._sale_on[rows] = NEVER
        rows = rows[np.argsort(self._lease[rows])]
        n, luck = self._world.fleet.n, self._world.luck
        spread = lognormal(luck, "auction", n, self._p.auction_sigma)[rows]
        value_fen = self._world.fleet.value_fen[rows]
        price_fen = floor_i64(value_fen * (self._p.auction_value_ratio * spread))
        self._desk.sell(f"auction/{day}", self._lease[rows], price_fen)
        self.value_fen += int(value_fen.sum())
        self.price_fen += int(price_fen.sum())
