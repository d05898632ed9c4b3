"""The event index: the same state as reading the chain, whatever was read before."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from system.adapters.memory_store import MemoryStore
from system.adapters.sql_store import SqlStore
from system.chain.index import INDEX_TABLES, Advance, EventIndex, cursor, logs
from system.errors import IntegrityError
from system.ports.evm import Log
from system.ports.store import Store
from tests.ports.evm_box import BOX_CODE, store
from tests.ports.evm_worlds import World, open_world


@pytest.fixture(params=("embedded", "revm"))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with open_world(request.param) as opened:
        yield opened


@pytest.fixture(params=("memory", "sqlite"))
def rows(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        opened: Store = MemoryStore(INDEX_TABLES)
    else:
        opened = SqlStore(f"sqlite:///{tmp_path / 'index.sqlite'}", INDEX_TABLES)
    yield opened
    opened.close()


def step(world: World, rows: Store) -> Advance:
    """Each step with an index of its own: nothing is remembered outside the store."""
    with rows.transaction() as unit:
        return EventIndex(world.chain, [world.box]).advance(unit)


def kept(rows: Store) -> list[Log]:
    with rows.transaction() as unit:
        return logs(unit, 0, cursor(unit))


def on_chain(world: World) -> list[Log]:
    heights = range(world.chain.head().number + 1)
    receipts = [receipt for n in heights for receipt in world.chain.block_receipts(n)]
    return [log for receipt in receipts for log in receipt.logs if log.address == world.box]


def values(found: tuple[Log, ...]) -> list[int]:
    return [int.from_bytes(log.data) for log in found]


def test_each_log_is_added_once_in_the_order_of_the_chain(world: World, rows: Store) -> None:
    world.run(world.sign(store(1)), world.sign(store(2)))
    world.run(world.sign(store(3)))
    assert values(step(world, rows).added) == [1, 2, 3]
    world.run(world.sign(store(4)))
    head = world.chain.head().number
    assert step(world, rows) == Advance((), tuple(on_chain(world)[3:]), range(0), head)
    assert step(world, rows) == Advance((), (), range(0), head)
    assert kept(rows) == on_chain(world)


def test_logs_of_other_contracts_are_left_out(world: World, rows: Store) -> None:
    [other] = world.run(world.sign(BOX_CODE, to=None))
    world.run(world.sign(store(1), to=other.contract_address), world.sign(store(2)))
    assert values(step(world, rows).added) == [2]


def test_a_reorganisation_removes_newest_first_and_reads_again(world: World, rows: Store) -> None:
    for value in (1, 2, 3):
        world.run(world.sign(store(value)))
    step(world, rows)
    world.chain.reorg(2, keep=True)
    world.seal()
    changed = step(world, rows)
    assert values(changed.removed) == [3, 2]
    assert values(changed.added) == [2, 3]
    assert changed.dropped == range(3, 5)
    assert kept(rows) == on_chain(world)


def test_a_chain_that_became_shorter_only_removes(world: World, rows: Store) -> None:
    for value in (1, 2, 3):
        world.run(world.sign(store(value)))
    step(world, rows)
    world.chain.reorg(2, keep=False)
    changed = step(world, rows)
    assert (values(changed.removed), changed.added) == ([3, 2], ())
    assert kept(rows) == on_chain(world)


def test_a_branch_that_returns_is_indexed_again(world: World, rows: Store) -> None:
    signed = world.sign(store(5))
    world.run(signed)
    head = world.chain.head()
    first = step(world, rows).added
    world.chain.reorg(1, keep=False)
    world.seal()
    assert step(world, rows).removed == first
    world.chain.reorg(1, keep=False)
    world.send(signed)
    assert world.chain.seal(head.time_s) == head
    assert step(world, rows).added == first
    assert kept(rows) == on_chain(world)


def test_a_rolled_back_transaction_of_the_store_is_read_again(world: World, rows: Store) -> None:
    world.run(world.sign(store(1)))
    with suppress(RuntimeError), rows.transaction() as unit:
        EventIndex(world.chain, [world.box]).advance(unit)
        raise RuntimeError("crash before commit")
    assert values(step(world, rows).added) == [1]


def test_another_chain_is_never_taken_for_the_same(rows: Store) -> None:
    with open_world("embedded") as one, open_world("revm") as other:
        step(one, rows)
        with pytest.raises(IntegrityError):
            step(other, rows)


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("seal"), st.integers(0, 3)),
        st.tuples(st.just("keep"), st.integers(1, 4)),
        st.tuples(st.just("drop"), st.integers(1, 4)),
        st.tuples(st.just("index"), st.just(0)),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MOVES)
def test_added_and_removed_logs_rebuild_what_the_chain_holds(moves: list[tuple[str, int]]) -> None:
    with open_world("revm") as world:
        rows, mirror, number = MemoryStore(INDEX_TABLES), [], 0
        for move, size in [*moves, ("index", 0)]:
            if move == "seal":
                senders = [world.keys.address(f"sender {number + n}") for n in range(size)]
                number += size
                world.run(*(world.sign(store(number), sender=sender) for sender in senders))
            elif move == "index":
                changed = step(world, rows)
                for log in changed.removed:
                    assert mirror.pop() == log
                mirror += changed.added
            elif world.chain.head().number > size:
                world.chain.reorg(size, keep=move == "keep")
        assert mirror == kept(rows) == on_chain(world)
