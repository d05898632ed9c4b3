"""kill -9 while readings come in: what was taken in is there, and every alert is told once."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sim.checks.alert_evidence import HELD, audit_one_open, audit_words
from system.bootstrap_leasing import LeasingSystem, build_leasing
from system.leasing.events import BANK
from system.leasing.records import AlertState
from system.leasing.service import LeasingService
from system.ledger.outbox import OUTBOX
from tests.system.leasing_world import HeldClock, sqlite_url, system_of
from tests.system.test_leasing_any_order import MACHINES, TERMS, outcome, split, troubled

BATCHES, KILLS = 40, 3
STATES = {int(state): state.name for state in AlertState}
CHILD = textwrap.dedent(
    """
    import sys
    from system.bootstrap_leasing import build_leasing
    from tests.simulation.test_kill_leasing import batches
    from tests.system.leasing_world import HeldClock

    url, done = sys.argv[1], int(sys.argv[2])
    system = build_leasing(clock=HeldClock(), store_url=url)
    for number, batch in enumerate(batches()[done:], done + 1):
        system.leasing.take_in(batch)
        print(number, flush=True)
    """
)


def batches() -> list:  # type: ignore[type-arg]
    """Two weeks of trouble in order of arrival, the machines' buffers late and mixed."""
    whole = troubled(1)
    order = (whole.at_ms + whole.sequence * 7_919 % 97 * 3_600_000).argsort(kind="stable")
    return split(whole, order, BATCHES)


def life(url: str, done: int, lines: int) -> int:
    """The last batch acknowledged by a child that is killed soon after so many lines."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, url, str(done)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert child.stdout is not None
    heard = [child.stdout.readline() for _ in range(lines)]
    child.send_signal(signal.SIGKILL)
    heard += child.stdout.readlines()
    child.wait()
    child.stdout.close()
    return int([line for line in heard if line.endswith("\n")][-1])


def _undisturbed() -> LeasingSystem:
    system = system_of(machines=MACHINES, **TERMS)
    _take(system.leasing, 0)
    return system


def _take(leasing: LeasingService, done: int) -> None:
    for batch in batches()[done:]:
        leasing.take_in(batch)


@pytest.mark.slow
def test_killed_again_and_again_it_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    system_of(url, machines=MACHINES, **TERMS).close()
    done = 0
    for number in range(KILLS):
        done = life(url, done, lines=5 + number)
    assert 15 < done < BATCHES
    system = build_leasing(clock=HeldClock(), store_url=url)
    # Devices send again what was not acknowledged, and one batch that was.
    _take(system.leasing, done - 1)
    assert outcome(system.leasing) == outcome(_undisturbed().leasing)
    alerts = system.leasing.alerts()
    with system.book.transaction() as unit:
        messages = [row for row in unit.rows.scan(OUTBOX) if row.target == BANK]
    assert audit_words(alerts, messages, STATES) == HELD
    assert audit_one_open(alerts, STATES) == HELD
    system.close()
