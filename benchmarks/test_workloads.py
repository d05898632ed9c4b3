"""The harness: pytest-benchmark over every contender of every workload that was asked for.

`pytest benchmarks --benchmark-only --size full --benchmark-json=FILE` writes what report.py reads.
"""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.workload import Answer, Contender, Work, Workload
from benchmarks.workloads import WORKLOADS

pytestmark = pytest.mark.timeout(3_600)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    size = metafunc.config.getoption("size")
    names = metafunc.config.getoption("workload") or WORKLOADS
    metafunc.parametrize(
        ("workload", "contender"),
        [
            pytest.param(
                WORKLOADS[name],
                contender,
                id=f"{name}: {contender.name}",
                marks=pytest.mark.benchmark(group=name, timer=contender.clock),
            )
            for name in names
            for contender in WORKLOADS[name].sizes[size]()
        ],
    )


@pytest.fixture(scope="module")
def tales() -> dict[tuple[str, str], str]:
    """(workload, tale) -> the digest of the contender that told it first."""
    return {}


def test_workload(
    benchmark: BenchmarkFixture,
    workload: Workload,
    contender: Contender,
    tales: dict[tuple[str, str], str],
    request: pytest.FixtureRequest,
) -> None:
    if contender.absent:
        pytest.skip(contender.absent)
    count, digest = _timed(benchmark, contender)
    expected = tales.setdefault((workload.name, contender.tale), digest)
    assert digest == expected, f"{contender.name} tells another story"
    benchmark.extra_info |= {
        "workload": workload.name,
        "size": request.config.getoption("size"),
        "unit": workload.unit,
        "contender": contender.name,
        "count": count,
        "peer": contender.peer,
        "ratio_min": contender.ratio_min,
        "digest": digest,
    }


def _timed(benchmark: BenchmarkFixture, contender: Contender) -> tuple[int, str]:
    """Operations per round, and the digest of the last. Rounds that start alike must end alike."""
    answers: list[Answer] = []
    digests: list[str] = []
    with ExitStack() as opened:
        works = _works(contender, opened)
        benchmark.pedantic(  # type: ignore[no-untyped-call]
            lambda work: answers.append(work()),
            setup=lambda: ((next(works),), {}),
            teardown=lambda _: digests.append(answers[-1].digest()),
            rounds=contender.rounds,
        )
    assert digests, "pytest-benchmark is switched off: run without -n and --benchmark-disable"
    if contender.reopen:
        assert len(set(digests)) == 1, f"rounds of {contender.name} differ"
    return answers[-1].count, digests[-1]


def _works(contender: Contender, opened: ExitStack) -> Iterator[Work]:
    """The work of each round, in the contender that is open for it."""
    while True:
        opened.close()
        work = opened.enter_context(contender.open())
        yield work
        while not contender.reopen:
            yield work
