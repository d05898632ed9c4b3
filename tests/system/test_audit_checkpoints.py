"""Checkpoints of the audit log: what was rewritten, cut off or re-ordered is named."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sim.__main__ import call
from system.adapters.sql_store import SqlStore
from system.chain.relay_records import RELAY_TABLES
from system.compliance import audit, checkpoints
from system.compliance.records import AUDIT, AUDIT_TABLES, CHECKPOINTS, AuditEntry

NOW_S = 1_767_225_600
ROWS, EVERY = 12, 5  # checkpoints cover rows 1 to 5 and 6 to 10; 11 and 12 are under none


def write_log(path: Path, subject: str = "loan", rows: int = ROWS) -> str:
    url = f"sqlite:///{path}"
    store = SqlStore(url, (*AUDIT_TABLES, *RELAY_TABLES))
    for n in range(1, rows + 1):
        with store.transaction() as unit:
            audit.append(unit, [AuditEntry("clerk", "approve", f"{subject} {n}", n)], NOW_S + n)
            if n % EVERY == 0:
                checkpoints.take_checkpoint(unit, NOW_S + n)
    store.close()
    return url


@pytest.fixture
def url(tmp_path: Path) -> str:
    return write_log(tmp_path / "bank.db")


def forge(tmp_path: Path, *statements: str) -> None:
    """Write past the application and its triggers, as one with the file in hand could."""
    with sqlite3.connect(tmp_path / "bank.db") as connection:
        for table in ("audit", "audit_checkpoint"):
            connection.execute(f"DROP TRIGGER no_UPDATE_{table}")
            connection.execute(f"DROP TRIGGER no_DELETE_{table}")
        for statement in statements:
            connection.execute(statement)


def verified(capsys: pytest.CaptureFixture[str], url: str, *more: str) -> tuple[int, Any]:
    code = call(["audit", "verify", "--store", url, "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def test_an_untouched_log_is_whole(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = verified(capsys, url)
    assert (code, found["status"], found["problems"]) == (0, "whole", [])
    assert (found["links"], found["checkpoints"], found["covered"]) == (12, 2, 10)


SWAP = """UPDATE audit SET sequence = -sequence WHERE sequence IN (3, 4);
          UPDATE audit SET sequence = 7 + sequence WHERE sequence < 0"""


@pytest.mark.parametrize(
    ("statements", "first", "fault"),
    [
        pytest.param("UPDATE audit SET actor = 'thief' WHERE sequence = 7", 7, "altered", id="row"),
        pytest.param("UPDATE audit SET hash = 'x' WHERE sequence = 2", 2, "altered", id="hash"),
        pytest.param(SWAP, 3, "altered", id="re-ordered"),
        pytest.param("DELETE FROM audit WHERE sequence = 4", 4, "missing", id="gap"),
        pytest.param("DELETE FROM audit WHERE sequence > 8", 9, "missing", id="cut off"),
        pytest.param("DELETE FROM audit", 1, "missing", id="emptied"),
        pytest.param("UPDATE audit_checkpoint SET root = 'x'", 1, "checkpoint", id="checkpoint"),
        pytest.param("DELETE FROM audit_checkpoint WHERE number = 1", 1, "checkpoint", id="first"),
    ],
)
def test_the_first_altered_row_is_named(
    url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    statements: str,
    first: int,
    fault: str,
) -> None:
    forge(tmp_path, *statements.split(";"))
    code, found = verified(capsys, url)
    assert (code, found["first_altered"], found["fault"]) == (1, first, fault)
    assert call(["audit", "verify", "--store", url]) == 1
    assert f"BROKEN  row {first}: {fault}" in capsys.readouterr().out


def test_a_log_rewritten_with_hashes_of_its_own_does_not_fit_its_checkpoints(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_log(tmp_path / "other.db", subject="forged")
    forge(
        tmp_path,
        f"ATTACH '{tmp_path}/other.db' AS other",
        "DELETE FROM audit",
        "INSERT INTO audit SELECT * FROM other.audit",
    )
    code, found = verified(capsys, url)
    assert (code, found["first_altered"], found["fault"]) == (1, 1, "rewritten")


def test_an_end_without_a_checkpoint_is_missed_by_who_wrote_its_hash_down(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, before = verified(capsys, url)
    head = f"{before['links']}:{before['head']}"
    forge(tmp_path, "DELETE FROM audit WHERE sequence > 11")
    assert verified(capsys, url)[0] == 0
    code, found = verified(capsys, url, "--head", head)
    assert (code, found["problems"]) == (1, ["row 12 is gone"])


@pytest.mark.parametrize("row", [1, 5, 8, 10])
def test_every_covered_row_is_proved_without_the_others(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], row: int
) -> None:
    assert call(["audit", "prove", str(row), "--store", url]) == 0
    given = capsys.readouterr().out
    (tmp_path / "proof.json").write_text(given, encoding="utf-8")
    assert call(["audit", "check", str(tmp_path / "proof.json"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["row"] == row
    forged = json.loads(given)
    forged["link"]["actor"] = "thief"
    (tmp_path / "proof.json").write_text(json.dumps(forged), encoding="utf-8")
    assert call(["audit", "check", str(tmp_path / "proof.json")]) == 1


@pytest.mark.parametrize("rows", [1, 2, 5, 7, 8])
def test_a_proof_holds_for_its_own_link_at_its_own_place_only(tmp_path: Path, rows: int) -> None:
    store = SqlStore(write_log_of(tmp_path / "small.db", rows), AUDIT_TABLES)
    with store.transaction() as unit:
        links = unit.scan(AUDIT)
        proofs = [checkpoints.prove(unit, link.sequence) for link in links]
    store.close()
    for proof in proofs:
        for link in links:
            assert checkpoints.holds(replace(proof, link=link)) == (link == proof.link)
        assert not checkpoints.holds(replace(proof, path=(*proof.path, "00" * 32)))
        assert not proof.path or not checkpoints.holds(replace(proof, path=proof.path[1:]))


def write_log_of(path: Path, rows: int) -> str:
    """A log with one checkpoint at its end."""
    url = write_log(path, rows=0)
    store = SqlStore(url, AUDIT_TABLES)
    with store.transaction() as unit:
        audit.append(unit, [AuditEntry("clerk", "sign", "x", n) for n in range(rows)], NOW_S)
        assert checkpoints.take_checkpoint(unit, NOW_S) is not None
        assert checkpoints.take_checkpoint(unit, NOW_S) is None
        assert unit.last(CHECKPOINTS).last == rows  # type: ignore[union-attr]
    store.close()
    return url


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "--store", "sqlite:////nowhere/bank.db"),
        ("verify", "--store", "mongo://bank"),
        ("prove", "11"),
        ("prove", "99"),
        ("check", "nowhere.json"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_with_a_remedy(
    url: str, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    given = (*arguments, "--store", url) if arguments[0] == "prove" else arguments
    assert call(["audit", *given]) == 2
    assert capsys.readouterr().err
