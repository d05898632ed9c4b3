"""kill -9 at every commit, just before and just after: the end is that of the undisturbed service.

One process forks a life for each; a life is killed by itself, at the commit that is its turn, and
another one goes on over the same SQLite file with the same commands.
"""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.faults import Faults
from sim.leasing.grid import day_start_s
from sim.leasing.lease_desk import LeaseDesk
from sim.leasing.parameters import parameters_of
from sim.scenario import load
from sim.streams import Luck
from system.adapters.sql_book import SqlBook, frame_tables
from system.adapters.sql_store import SqlStore
from system.bootstrap_leasing import LEASING_FRAMES, LEASING_TABLES
from system.leasing.commands import DefineSite, EnrolMachines
from system.leasing.desk import Parts
from system.leasing.devices import DeviceKeys
from system.leasing.leases.desk import LeaseParts
from system.leasing.leases.policy import DEFAULT_POLICY
from system.leasing.leases.records import JOURNAL, LEASES
from system.leasing.leases.service import LeaseService
from system.leasing.policy import DEFAULT_POLICY as MACHINE_POLICY
from system.leasing.service import LeasingService
from system.ledger.records import TRANSFERS

ROOT = Path(__file__).parents[2]
FIRST_DAY, MACHINES = 20_454, 3
PARAMETERS = replace(parameters_of(load("leasing"), "fixed").lessor, deposit_rent_ratio=0.0)


class Clock:
    time_s = day_start_s(FIRST_DAY)

    def now_s(self) -> int:
        return self.time_s


class MortalBook:
    """turn: the commit at which this process dies, counted from 1; half a turn later for after."""

    def __init__(self, inner: Any, turn: float) -> None:
        self._inner, self._turn, self.commits = inner, turn, 0

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        self.commits += 1
        with self._inner.transaction() as unit:
            yield unit
            if self._turn == self.commits:
                os.kill(os.getpid(), signal.SIGKILL)
        if self._turn == self.commits + 0.5:
            os.kill(os.getpid(), signal.SIGKILL)


def live(file: Path, turn: float) -> tuple[int, str]:
    """Leases from start to payment. How many commits there were; SHA-256 of all that is stored."""
    store = SqlStore(f"sqlite:///{file}", (*LEASING_TABLES, *frame_tables(LEASING_FRAMES)))
    plain = SqlBook(store, LEASING_FRAMES)
    clock, book = Clock(), MortalBook(plain, turn)
    parts: Any = LeaseParts(clock, book, DEFAULT_POLICY)
    enrol(LeasingService(Parts(clock, book, MACHINE_POLICY, DeviceKeys(None))))
    service = LeaseService(parts)
    desk = LeaseDesk(service, plain, "fixed", PARAMETERS, (MACHINES, MACHINES), quiet())
    work(desk, clock)
    with plain.transaction() as unit:
        stored = [unit.rows.scan(JOURNAL), unit.rows.scan(TRANSFERS)]
        names = tuple(column.name for column in LEASES.columns if column.planes == 1)
        leases = unit.read(LEASES, names, slice(0, unit.count(LEASES)))
    store.close()
    text = repr((stored, [(name, leases[name].tolist()) for name in names]))
    return book.commits, hashlib.sha256(text.encode()).hexdigest()


def quiet() -> Faults:
    return Faults((), Luck(0, 0), lambda: 0)


def enrol(service: LeasingService) -> None:
    site = service.define_site(DefineSite("yard", "the yard", "", "0" * 42))
    some = np.ones(MACHINES, np.int64)
    columns = (0 * some, site * some, *(1_000_000 * some for _ in range(5)))
    service.enrol_machines(EnrolMachines("enrol", MACHINES, *columns))


def work(desk: LeaseDesk, clock: Clock) -> None:
    machines = np.arange(MACHINES)
    rent_fen, value_fen = np.full(MACHINES, 3_000_000), np.full(MACHINES, 100_000_000)
    desk.open()
    desk.start(FIRST_DAY, machines, machines, rent_fen, value_fen, 800_000)
    for day in range(FIRST_DAY, FIRST_DAY + 3):
        clock.time_s = day_start_s(day) + 86_399
        desk.service.end_of_day(day)
    desk.give_back("early", machines[:2])
    desk.repossess("breach", machines[2:], "found at a thief's")
    desk.pay(FIRST_DAY, machines, np.full(MACHINES, 100_000))
    clock.time_s = day_start_s(FIRST_DAY + 3) + 86_399
    desk.service.end_of_day(FIRST_DAY + 3)


def killed(file: Path, turn: float) -> bool:
    """Whether a life with this turn died by it."""
    child = os.fork()
    if not child:
        live(file, turn)
        os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def main(folder: Path) -> None:
    commits, undisturbed = live(folder / "calm.db", 0)
    for turn in range(2, 2 * commits + 2):
        file = folder / f"{turn}.db"
        assert killed(file, turn / 2), f"nobody died at {turn / 2}"
        _, end = live(file, 0)
        assert end == undisturbed, f"killed at commit {turn / 2}: another end"
        file.unlink()
    print(commits)


@pytest.mark.slow
def test_whatever_commit_it_dies_at_the_service_ends_as_if_nothing_had_happened(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-m", "tests.simulation.test_kill_every_commit", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 12


if __name__ == "__main__":
    main(Path(sys.argv[1]))
