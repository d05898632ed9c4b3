from collections.abc import Iterator

import pytest

from tests import mosquitto, postgres
from tests.postgres import cluster


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with cluster() as url:
        yield url


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was not tested is said at the end, where it is read."""
    skipped = terminalreporter.stats.get("skipped", [])
    absent = [
        notice
        for notice in (postgres.ABSENT, mosquitto.ABSENT)
        if any(notice in str(report.longrepr) for report in skipped)
    ]
    if absent:
        terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
        for notice in absent:
            terminalreporter.line(notice, red=True, bold=True)
