"""kill -9 in the middle of a book's work: what was acknowledged is there, nothing is half there."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np

from system.adapters.sql_book import SqlBook, frame_tables
from system.adapters.sql_store import SqlStore
from system.ports.book import Column, Frame

KILLS = 8
LINES = Frame("lines", (Column("balance_fen", floor=0), Column("moves")))
DAYS = Frame("days", (Column("moved_fen", planes=3, floor=0), Column("moves")))
START_FEN = 1_000

# Each transaction moves money between rows, counts it in pages, and appends two accounts.
CHILD = textwrap.dedent(
    """
    import sys
    import numpy as np
    from system.adapters.sql_book import SqlBook, frame_tables
    from system.adapters.sql_store import SqlStore
    from tests.simulation.test_kill_book import DAYS, LINES, START_FEN

    frames = (LINES, DAYS)
    book = SqlBook(SqlStore(sys.argv[1], frame_tables(frames)), frames)
    number = 0
    while True:
        number += 1
        with book.transaction() as unit:
            for frame, columns in ((LINES, {"balance_fen": np.full(2, START_FEN)}), (DAYS, {})):
                unit.append(frame, 2, columns)
            count = unit.count(LINES)
            pair = np.array([count - 1, number * 7 % (count - 1)])
            found = unit.read(LINES, ["balance_fen", "moves"], pair)
            moved = found["balance_fen"] + np.array([-1, 1])
            unit.write(LINES, pair, {"balance_fen": moved, "moves": found["moves"] + 1})
            seen = unit.read_plane(DAYS, "moved_fen", number % 3, pair)
            unit.write_plane(DAYS, "moved_fen", number % 3, pair, seen + 1)
            unit.write(DAYS, pair, {"moves": unit.read(DAYS, ["moves"], pair)["moves"] + 1})
        print(count, flush=True)
    """
)


def _life(url: str, number: int) -> int:
    """The last count of accounts that a child acknowledged before it was killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, url],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert child.stdout is not None
    heard = [child.stdout.readline() for _ in range(5 + number * 7 % 11)]
    time.sleep(0.001 * (number * 7 % 13))
    child.send_signal(signal.SIGKILL)
    heard += child.stdout.readlines()
    child.wait()
    child.stdout.close()
    return int([line for line in heard if line.endswith("\n")][-1])


def test_rows_and_pages_of_an_acknowledged_transaction_are_there_and_none_is_half_there(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/book.db"
    frames = (LINES, DAYS)
    for number in range(KILLS):
        acknowledged = _life(url, number)
        store = SqlStore(url, frame_tables(frames))
        with SqlBook(store, frames).transaction() as unit:
            count = unit.count(LINES)
            assert count >= acknowledged
            assert unit.count(DAYS) == count
            lines = unit.read(LINES, ["balance_fen", "moves"], slice(None))
            days = unit.read(DAYS, ["moved_fen", "moves"], slice(None))
        store.close()
        assert int(lines["balance_fen"].sum()) == count * START_FEN
        assert int(lines["moves"].sum()) == count, "one pair per transaction, two accounts each"
        np.testing.assert_array_equal(lines["moves"], days["moves"])
        np.testing.assert_array_equal(lines["moves"], days["moved_fen"].sum(axis=0))
