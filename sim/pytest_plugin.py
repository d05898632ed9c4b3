"""The pytest plugin ``shapan``, for QA's own repositories (docs/examples/qa-project).

Fixtures: a running bank, scenarios, fault plans, runs whose invariants are checked. A failing test
ends with the command that shows it again. Nothing of ours is imported before a test asks for it.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from sim.qa.bank import RunningBank
    from sim.qa.trials import Trials
    from sim.scenario import Scenario
    from sim.world import Outcome

_OPTION: Final = "--shapan-seed"
_SEED: Final = 1
_SEED_BYTES: Final = 4
_TRIALS: Final = pytest.StashKey["Trials"]()
_CHOSEN: Final = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    text = f"seed of every scenario that tests run: a number, or random (default {_SEED})"
    parser.getgroup("shapan").addoption(_OPTION, default=str(_SEED), metavar="SEED", help=text)


def pytest_configure(config: pytest.Config) -> None:
    word = str(config.getoption(_OPTION))
    if word == "random":
        config.stash[_CHOSEN] = int.from_bytes(os.urandom(_SEED_BYTES)) // 2
    elif word.isdecimal():
        config.stash[_CHOSEN] = int(word)
    else:
        raise pytest.UsageError(f"{_OPTION} {word}: give a whole number of 0 or more, or random")


def pytest_report_header(config: pytest.Config) -> str:
    return f"shapan: seed {config.stash[_CHOSEN]}"


@pytest.fixture(scope="session")
def shapan_seed(pytestconfig: pytest.Config) -> int:
    """The seed of this session: equal seeds, equal runs."""
    return pytestconfig.stash[_CHOSEN]


@pytest.fixture
def shapan_bank(tmp_path: Path) -> Iterator[RunningBank]:
    """The production gateway over SQLite and an EVM in this process, with a clock of the test's."""
    from sim.qa.bank import RunningBank

    bank = RunningBank(tmp_path)
    yield bank
    bank.close()


@pytest.fixture
def _shapan_trials(request: pytest.FixtureRequest, shapan_seed: int, tmp_path: Path) -> Trials:
    from sim.qa.trials import Trials

    request.node.stash[_TRIALS] = trials = Trials(shapan_seed, tmp_path / "shapan")
    return trials


@pytest.fixture
def shapan_scenario(_shapan_trials: Trials) -> Callable[..., Scenario]:
    """``shapan_scenario(name_or_path, *overrides)``: a scenario under this session's seed."""
    return _shapan_trials.scenario


@pytest.fixture
def shapan_fault() -> Callable[..., dict[str, Any]]:
    """``shapan_fault(kind, severity=, days=, at= | every=)``: an entry of a fault plan."""
    from sim.qa.trials import fault

    return fault


@pytest.fixture
def shapan_run(_shapan_trials: Trials) -> Callable[..., Outcome]:
    """``shapan_run(scenario, arm, faults=(), wiring="columns")``: its outcome, invariants held."""
    return _shapan_trials.run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and any(name.startswith("shapan") for name in _fixtures(item)):
        seed = item.config.stash[_CHOSEN]
        lines = [f"pytest {shlex.quote(item.nodeid)} {_OPTION} {seed}"]
        trials = item.stash.get(_TRIALS, None)
        lines += [] if trials is None else trials.replays
        report.sections.append(("shapan: see it again", "\n".join(lines)))
    return report


def _fixtures(item: pytest.Item) -> list[str]:
    return list(getattr(item, "fixturenames", ()))
