import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine
from typing import Any

import pytest

from sim.virtual_loop import LoopClock, Stalled, VirtualLoop, run_virtual
from tests.sim.virtual_fleet import HOUR_S, START_S, WEEK_S, broker_on, connected, fleet_hash

DAY_S = 86_400


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1_000_000):
        writer.write(data)
    writer.close()


async def served(handle: Any) -> tuple[asyncio.Server, int]:
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


def test_waiting_for_a_year_is_a_matter_of_one_timer() -> None:
    async def main(loop: VirtualLoop) -> int:
        await asyncio.sleep(365 * DAY_S)
        return loop.clock.now_s()

    assert run_virtual(main, START_S) == START_S + 365 * DAY_S


def test_whole_seconds_stay_whole_however_often_a_tenth_is_slept() -> None:
    async def main(loop: VirtualLoop) -> list[int]:
        seen = []
        for _ in range(5_000):
            for _ in range(10):
                await asyncio.sleep(0.1)
            seen.append(loop.clock.now_s())
        return seen

    assert run_virtual(main, START_S) == [START_S + second for second in range(1, 5_001)]


def test_simultaneous_timers_fire_in_the_order_of_their_making() -> None:
    async def main(loop: VirtualLoop) -> list[int]:
        order: list[int] = []
        for number in range(50):
            loop.call_later(7.3, order.append, number)
        await asyncio.sleep(8)
        return order

    assert run_virtual(main, START_S) == list(range(50))


def test_no_time_passes_while_bytes_travel_between_two_ends() -> None:
    async def main(loop: VirtualLoop) -> tuple[int, bytes]:
        server, port = await served(echo)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        loop.call_later(0.001, lambda: None)
        payload = bytes(range(256)) * 800
        writer.write(payload)
        echoed = await reader.readexactly(len(payload))
        writer.close()
        await writer.wait_closed()
        server.close()
        return loop.now_us - START_S * 1_000_000, echoed

    passed_us, echoed = run_virtual(main, START_S)
    assert passed_us == 0
    assert echoed == bytes(range(256)) * 800


def test_a_reader_that_pauses_does_not_stop_the_clock() -> None:
    async def main(loop: VirtualLoop) -> int:
        read = 0

        async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal read
            while data := await reader.read(65_536):
                read += len(data)
                await asyncio.sleep(60)
            writer.close()

        server, port = await served(slow)
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(200):
            writer.write(bytes(50_000))
            await writer.drain()
        assert loop.clock.now_s() > START_S + 60
        writer.close()
        await asyncio.sleep(DAY_S)
        server.close()
        return read

    assert run_virtual(main, START_S) == 200 * 50_000


def test_the_end_of_a_stream_arrives_before_time_passes() -> None:
    async def main(loop: VirtualLoop) -> int:
        ended_s: asyncio.Future[int] = loop.create_future()

        async def until_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            ended_s.set_result(loop.clock.now_s())
            writer.close()

        server, port = await served(until_end)
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(100)
        writer.transport.abort()
        loop.call_later(0.000_001, lambda: None)
        at_s = await ended_s
        server.close()
        return at_s

    assert run_virtual(main, START_S) == START_S + 100


def test_a_wait_for_what_never_comes_is_named_instead_of_hanging() -> None:
    async def main(loop: VirtualLoop) -> None:
        await loop.create_future()

    with pytest.raises(Stalled, match="never comes"):
        run_virtual(main, START_S)


def test_work_of_threads_lets_no_time_pass() -> None:
    async def main(loop: VirtualLoop) -> tuple[str, int]:
        loop.call_later(0.5, lambda: None)
        answer = await asyncio.to_thread(lambda: "done")
        return answer, loop.now_us

    assert run_virtual(main, START_S) == ("done", START_S * 1_000_000)


