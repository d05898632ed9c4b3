from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from system.adapters.group_commit import GroupCommitter
from system.errors import DuplicateRow, StoreUnavailable
from system.ports.store import Table, Unit
from tests.ports.store_box import StoreBox


@dataclass(frozen=True, slots=True)
class Note:
    note_id: str
    number: int


NOTES = Table("notes", Note, key=("note_id",))


def test_every_answer_follows_its_commit_and_an_error_undoes_only_its_own(box: StoreBox) -> None:
    store = box.open(NOTES)
    committer = GroupCommitter(store)

    def write(n: int) -> int:
        def work(unit: Unit) -> int:
            unit.insert(NOTES, [Note(f"{n:03d}", n)])
            unit.insert(NOTES, [Note(f"again {n % 20}", n)])
            return n

        try:
            return committer.submit(work).result()
        except DuplicateRow:
            return -1

    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(write, range(60)))
    committer.close()
    done = {n for n in answers if n >= 0}
    assert len(done) == 20
    with store.transaction() as unit:
        rows = unit.scan(NOTES)
    assert {row.number for row in rows} == done
    assert len(rows) == 40


def test_a_closed_writer_has_finished_its_queue_and_takes_no_more(box: StoreBox) -> None:
    store = box.open(NOTES)
    committer = GroupCommitter(store)
    futures = [
        committer.submit(lambda unit, n=n: unit.insert(NOTES, [Note(str(n), n)])) for n in range(50)
    ]
    committer.close()
    assert all(future.done() for future in futures)
    with pytest.raises(StoreUnavailable, match="closed"):
        committer.submit(lambda unit: None)
