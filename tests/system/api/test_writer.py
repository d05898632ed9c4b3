"""The one writer among others on its loop: who waits for whom."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from system.adapters.group_store import GroupStore
from system.adapters.memory_store import MemoryStore
from system.api.writer import Writer
from system.errors import EvmUnavailable, StoreUnavailable


class CountingStore(GroupStore):
    """Counts durable commits."""

    def __init__(self) -> None:
        super().__init__(MemoryStore(()))
        self.groups = 0

    @contextmanager
    def group(self) -> Iterator[None]:
        self.groups += 1
        with super().group():
            yield


class AwayStore(CountingStore):
    """A database that may be away."""

    is_away = False

    @contextmanager
    def group(self) -> Iterator[None]:
        if self.is_away:
            raise StoreUnavailable("begin", "nobody is there")
        with super().group():
            yield


def writer_over(store: GroupStore) -> Writer:
    return Writer(store, lambda: None)


def test_after_a_group_others_have_the_loop_so_that_the_next_group_is_larger() -> None:
    store = CountingStore()
    writer = writer_over(store)

    async def later(delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        await writer.run(lambda: None)

    async def go() -> None:
        await writer.run(lambda: time.sleep(0.2))
        await asyncio.gather(*(later(delay_s) for delay_s in (0.0, 0.01, 0.02)))

    asyncio.run(go())
    assert store.groups == 2


def test_a_writer_that_goes_on_under_another_clock_does_not_wait_for_the_old_one() -> None:
    writer = writer_over(CountingStore())

    class Behind(asyncio.SelectorEventLoop):
        def time(self) -> float:
            return super().time() - 1_000

    asyncio.run(writer.run(lambda: time.sleep(0.01)))
    with asyncio.Runner(loop_factory=Behind) as runner:
        runner.run(asyncio.wait_for(writer.run(lambda: None), 5))


def test_while_the_store_is_away_callers_are_told_so_and_what_it_lost_is_forgotten_first() -> None:
    store = AwayStore()
    told: list[str] = []

    def forget() -> None:
        told.append("forget")
        if store.is_away:
            raise StoreUnavailable("connect", "nobody is there")

    writer = Writer(store, forget)

    async def refused() -> None:
        async with asyncio.timeout(5):
            with pytest.raises(StoreUnavailable):
                await writer.run(lambda: told.append("work"))

    async def go() -> None:
        store.is_away = True
        await refused()
        await refused()
        store.is_away = False
        await writer.run(lambda: told.append("work"))
        await writer.run(lambda: told.append("work"))

    asyncio.run(go())
    assert told[-3:] == ["forget", "work", "work"]
    assert "work" not in told[:-3]


def test_a_bug_while_the_chain_is_away_leaves_nobody_without_an_answer() -> None:
    away = True

    def forget() -> None:
        if away:
            raise EvmUnavailable("read its state", "it is away")

    writer = Writer(CountingStore(), forget)

    def bug() -> None:
        raise ValueError("a bug")

    async def answered(work: Callable[[], None], error: type[Exception]) -> None:
        async with asyncio.timeout(5):
            with pytest.raises(error):
                await writer.run(work)

    async def go() -> None:
        nonlocal away
        await answered(bug, ValueError)
        await answered(lambda: None, EvmUnavailable)
        away = False
        await writer.run(lambda: None)

    asyncio.run(go())


def test_no_two_pieces_of_other_work_run_without_the_requests_between_them() -> None:
    writer = writer_over(CountingStore())
    said: list[str] = []
    requests: list[asyncio.Task[None]] = []

    async def request(name: str) -> None:
        await writer.run(lambda: said.append(f"request at {name}"))

    async def piece(name: str) -> None:
        await writer.give_way()
        said.append(name)
        # A request comes while the piece runs: the loop learns of it one turn later.
        asyncio.get_running_loop().call_soon(
            lambda: requests.append(asyncio.ensure_future(request(name)))
        )

    async def go() -> None:
        await asyncio.gather(*(piece(name) for name in "abc"))
        await asyncio.gather(*requests)

    asyncio.run(go())
    assert said == ["a", "request at a", "b", "request at b", "c", "request at c"]


def test_between_pieces_of_one_work_there_are_requests_and_no_other_work() -> None:
    writer = writer_over(CountingStore())
    said: list[str] = []

    async def request(name: str) -> None:
        await writer.run(lambda: said.append(f"request at {name}"))

    requests: list[asyncio.Task[None]] = []

    def pieces(name: str) -> Iterator[None]:
        for n in range(3):
            if n:
                yield
            said.append(f"{name}{n}")
            requests.append(asyncio.ensure_future(request(f"{name}{n}")))

    async def other() -> None:
        await writer.give_way()
        said.append("other")

    async def go() -> None:
        await asyncio.gather(writer.in_pieces(pieces("a")), other(), writer.in_pieces(pieces("b")))
        await asyncio.gather(*requests)

    asyncio.run(go())
    told = [word for word in said if not word.startswith("request")]
    assert told == ["a0", "a1", "a2", "other", "b0", "b1", "b2"]
    for n in range(2):
        assert said.index(f"a{n}") < said.index(f"request at a{n}") < said.index(f"a{n + 1}")


def test_a_piece_that_fails_keeps_nobody_waiting() -> None:
    writer = writer_over(CountingStore())

    def fails() -> Iterator[None]:
        yield
        raise EvmUnavailable("seal", "it is away")

    async def go() -> None:
        async with asyncio.timeout(5):
            with pytest.raises(EvmUnavailable):
                await writer.in_pieces(fails())
            await writer.give_way()

    asyncio.run(go())


def test_other_work_does_not_wait_where_nobody_asks() -> None:
    writer = writer_over(CountingStore())

    async def go() -> None:
        async with asyncio.timeout(5):
            for _ in range(3):
                await writer.give_way()

    asyncio.run(go())
