"""The engine: whole seconds, a total order, nothing fails silently."""

from datetime import UTC, datetime

import mesa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.calendar import Calendar
from sim.engine import ClerkPool, EconomyModel, Engine, Process

START_S = int(datetime(2026, 1, 5, 1, tzinfo=UTC).timestamp())  # Monday, 9:00 in China
HOUR_S, DAY_S = 3600, 86_400


def test_callbacks_run_at_their_second_by_priority_and_then_by_order_of_asking() -> None:
    engine, seen = Engine(START_S), []
    engine.at(START_S + 5, lambda: seen.append(("late", engine.now_s)))
    engine.at(START_S + 2, lambda: seen.append(("second", engine.clock.now_s())))
    engine.at(START_S + 2, lambda: seen.append(("third", engine.now_s)))
    engine.at(START_S + 2, lambda: seen.append(("first", engine.now_s)), priority=0)
    engine.run(START_S + 10)
    assert [name for name, _ in seen] == ["first", "second", "third", "late"]
    assert [at_s - START_S for _, at_s in seen] == [2, 2, 2, 5]
    assert engine.now_s == START_S + 10


def test_a_run_stops_before_its_last_second_and_can_go_on() -> None:
    engine, seen = Engine(START_S), []
    engine.at(START_S + 10, lambda: seen.append(engine.now_s))
    engine.run(START_S + 10)
    engine.run(START_S + 10)
    assert seen == []
    engine.run(START_S + 11)
    assert seen == [START_S + 10]


def test_processes_wait_for_time_for_events_and_for_each_other() -> None:
    engine, seen = Engine(START_S), []
    signed = engine.event()

    def signer() -> Process:
        yield engine.sleep(30)
        signed.succeed("yes")
        yield engine.sleep(30)

    def reader() -> Process:
        seen.append((yield signed))
        seen.append(engine.now_s - START_S)
        yield other
        seen.append(engine.now_s - START_S)

    other = engine.process(signer())
    engine.process(reader())
    engine.run(START_S + 100)
    assert seen == ["yes", 30, 60]


def test_a_failure_that_nobody_handles_stops_the_run() -> None:
    def broken() -> Process:
        yield engine.sleep(1)
        raise LookupError("lost file")

    engine = Engine(START_S)
    engine.process(broken())
    with pytest.raises(LookupError, match="lost file"):
        engine.run(START_S + 10)

    engine = Engine(START_S)
    engine.event().fail(LookupError("lost event"))
    with pytest.raises(LookupError, match="lost event"):
        engine.run(START_S + 10)

    engine = Engine(START_S)
    engine.at(START_S + 1, lambda: [][0])
    with pytest.raises(IndexError):
        engine.run(START_S + 10)


def test_time_is_whole_and_never_in_the_past() -> None:
    engine = Engine(START_S)
    with pytest.raises(TypeError):
        engine.sleep(0.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        engine.at(START_S + 0.5, lambda: None)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="before now"):
        engine.at(START_S - 1, lambda: None)
    with pytest.raises(AssertionError, match="before now"):
        engine.run(START_S - 1)


def test_clerks_take_jobs_in_order_and_go_home_at_night() -> None:
    engine, ready = Engine(START_S), []
    desk = ClerkPool(engine, Calendar(), clerks=2)
    for job in range(5):
        desk.submit(f"job-{job}", 3 * HOUR_S, lambda key: ready.append((key, engine.now_s)))
    engine.run(START_S + 7 * DAY_S)
    assert ready == [
        ("job-0", START_S + 3 * HOUR_S),
        ("job-1", START_S + 3 * HOUR_S),
        ("job-2", START_S + 6 * HOUR_S),
        ("job-3", START_S + 6 * HOUR_S),
        ("job-4", START_S + DAY_S + HOUR_S),
    ]


@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 3 * DAY_S), st.integers(1, 9 * HOUR_S)), max_size=25),
)
def test_a_desk_answers_as_clerks_do_who_pick_the_oldest_job_when_free(
    clerks: int, jobs: list[tuple[int, int]]
) -> None:
    engine, calendar, found = Engine(START_S), Calendar(), {}
    desk = ClerkPool(engine, calendar, clerks)
    arrivals = sorted((START_S + delay_s, number) for number, (delay_s, _) in enumerate(jobs))
    for at_s, number in arrivals:
        work_s = jobs[number][1]

        def submit(key: str = str(number), work_s: int = work_s) -> None:
            desk.submit(key, work_s, lambda done: found.update({done: engine.now_s}))

        engine.at(at_s, submit)
    engine.run(START_S + 60 * DAY_S)
    free_s, expected = [START_S] * clerks, {}
    for at_s, number in arrivals:
        clerk = free_s.index(min(free_s))
        start_s = max(at_s, free_s[clerk])
        free_s[clerk] = calendar.add_working_s(start_s, jobs[number][1])
        expected[str(number)] = free_s[clerk]
    assert found == expected


class Baker(mesa.Agent):  # type: ignore[misc]
    def step(self) -> None:
        self.model.baked.append((self.unique_id, self.model.engine.now_s))


class Village(EconomyModel):
    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.baked: list[tuple[int, int]] = []
        Baker.create_agents(self, 2)

    def step(self) -> None:
        self.agents.do("step")


def test_a_mesa_step_is_a_process_of_the_engine_once_a_day() -> None:
    engine = Engine(START_S)
    village = Village(engine)
    engine.run(START_S + 3 * DAY_S)
    assert village.baked == [(baker, START_S + day * DAY_S) for day in range(3) for baker in (1, 2)]
    assert village.steps == 3


def test_mesas_own_random_is_never_used() -> None:
    village = Village(Engine(START_S))
    for draw in (
        lambda: village.random.random(),
        lambda: village.rng.random(),
        lambda: village.agents.shuffle_do("step"),
        lambda: village.agents_by_type[Baker].shuffle_do("step"),
        lambda: next(iter(village.agents)).random.random(),
    ):
        with pytest.raises(AssertionError, match="never used"):
            draw()
