"""Parquet files asked in SQL: by several at a time, wherever they lie."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sim.parquet_sql import asked


def written(path: Path, numbers: list[int]) -> Path:
    path.parent.mkdir(exist_ok=True)
    pq.write_table(pa.table({"n": numbers}), path)
    return path


def total(files: list[Path]) -> int:
    with asked("seen", files, "select sum(n) from seen where n > $above", {"above": 1}) as answer:
        [(found,)] = answer.fetchall()
        return int(found)


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    files = [written(tmp_path / "it's [one] run" / f"{n}.parquet", [n, n + 1]) for n in (1, 5)]
    assert total(files) == 2 + 5 + 6


def test_questions_at_the_same_time_see_their_own_files(tmp_path: Path) -> None:
    files = [written(tmp_path / str(n) / "x.parquet", [10 * n]) for n in range(1, 9)]
    with ThreadPoolExecutor(4) as pool:
        assert (
            list(pool.map(lambda file: total([file]), files * 5))
            == [10 * n for n in range(1, 9)] * 5
        )
