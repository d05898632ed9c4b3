"""Studies on a real cluster of two worker processes on loopback: the same digest, whatever dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from sim.assumptions.study import MapWish, conduct_map, map_of
from sim.pools.base import Pool
from sim.pools.choose import pool_of
from sim.study import conduct
from system.errors import InputError
from tests.sim.toy_runs import ROOT, SamePool, study_of

START_S = 60


def _nobody(finished: int) -> None:
    """Nobody watches the progress."""


SLOW = ("replications.min=6", "replications.max=6", "products.toy.pause_s=1")


@contextmanager
def _process(*arguments: str, cwd: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process group of its own, which ends with the test."""
    with (cwd / f"{len(list(cwd.iterdir()))}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=cwd,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):  # a test may have killed it
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _until(path: Path) -> None:
    deadline = time.monotonic() + START_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """The address of a scheduler, and its two workers."""
    pytest.importorskip("distributed")
    cwd = tmp_path_factory.mktemp("dask")
    file = cwd / "scheduler.json"
    scheduler = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0")
    worker = ("distributed.cli.dask_worker", "--scheduler-file", str(file), "--nthreads", "1")
    with _process(*scheduler, "--no-dashboard", "--scheduler-file", str(file), cwd=cwd):
        _until(file)
        quiet = ("--no-dashboard", "--no-nanny", "--local-directory", str(cwd))
        with _process(*worker, *quiet, cwd=cwd) as one, _process(*worker, *quiet, cwd=cwd) as two:
            import json

            from distributed import Client

            address = json.loads(file.read_text())["address"]
            with Client(address, set_as_default=False) as client:
                client.wait_for_workers(2, timeout=START_S)
            yield address, [one, two]


def test_a_map_on_dask_is_the_map_of_one_machine(dask, tmp_path: Path) -> None:
    with pool_of(f"dask:{dask[0]}", None) as cluster:
        maps = [_map(tmp_path / name, pool) for name, pool in (("a", cluster), ("b", SamePool()))]
    assert maps[0] == maps[1]


def _map(folder: Path, pool: Pool) -> bytes:
    """map.json of the toy, run in this pool."""
    folder.mkdir()
    study = study_of(folder, "replications.max=4")
    conduct(study, pool, _nobody, fresh=True)
    found = map_of(study, MapWish(asked=True, points=8))
    assert found is not None
    conduct_map(found, pool, lambda done, total: None)
    return (folder / "run" / "map.json").read_bytes()


def test_a_worker_killed_in_mid_study_changes_no_digest(
    dask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, workers = dask

    def kill_one(finished: int) -> None:
        if finished == 2 and workers[0].poll() is None:
            os.killpg(workers[0].pid, signal.SIGKILL)

    with pool_of(f"dask:{address}", None) as pool:
        there = conduct(study_of(tmp_path, *SLOW, out="there"), pool, kill_one, fresh=True)
    assert workers[0].wait(START_S) == -signal.SIGKILL
    # Nobody needs to wait for it again.
    monkeypatch.setattr("tests.sim.toy.time.sleep", lambda seconds: None)
    here = study_of(tmp_path, *SLOW, out="here")
    assert conduct(here, SamePool(), _nobody, fresh=True)["digest"] == there["digest"]
    assert (there["status"], there["replications"]) == ("ok", [0, 1, 2, 3, 4, 5])


@pytest.mark.slow
def test_ray_gives_the_digest_of_one_machine(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False}
    )
    try:
        with pool_of(f"ray:{cluster.address}", None) as pool:
            there = conduct(study_of(tmp_path, out="there"), pool, _nobody, fresh=True)
    finally:
        ray.shutdown()
        cluster.shutdown()
    here = conduct(study_of(tmp_path, out="here"), SamePool(), _nobody, fresh=True)
    assert here["digest"] == there["digest"]


@pytest.mark.parametrize(
    ("engine", "workers", "message"),
    [
        ("dusk:1", None, "--engine = 'dusk:1': use local, dask:ADDR or ray:ADDR"),
        ("dask:", None, "--engine = 'dask:': use local"),
        ("dask:127.0.0.1:1", None, "no scheduler answers there"),
        ("ray:127.0.0.1:1", 3, "a cluster has its own workers"),
    ],
)
def test_an_engine_that_cannot_be_used_says_why(engine, workers, message, monkeypatch) -> None:
    monkeypatch.setattr("sim.pools.dask_cluster.CONNECT_S", 0.5)
    with pytest.raises(InputError) as refused:
        pool_of(engine, workers)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("engine", "module"), [("dask:x:1", "dask.distributed"), ("ray:x:1", "ray")]
)
def test_a_cluster_whose_library_is_missing_says_how_to_get_it(engine, module, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=rf"pip install 'shapan\[{engine[:4].strip(':')}\]'"):
        pool_of(engine, None)
