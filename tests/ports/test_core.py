"""The bank core port: one suite over every adapter."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from system.adapters.core_embedded import CORE_TABLES, EmbeddedCore
from system.adapters.core_folder import FROM_CORE, TAKEN, TO_CORE, FolderCore
from system.adapters.memory_store import MemoryStore
from system.errors import CoreUnavailable, InputError
from system.ports.core import BankCore, Entries, Turnover

DAY = 20_454
VOUCHER = Entries("GL-2026-01-01", DAY, (Turnover("loans", 700, 0), Turnover("cash", 100, 800)))


class CoreBox:
    """``core`` is what is tested; ``work`` is what the core's own people and programs do."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self.far = EmbeddedCore(MemoryStore(CORE_TABLES))
        self.core: BankCore = self.far if folder is None else FolderCore(folder)

    def work(self) -> None:
        if self._folder is None:
            return
        out, back = self._folder / TO_CORE, self._folder / FROM_CORE
        for file in sorted(out.glob("*.json")):
            told = json.loads(file.read_bytes())
            day = (date.fromisoformat(told["day"]) - date(1970, 1, 1)).days
            lines = tuple(Turnover(**line) for line in told["lines"])
            self.far.book(Entries(told["voucher_id"], day, lines))
            file.rename(out / TAKEN / file.name)
            balances = {"day": told["day"], "balances_fen": dict(self.far.balances_fen(day) or {})}
            (back / f"balances-{told['day']}.json").write_text(json.dumps(balances))

    def told(self, day: int) -> Mapping[str, int] | None:
        self.work()
        return self.core.balances_fen(day)


@pytest.fixture(params=["embedded", "folder"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> CoreBox:
    return CoreBox(None if request.param == "embedded" else tmp_path)


def test_a_day_that_was_not_told_is_not_known(box: CoreBox) -> None:
    assert box.told(DAY) is None


def test_balances_follow_from_all_vouchers_up_to_the_day(box: CoreBox) -> None:
    box.core.book(VOUCHER)
    assert box.told(DAY) == {"loans": 700, "cash": -700}
    next_day = Entries("GL-2026-01-02", DAY + 1, (Turnover("cash", 50, 0), Turnover("fees", 0, 50)))
    box.core.book(next_day)
    assert box.told(DAY + 1) == {"loans": 700, "cash": -650, "fees": -50}
    assert box.told(DAY) == {"loans": 700, "cash": -700}


def test_the_same_voucher_again_changes_nothing(box: CoreBox) -> None:
    for _ in range(2):
        box.core.book(VOUCHER)
        box.core.book(replace(VOUCHER, lines=VOUCHER.lines[::-1]))
        assert box.told(DAY) == {"loans": 700, "cash": -700}


@pytest.mark.parametrize("taken", [False, True])
def test_other_lines_under_the_same_name_are_refused(box: CoreBox, taken: bool) -> None:
    box.core.book(VOUCHER)
    if taken:
        box.work()
    other = replace(VOUCHER, lines=(Turnover("loans", 1, 0), Turnover("cash", 0, 1)))
    with pytest.raises(InputError, match="GL-2026-01-01"):
        box.core.book(other)
    assert box.told(DAY) == {"loans": 700, "cash": -700}


@pytest.mark.parametrize(
    "lines", [(Turnover("loans", 7, 0),), (Turnover("a", -1, 0), Turnover("b", 0, -1))]
)
def test_what_does_not_balance_is_refused(box: CoreBox, lines: tuple[Turnover, ...]) -> None:
    with pytest.raises(InputError, match="lines"):
        box.core.book(replace(VOUCHER, lines=lines))
    assert box.told(DAY) is None


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b'{"day": "2026-01-01"}',
        b'{"day": "2026-01-02", "balances_fen": {}}',
        b'{"day": "2026-01-01", "balances_fen": {"cash": 1.5}}',
        b'{"day": "2026-01-01", "balances_fen": {"cash": 1e30}}',
        b'{"day": "2026-01-01", "balances_fen": {"cash": true}}',
        b'{"day": "2026-01-01", "balances_fen": {}, "more": 1}',
        b"9" * 3_000_000,
    ],
)
def test_an_answer_that_cannot_be_read_is_named(tmp_path: Path, document: bytes) -> None:
    core = FolderCore(tmp_path)
    (tmp_path / FROM_CORE / "balances-2026-01-01.json").write_bytes(document)
    with pytest.raises(InputError, match=r"balances-2026-01-01\.json"):
        core.balances_fen(DAY)


def test_a_folder_that_is_away_is_an_outage_and_an_empty_one_is_used(tmp_path: Path) -> None:
    place = tmp_path / "core"
    core = FolderCore(place)
    core.book(VOUCHER)
    place.rename(tmp_path / "elsewhere")
    with pytest.raises(CoreUnavailable):
        core.book(VOUCHER)
    with pytest.raises(CoreUnavailable):
        core.balances_fen(DAY)
    place.mkdir()
    core.book(VOUCHER)
    assert [file.name for file in (place / TO_CORE).glob("*.json")] == ["GL-2026-01-01.json"]
    assert core.balances_fen(DAY) is None


def test_a_file_in_the_folders_place_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "core").write_text("a file")
    with pytest.raises(CoreUnavailable):
        FolderCore(tmp_path / "core")
