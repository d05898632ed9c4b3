from system.adapters import os_clock
from system.adapters.os_clock import OsClock


def test_the_clock_gives_whole_utc_seconds_of_this_age() -> None:
    now_s = OsClock().now_s()
    assert type(now_s) is int
    assert 1_700_000_000 < now_s < 5_000_000_000


def test_the_clock_never_goes_back(monkeypatch: object) -> None:
    times = iter([100.9, 99.0, 101.0])
    monkeypatch.setattr(os_clock.time, "time", lambda: next(times))  # type: ignore[attr-defined]
    clock = OsClock()
    assert [clock.now_s() for _ in range(3)] == [100, 100, 101]