def test_an_error_in_a_thread_reaches_the_one_who_waits() -> None:
    async def main(loop: VirtualLoop) -> None:
        await asyncio.to_thread(lambda: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        run_virtual(main, START_S)


def test_a_hold_stops_the_clock_until_work_elsewhere_is_done() -> None:
    async def main(loop: VirtualLoop) -> int:
        done = asyncio.Event()
        go_on = threading.Event()
        loop.call_later(DAY_S, done.set)

        def work() -> None:
            go_on.wait(0.05)
            loop.call_soon_threadsafe(done.set)

        with loop.hold():
            thread = threading.Thread(target=work)
            thread.start()
            await done.wait()
            thread.join()
        return loop.clock.now_s()

    assert run_virtual(main, START_S) == START_S


def test_clocks_that_libraries_read_are_virtual_on_the_loop_and_nowhere_else() -> None:
    async def main(loop: VirtualLoop) -> tuple[float, float, float]:
        before = time.monotonic()
        await asyncio.sleep(WEEK_S)
        elsewhere: list[float] = []
        thread = threading.Thread(target=lambda: elsewhere.append(time.monotonic()))
        thread.start()
        thread.join()
        return time.monotonic() - before, time.time(), elsewhere[0]  # noqa: TID251

    real = time.monotonic()
    passed_s, utc_s, elsewhere_s = run_virtual(main, START_S)
    assert (passed_s, utc_s) == (WEEK_S, START_S + WEEK_S)
    assert abs(elsewhere_s - real) < DAY_S
    assert abs(time.monotonic() - real) < DAY_S


def test_a_driver_outside_advances_the_loop_to_rest_at_a_second() -> None:
    loop = VirtualLoop(START_S)
    seen: list[int] = []

    async def hourly() -> None:
        while True:
            seen.append(loop.clock.now_s() - START_S)
            await asyncio.sleep(HOUR_S)

    task = loop.create_task(hourly())
    loop.advance(START_S + HOUR_S)
    assert (loop.clock.now_s(), seen) == (START_S + HOUR_S, [0, HOUR_S])
    loop.advance(START_S + 2 * HOUR_S - 1)
    assert len(seen) == 2
    task.cancel()
    loop.advance(START_S + 2 * HOUR_S)
    assert task.cancelled()
    loop.close()


def test_a_keep_alive_of_a_minute_outlives_a_silent_day() -> None:
    async def main(loop: VirtualLoop) -> bool:
        broker, port = await broker_on()
        client = await connected("quiet", port)
        client.set_config({"reconnect_retries": 0})
        await asyncio.sleep(DAY_S)
        alive = client.is_connected
        await client.disconnect()
        await broker.shutdown()
        return alive

    assert run_virtual(main, START_S)


def test_the_clock_of_the_loop_is_a_clock_port() -> None:
    loop = VirtualLoop(START_S)
    assert LoopClock(loop).now_s() == START_S
    assert type(loop.clock.now_s()) is int
    loop.close()


def in_fresh_process(hash_seed: str, *args: str) -> str:
    command = [sys.executable, "-m", "tests.sim.virtual_fleet", *args]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return done.stdout.strip()


def test_a_week_of_a_fleet_has_one_hash_in_every_process_and_under_load() -> None:
    expected = fleet_hash(3, 1)
    assert expected.startswith(f"{3 * WEEK_S // HOUR_S} ")
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
    try:
        assert {in_fresh_process(seed, "3", "1") for seed in ("1", "77")} == {expected}
    finally:
        for process in busy:
            process.kill()
            process.wait()


def on_fastapi(main: Any) -> Any:
    """Run ``main(loop, client)`` beside uvicorn and a FastAPI application with a slow endpoint."""
    fastapi = pytest.importorskip("fastapi")
    uvicorn = pytest.importorskip("uvicorn")
    httpx = pytest.importorskip("httpx")
    app = fastapi.FastAPI()

    @app.get("/slow")
    def slow() -> dict[str, int]:
        threading.Event().wait(0.02)
        return {"ok": 1}

    async def serve(loop: VirtualLoop) -> Any:
        config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, loop="none")
        server = uvicorn.Server(config)
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        port = server.servers[0].sockets[0].getsockname()[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            answer = await main(loop, client)
        await server.shutdown()
        return answer

    return run_virtual(serve, START_S)


def test_a_def_endpoint_does_not_let_days_pass() -> None:
    async def main(loop: VirtualLoop, client: Any) -> tuple[list[int], int]:
        loop.call_later(0.5, lambda: None)
        codes: list[Coroutine[Any, Any, Any]] = [client.get("/slow") for _ in range(5)]
        answers = [answer.status_code for answer in await asyncio.gather(*codes)]
        await asyncio.sleep(3 * WEEK_S)
        answers.append((await client.get("/slow")).status_code)
        return answers, loop.clock.now_s()

    assert on_fastapi(main) == ([200] * 6, START_S + 3 * WEEK_S)
