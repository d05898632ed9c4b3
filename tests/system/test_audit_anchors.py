"""Checkpoints on the chain: whoever rewrites the books afterwards is contradicted by the chain."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from system.adapters.evm_transactions import open_raw
from system.adapters.sql_store import SqlStore
from system.bootstrap import System, build_system
from system.chain import anchors
from system.chain.anchors import AnchorReport
from system.chain.commands import EnrolParty
from system.chain.relay_records import RELAY_TABLES
from system.compliance import audit
from system.compliance.records import AUDIT_TABLES, AuditEntry
from system.ports.evm import Call
from system.settings import CHAIN_ID_DEFAULT, Settings
from tests.system.api.town import Town

SECRET = b"a secret for tests only"


@dataclass
class Clock:
    time_s: int = 1_767_225_600

    def now_s(self) -> int:
        return self.time_s


def opened(raw: bytes) -> tuple[Call, int]:
    found = open_raw(raw, chain_id=CHAIN_ID_DEFAULT)
    return found.call, found.nonce


def look(bank: System, witness: str | None = None) -> AnchorReport:
    with bank.store.transaction() as unit:
        return anchors.examine(unit, bank.evm, opened, witness)


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[System, Path]]:
    """Two checkpoints on a chain whose transactions are signed."""
    path = tmp_path_factory.mktemp("anchors") / "bank.db"
    clock = Clock()
    bank = build_system(
        clock=clock,
        seed_secret=SECRET,
        settings=Settings(store_url=f"sqlite:///{path}"),
        parties=[EnrolParty("e", "supplier-1", "One", 2, 1_900_000_000)],
    )
    for _ in range(2):
        clock.time_s += 3_600
        with bank.store.transaction() as unit:
            audit.append(unit, [AuditEntry("clerk", "look", "x", None)], clock.now_s())
        bank.receivables.anchor()
        bank.receivables.anchor()  # nothing new: nothing more
        bank.step()
        bank.receivables.confirm()
    yield bank, path
    bank.close()


def test_the_chain_vouches_for_every_checkpoint(anchored: tuple[System, Path]) -> None:
    bank, _ = anchored
    witness = bank.wallets.address(anchors.WITNESS)
    assert look(bank, witness) == AnchorReport(witness, 2, 0, None, "")
    assert bank.evm.nonce(witness) == 2
    with bank.store.transaction() as unit:
        assert anchors.final(unit) == 2


FORGERIES = {
    "another root": f"UPDATE audit_checkpoint SET hash = '{7:064x}' WHERE number = 2",
    "the last one gone": "DELETE FROM audit_checkpoint WHERE number = 2",
    "bytes of another": "UPDATE chain_transaction SET raw = x'c0' WHERE message_id LIKE '%r/%2'",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_or_lost_checkpoint_is_contradicted(
    anchored: tuple[System, Path], tmp_path: Path, forgery: str
) -> None:
    bank, path = anchored
    with sqlite3.connect(path) as source, sqlite3.connect(tmp_path / "forged.db") as copy:
        source.backup(copy)
        for verb in ("UPDATE", "DELETE"):
            copy.execute(f"DROP TRIGGER no_{verb}_audit_checkpoint")
        copy.execute(FORGERIES[forgery])
        copy.commit()
    forged = open_copy(tmp_path / "forged.db")
    with forged.transaction() as unit:
        found = anchors.examine(unit, bank.evm, opened, None)
    forged.close()
    assert found.first_bad == 2, found


def open_copy(path: Path) -> SqlStore:
    return SqlStore(f"sqlite:///{path}", (*AUDIT_TABLES, *RELAY_TABLES))


def test_another_account_than_the_known_witness_proves_nothing(
    anchored: tuple[System, Path],
) -> None:
    bank, _ = anchored
    found = look(bank, bank.wallets.address("somebody"))
    assert (found.first_bad, found.anchored) == (1, 0)


def test_the_gateway_tells_auditors_how_much_the_chain_vouches_for(town: Town) -> None:
    before = town.get("/audit", "auditor").json()
    assert (before["whole"], before["checkpoints"], before["covered"]) == (True, 0, 0)
    town.process.anchor()
    town.step()
    after = town.get("/audit", "auditor").json()
    assert (after["checkpoints"], after["covered"], after["anchored"]) == (1, after["sequence"], 1)
    proof = town.get("/audit/1/proof", "regulator").json()
    assert (proof["link"]["sequence"], proof["checkpoint"]["number"]) == (1, 1)
    assert town.get("/audit/99999/proof", "regulator").json()["code"] == "invalid"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town.open(tmp_path)
    yield town
    town.close()
