"""Worlds in which shops have sold for some months, so that their data can be judged."""

from collections.abc import Callable

import numpy as np

from system.credit.policy import DEFAULT_POLICY, CreditPolicy
from system.credit.rules import Refusal
from system.parties.consent import Purpose
from tests.system import sandboxes
from tests.system.credit_world import World, changed

GOOD, WEAK, TINY, THIN = 0, 1, 2, 3
# Sales a day in fen. Less than 100,000 a period make a PD of 30 %, more one of 1 %.
DAILY_FEN = np.array([2_000_000, 3_000, 5_000, 2_000_000])


def selling(days: int = 95, policy: CreditPolicy = DEFAULT_POLICY) -> World:
    """Four shops that consent to everything; THIN's feed comes on every other day only."""
    world = World.open(4, policy)
    sell_on(world, days)
    return world


def sell_on(world: World, days: int) -> None:
    """Consent to everything, and let the shops sell for some days."""
    for purpose in (Purpose.SCORING, Purpose.MONITORING):
        world.consent(*range(4), purpose=purpose)
    for _ in range(days):
        world.sell(DAILY_FEN if world.today % 2 else DAILY_FEN[:THIN])
        world.next_day()


DEAR = changed(price={"margin_ppm": 150_000})


# For each reason, a world and the shop that is declined for it.
def full(world: World) -> World:
    """The sandbox admits no further client."""
    with world.parts.book.transaction() as unit:
        sandboxes.admit(unit.rows, "credit", clients_max=0)
    return world


DECLINED: dict[Refusal, Callable[[], tuple[World, int]]] = {
    Refusal.DECLINED_HISTORY_SHORT: lambda: (selling(days=65), GOOD),
    Refusal.DECLINED_DATA_INCOMPLETE: lambda: (selling(), THIN),
    Refusal.DECLINED_PD_TOO_HIGH: lambda: (selling(), WEAK),
    Refusal.DECLINED_PRICE_ABOVE_CAP: lambda: (selling(policy=DEAR), GOOD),
    Refusal.DECLINED_LIMIT_TOO_SMALL: lambda: (selling(), TINY),
    Refusal.DECLINED_OUTSIDE_SANDBOX: lambda: (full(selling()), GOOD),
}
