"""Books and contracts say the same: of each party, and on parts that are real."""

import pytest

from benchmarks.anvil import anvil
from system.adapters.sql_place import own_place
from system.bootstrap import SETUP_S
from system.chain import commands as c
from system.chain.events import AlertRaised
from system.chain.rules import Refusal
from system.limits import DAY_S
from system.parties.records import PARTIES, KycStep, Party, Role
from system.settings import CHAIN_ID_DEFAULT
from tests.ports.evm_worlds import required_anvil
from tests.system.receivables_world import START_S, World, only, parties
from tests.system.test_chain_conformance import TABLES, busy_weeks
from tests.system.test_chain_faults import act_outside, reopened

FAR_S = START_S + 40_000 * DAY_S


def change(world: World, step: KycStep, expires_at_s: int | None = None) -> Refusal | None:
    command = c.ChangeKyc(world.next_id(), "supplier-1", step, expires_at_s)
    refusal: Refusal | None = world.service.change_kyc([command])[0].refusal
    return refusal


def supplier(world: World) -> Party:
    return next(row for row in world.scan(PARTIES) if row.party_id == "supplier-1")


def is_active_on_chain(world: World) -> bool:
    """As the contracts see it in the head block."""
    parts = world.system.parts
    address = parts.wallets.address("party/supplier-1")
    view = ("Participants", "isActive", address, int(Role.SUPPLIER))
    [active] = parts.contracts.view(parts.evm, *view)
    return bool(active)


def on_chain(world: World) -> tuple[int, bool]:
    """Expiry and suspension as the contracts keep them."""
    parts = world.system.parts
    address = parts.wallets.address("party/supplier-1")
    found = parts.contracts.view(parts.evm, "Participants", "participant", address)
    return int(found[2]), bool(found[3])


@pytest.mark.parametrize("evm", ["revm", "embedded"])
def test_suspension_and_reinstatement_reach_the_contracts(evm: str) -> None:
    world = World.open(evm)
    assert is_active_on_chain(world)
    assert change(world, KycStep.SUSPEND) is None
    world.step()
    assert not is_active_on_chain(world)
    assert world.service.reconcile() == []
    assert change(world, KycStep.REINSTATE, FAR_S) is None
    world.step()
    assert on_chain(world) == (FAR_S, False)
    assert world.service.reconcile() == []
    assert world.financed(), "and the party does business again"


def test_expiry_comes_on_both_sides_in_the_same_second_and_renewal_lifts_it() -> None:
    soon_s = START_S + 30 * DAY_S
    world = World.open(enrolled=parties(kyc_expires_at_s=soon_s))
    world.clock.time_s = soon_s
    world.service.end_of_day()
    world.system.chain.seal(soon_s)
    assert supplier(world).kyc_state == "expired"
    assert not is_active_on_chain(world)
    assert world.service.reconcile() == []
    assert change(world, KycStep.SUBMIT) is None
    assert change(world, KycStep.APPROVE, FAR_S) is None
    world.step()
    assert supplier(world).kyc_state == "verified"
    assert is_active_on_chain(world)
    assert world.service.reconcile() == []


def test_steps_of_one_relay_pass_take_effect_in_their_order() -> None:
    world = World.open()
    for step, expires_at_s in (
        (KycStep.SUSPEND, None),
        (KycStep.REINSTATE, FAR_S),
        (KycStep.APPROVE, FAR_S + DAY_S),
        (KycStep.SUSPEND, None),
    ):
        assert change(world, step, expires_at_s) is None
    world.step()
    assert on_chain(world) == (FAR_S + DAY_S, True)
    assert world.service.reconcile() == []


def test_a_suspension_survives_a_restart_before_it_was_sent(tmp_path) -> None:
    world = World.open("revm", f"sqlite:///{tmp_path}/kyc.db")
    command = c.ChangeKyc("once", "supplier-1", KycStep.SUSPEND)
    first = world.service.change_kyc([command])
    world = reopened(world)
    assert world.service.change_kyc([command]) == first, "a repeat is answered, not refused"
    world.step()
    assert on_chain(world)[1]
    assert world.service.reconcile() == []
    world.system.close()


def test_a_refused_step_sends_nothing() -> None:
    world = World.open()
    assert change(world, KycStep.REINSTATE, FAR_S) is Refusal.KYC_STEP_NOT_ALLOWED
    assert world.system.step() == 0


def test_a_suspension_that_the_books_do_not_know_is_found() -> None:
    world = World.open()
    address = world.system.wallets.address("party/supplier-1")
    act_outside(world, "operator", "Participants", "suspend", address, b"\0" * 32)
    [difference] = world.service.reconcile()
    assert (difference.what, difference.subject) == ("party suspended", "supplier-1")
    assert len(only(world.service.confirm(), AlertRaised)) == 1


@pytest.mark.anvil
@pytest.mark.postgres
def test_a_real_node_and_a_real_database_decide_as_the_embedded_parts(postgres_url: str) -> None:
    columns = World.open("revm", "memory")
    told = busy_weeks(columns)
    options = {"chain_id": CHAIN_ID_DEFAULT, "genesis_time_s": START_S - SETUP_S}
    with anvil(required_anvil(), **options) as node, own_place(postgres_url, "busy") as store:
        real = World.open(node, store)
        assert busy_weeks(real) == told
        for table in TABLES:
            assert real.scan(table) == columns.scan(table), table.name
        assert real.service.reconcile() == []
        real.system.close()
