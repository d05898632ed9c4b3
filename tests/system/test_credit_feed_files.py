"""Feeds from files: good rows go in, every other is reported by file, row, column and remedy."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from system.credit.feed_files import FeedFileReport, receive_feed_file
from system.credit.feed_records import FEED_FIELDS, FEEDS
from system.errors import InputError
from tests.system.feed_world import DAY0, FeedBank, column_bank, values

Record = dict[str, Any]


def day_text(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()


def record(merchant: Any = 0, day: int = DAY0, **changes: Any) -> Record:
    fields = dict(zip(FEED_FIELDS, values(), strict=True))
    return {"merchant": merchant, "day": day_text(day), "revision": 0, **fields, **changes}


def as_csv(path: Path, records: list[Record]) -> Path:
    pd.DataFrame(records).to_csv(path / "feed.csv", index=False)
    return path / "feed.csv"


def as_json(path: Path, records: list[Record]) -> Path:
    file = path / "feed.jsonl"
    file.write_text("".join(f"{json.dumps(one)}\n" for one in records), encoding="utf-8")
    return file


def as_parquet(path: Path, records: list[Record]) -> Path:
    pd.DataFrame(records).to_parquet(path / "feed.parquet")
    return path / "feed.parquet"


WRITERS = {"csv": (as_csv, 2), "json": (as_json, 1), "parquet": (as_parquet, 1)}
Writer = Callable[[Path, list[Record]], Path]


@pytest.fixture(params=WRITERS)
def written(request: pytest.FixtureRequest) -> tuple[Writer, int]:
    """How a file is written, and the row number of its first record."""
    return WRITERS[request.param]


def take(bank: FeedBank, file: Path) -> FeedFileReport:
    with bank.unit() as unit:
        return receive_feed_file(unit, file, bank.now_s)


def test_every_format_brings_the_same(written: tuple[Writer, int], tmp_path: Path) -> None:
    bank = column_bank()
    records = [record(a, DAY0 - n) for a in range(3) for n in range(5)]
    report = take(bank, written[0](tmp_path, records))
    assert (report.rows, report.taken, report.problems) == (15, 15, ())
    assert bank.sums(1, DAY0 // 30)["gross_fen"] == 100_000
    assert bank.sums(1, DAY0 // 30 - 1)["days"] == 4
    assert bank.access_rows()[0].reference.endswith(("feed.csv", "feed.jsonl", "feed.parquet"))


BAD: list[tuple[Record, str, str]] = [
    (record(7), "merchant", "give an account number, 0 to 2"),
    (record(0.5), "merchant", "give an account number, 0 to 2"),
    (record(gross_fen=-1), "gross_fen", "give 0 or more"),
    (record(stock_fen=None), "stock_fen", "give a whole number"),
    (record(orders=1.5), "orders", "give a whole number"),
    (record(orders=10**9), "orders", "give at most 500000"),
    (record(day=DAY0 + 1), "day", "it lies ahead: give today or a day before"),
    (record(day=DAY0 - 15), "day", "rows count for 14 days"),
    (record(revision=5_000), "revision", "give at most 4095"),
    (record(rating_count=1), "rating_sum_milli", "at most 5000 per rating"),
]


@pytest.mark.parametrize(("bad", "column", "remedy"), BAD, ids=[f"{c}: {r}" for _, c, r in BAD])
def test_a_bad_row_is_reported_and_its_neighbours_go_in(
    bad: Record, column: str, remedy: str, written: tuple[Writer, int], tmp_path: Path
) -> None:
    bank = column_bank()
    file = written[0](tmp_path, [record(1), bad, record(2)])
    report = take(bank, file)
    assert (report.rows, report.taken) == (3, 2)
    problem = report.problems[0]
    assert (problem.file, problem.row) == (str(file), written[1] + 1)
    assert (problem.column, problem.remedy) == (column, remedy)
    assert [bank.sums(a, DAY0 // 30)["days"] for a in range(3)] == [0, 1, 1]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("write", [as_csv, as_parquet])
def test_what_is_no_number_is_refused(write: Writer, value: float, tmp_path: Path) -> None:
    report = take(column_bank(), write(tmp_path, [record(refund_fen=value), record(1)]))
    assert report.taken == 1
    problem = report.problems[0]
    assert (problem.column, problem.remedy) == ("refund_fen", "give a whole number")


def test_json_that_is_none_is_refused_by_its_line(tmp_path: Path) -> None:
    report = take(column_bank(), as_json(tmp_path, [record(stock_fen=float("nan")), record(1)]))
    (problem,) = report.problems
    assert (problem.row, problem.remedy) == (1, "give one JSON object a line")


@pytest.mark.parametrize("text", ["2026/01/31", "31.01.2026", "yesterday", ""])
def test_a_date_in_another_form_is_reported_with_its_value(text: str, tmp_path: Path) -> None:
    report = take(column_bank(), as_csv(tmp_path, [record() | {"day": text}]))
    (problem,) = report.problems
    assert (problem.row, problem.column, problem.value) == (2, "day", text)
    assert problem.remedy == "give a date such as 2026-01-31"


def test_text_and_booleans_are_no_numbers(tmp_path: Path) -> None:
    rows = [record(gross_fen="lots"), record(gross_fen=True), record(gross_fen=None)]
    report = take(column_bank(), as_json(tmp_path, rows))
    assert [problem.value for problem in report.problems] == ["lots", "True", ""]
    assert {problem.remedy for problem in report.problems} == {"give a whole number"}


def test_a_row_without_consent_is_counted_and_nothing_of_it_is_shown(tmp_path: Path) -> None:
    bank = column_bank(consent=False)
    bank.grant([1])
    secret = record(0, gross_fen=-424_242)
    report = take(bank, as_csv(tmp_path, [secret, record(1), secret]))
    assert (report.rows, report.taken) == (3, 1)
    assert [problem.column for problem in report.problems] == ["merchant", "merchant"]
    assert "424" not in repr(report)
    with bank.unit() as unit:
        assert unit.read_plane(FEEDS, "dropped_rows", 0, slice(0, 3)).tolist() == [2, 0, 0]


def test_a_file_sent_twice_changes_nothing_and_says_which_rows_are_known(tmp_path: Path) -> None:
    bank = column_bank()
    file = as_csv(tmp_path, [record(0), record(1)])
    take(bank, file)
    report = take(bank, file)
    assert report.taken == 0
    assert {problem.remedy for problem in report.problems} == {
        "taken in before; to correct it give a higher one"
    }


def test_the_revision_may_be_left_out_and_dates_may_be_real_ones(tmp_path: Path) -> None:
    bank = column_bank()
    table = pd.DataFrame([record(0)]).drop(columns="revision")
    table["day"] = pd.to_datetime(table["day"])
    table.to_parquet(tmp_path / "feed.parquet")
    assert take(bank, tmp_path / "feed.parquet").taken == 1
    table["day"] = [date.fromisoformat(day_text(DAY0 - 1))]
    table.to_parquet(tmp_path / "feed.parquet")
    assert take(bank, tmp_path / "feed.parquet").taken == 1


def test_a_missing_column_refuses_the_file_by_its_name(
    written: tuple[Writer, int], tmp_path: Path
) -> None:
    bank = column_bank()
    short = record()
    del short["buyers"]
    file = written[0](tmp_path, [short])
    with pytest.raises(InputError) as refused:
        take(bank, file)
    assert (refused.value.field, refused.value.file) == ("buyers", str(file))
    assert bank.sums(0, DAY0 // 30)["days"] == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("feed.txt", b""),
        ("feed.csv", b""),
        ("feed.csv", b"\xff\xfe"),
        ("feed.csv", b"merchant,day\n1,2,3,4\n"),
        ("feed.parquet", b"PAR1"),
        ("feed.jsonl", b"\xff"),
        ("feed.jsonl", b""),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError):
        take(column_bank(), tmp_path / name)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for name in ("feed.csv", "feed.parquet", "feed.jsonl"):
        with pytest.raises(InputError, match="cannot be read"):
            take(column_bank(), tmp_path / name)


def test_lines_that_are_no_json_object_are_reported_and_blank_ones_passed_over(
    tmp_path: Path,
) -> None:
    file = tmp_path / "feed.jsonl"
    file.write_text(f"{json.dumps(record(0))}\n\n{{broken\n[1]\n{json.dumps(record(1))}\n")
    bank = column_bank()
    report = take(bank, file)
    assert (report.rows, report.taken) == (4, 2)
    assert [(problem.row, problem.remedy) for problem in report.problems] == [
        (3, "give one JSON object a line"),
        (4, "give one JSON object a line"),
    ]


def test_blank_lines_of_a_csv_do_not_shift_the_row_numbers(tmp_path: Path) -> None:
    file = as_csv(tmp_path, [record(0), record(9)])
    head, first, second = file.read_text().splitlines()
    file.write_text(f"{head}\n{first}\n\n\n{second}\n")
    report = take(column_bank(), file)
    assert (report.rows, [problem.row for problem in report.problems]) == (2, [5])


def test_a_row_with_several_faults_names_each(tmp_path: Path) -> None:
    bad = record(gross_fen=-1, orders=0.5, day=DAY0 + 3)
    report = take(column_bank(), as_csv(tmp_path, [bad]))
    assert report.taken == 0
    assert sorted(problem.column for problem in report.problems) == ["day", "gross_fen", "orders"]


def test_a_hundred_thousand_rows_come_through(tmp_path: Path) -> None:
    bank = column_bank(10_000)
    table = pd.DataFrame([record(0)] * 100_000)
    table["merchant"] = np.tile(np.arange(10_000), 10)
    table["day"] = np.repeat([day_text(DAY0 - n) for n in range(10)], 10_000)
    table.to_parquet(tmp_path / "feed.parquet")
    assert take(bank, tmp_path / "feed.parquet").taken == 100_000
