"""Options of the harness: which size, and which workloads."""

import pytest

from benchmarks.workloads import WORKLOADS


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("shapan benchmarks")
    group.addoption("--size", choices=("small", "full"), default="small")
    group.addoption("--workload", action="append", choices=tuple(WORKLOADS))
