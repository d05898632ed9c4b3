"""How a refusal is reached: a case per member of the closed enum, kept by subject."""

from collections.abc import Callable

from system.chain import commands as c
from system.chain.outcome import Outcome
from system.chain.rules import Refusal
from system.limits import DAY_S
from system.parties.records import KycStep
from tests.system.receivables_world import World

Case = Callable[[World], Outcome]


class Cases(dict[Refusal, Case]):
    """The cases of one subject."""

    def reaches(self, refusal: Refusal) -> Callable[[Case], Case]:
        def keep(case: Case) -> Case:
            self[refusal] = case
            return case

        return keep


def change_kyc(world: World, party_id: str, step: str, expires_at_s: int | None = None) -> Outcome:
    command = c.ChangeKyc(world.next_id(), party_id, KycStep(step), expires_at_s)
    [outcome] = world.service.change_kyc([command])
    return outcome


def suspend(world: World, party_id: str) -> None:
    assert change_kyc(world, party_id, "suspend").refusal is None


def make_overdue(world: World, receivable_id: str) -> None:
    world.clock.time_s = world.receivable(receivable_id).due_at_s
    world.pass_days(3)


def make_defaulted(world: World, receivable_id: str) -> None:
    make_overdue(world, receivable_id)
    world.clock.time_s += 90 * DAY_S
    world.pass_days(2)
