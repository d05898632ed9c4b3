"""Both wirings, the same commands at the same times: the same events, lots and balances."""

from pathlib import Path

from system.chain import commands as c
from system.chain.records import LIMITS, LOTS, RECEIVABLES, REQUESTS
from system.ledger.records import ACCOUNTS, TRANSFERS
from tests.system.receivables_world import World

TABLES = (RECEIVABLES, LOTS, REQUESTS, LIMITS, ACCOUNTS, TRANSFERS)


def busy_weeks(world: World) -> list[str]:
    """Many suppliers, one tier down, two banks, some late, one defaulted; every event's text."""
    told = []
    service = world.service
    batch = [
        world.registration(
            seller_id=f"supplier-{n % 5 + 1}",
            debtor_id=f"core-{n % 2 + 1}",
            amount_fen=1_000_000 + 333_331 * n,
            due_at_s=world.clock.time_s + (20 + 3 * n) * 86_400,
        )
        for n in range(12)
    ]
    ids = [outcome.reference for outcome in service.register(batch)]
    told += world.step()
    service.accept(service.signed_acceptances(ids))
    told += world.step()
    for lot in world.scan(LOTS)[:6]:
        to = f"supplier-{int(lot.owner_id[-1]) % 5 + 1}"
        amount_fen = lot.value_fen // 3
        world.endorse(lot.lot_id, holder_id=lot.owner_id, to_id=to, amount_fen=amount_fen)
    told += world.step()
    asked = [
        c.RequestFinancing(
            world.next_id(),
            lot.lot_id,
            lot.owner_id,
            f"bank-{lot.lot_id % 2 + 1}",
            lot.value_fen if lot.lot_id % 3 else lot.value_fen // 2,
            bool(lot.lot_id % 2),
        )
        for lot in world.scan(LOTS)
    ]
    outcomes = service.request_financing(asked)
    for command, outcome in zip(asked, outcomes, strict=True):
        world.take(outcome.reference, command.supplier_id)
    told += world.step()
    for row in world.scan(RECEIVABLES)[:8]:
        world.pay(row.receivable_id, row.face_fen // 7, row.debtor_id)
        world.pay(row.receivable_id, row.face_fen - row.face_fen // 7, row.debtor_id)
    told += world.step()
    told += world.pass_days(70)
    return [repr(event) for event in told]


def test_both_wirings_agree_to_the_fen(tmp_path: Path) -> None:
    columns = World.open("revm", "memory")
    full = World.open("embedded", f"sqlite:///{tmp_path}/full.db")
    assert busy_weeks(columns) == busy_weeks(full)
    for table in TABLES:
        assert columns.scan(table) == full.scan(table), table.name
    assert columns.service.reconcile() == full.service.reconcile() == []
    full.system.close()


def test_one_by_one_and_all_at_once_decide_alike() -> None:
    together, alone = World.open(), World.open()
    batch = [together.registration(invoice_number=f"N-{n % 4}") for n in range(6)]
    at_once = together.service.register(batch)
    one_by_one = [alone.service.register([command])[0] for command in batch]
    assert at_once == one_by_one
    assert together.scan(RECEIVABLES) == alone.scan(RECEIVABLES)
