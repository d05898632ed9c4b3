"""Studies: when they stop, what a failure leaves, and what cannot change a result."""

from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from joblib.externals.loky.process_executor import BrokenProcessPool

from sim.pools import local
from sim.pools.local import LocalPool
from sim.run import HELD, replicate
from sim.study import conduct
from sim.world import Outcome, Task
from system.errors import InputError
from tests.sim.toy import SCENARIO, simulate
from tests.sim.toy_runs import resume, run, study_of

SEEN: list[tuple[str, int]] = []


def noting(task: Task) -> Outcome:
    """The toy, which notes on which wiring and for how many days it ran."""
    SEEN.append((task.wiring, task.scenario.horizon_days))
    return simulate(task)


def test_a_study_stops_at_the_first_look_that_decides_every_claim(finished: Path) -> None:
    records = sorted(path.name for path in finished.glob("replications/00000?.json"))
    assert records == [f"00000{n}.json" for n in range(4)]


def test_a_study_with_an_open_claim_goes_on_to_the_last_look(tmp_path: Path) -> None:
    study = study_of(tmp_path, "claims.instant.threshold=508.0", "replications.max=6")
    assert run(study)["replications"] == [0, 1, 2, 3, 4, 5]


def test_stop_when_max_looks_once_at_the_end(tmp_path: Path) -> None:
    study = study_of(tmp_path, "replications.stop_when=max")
    assert [len(numbers) for numbers in study.looks] == [12]


def test_one_and_two_workers_give_the_same_digest(finished: Path, tmp_path: Path) -> None:
    two = resume(finished)  # nothing is missing: reads what is there
    assert run(study_of(tmp_path), workers=1)["digest"] == two["digest"]


def test_another_seed_gives_another_digest(finished: Path, tmp_path: Path) -> None:
    one = run(study_of(tmp_path, "seed=8", "replications.min=2", "replications.max=2"))
    assert one["digest"] != resume(finished)["digest"]


def test_an_error_in_a_replication_is_a_record_with_stage_seed_traceback_and_replay(
    tmp_path: Path,
) -> None:
    study = study_of(tmp_path, "products.toy.trouble=fail")
    result = run(study)
    assert (result["status"], result["failed"], result["replications"]) == (
        "failed",
        [2],
        [0, 1, 3],
    )
    [failure] = study.folder.failures()
    assert failure["stage"] == "simulate new"
    assert failure["seed"] == 7
    assert failure["error"] == "RuntimeError: the toy broke"
    assert "tests/sim/toy.py" in failure["traceback"]
    assert failure["replay"] == f"shapan run {study.folder.path} --replication 2"


def test_a_worker_that_dies_takes_no_other_replication_along(tmp_path: Path) -> None:
    study = study_of(tmp_path, "products.toy.trouble=die")
    result = run(study)
    assert (result["failed"], result["replications"]) == ([2], [0, 1, 3])
    assert study.folder.failures()[0]["stage"] == "worker process"


class Breaking:
    """An executor that does with each job what is said: do it, lose the worker, or not take it."""

    fates: ClassVar[list[str]] = []
    lives = 0

    def __init__(self, max_workers: int) -> None:
        Breaking.lives += 1

    def submit(self, function, job):
        fate, future = self.fates.pop(0), Future()
        if fate == "refuse":
            raise BrokenProcessPool("a worker died")
        if fate == "die":
            future.set_exception(BrokenProcessPool("a worker died"))
        else:
            future.set_result(function(job))
        return future

    def shutdown(self, wait: bool, kill_workers: bool) -> None:
        """Nothing to let go."""


@pytest.mark.parametrize(
    ("fates", "lives"),
    [("do refuse do do", 2), ("die die do refuse do do", 3)],
    ids=["in_company", "alone"],
)
def test_a_job_that_a_broken_pool_does_not_take_goes_to_the_next_one(
    monkeypatch: pytest.MonkeyPatch, fates: str, lives: int
) -> None:
    monkeypatch.setattr(local, "ProcessPoolExecutor", Breaking)
    monkeypatch.setattr(Breaking, "fates", fates.split())
    monkeypatch.setattr(Breaking, "lives", 0)
    found = list(LocalPool(1).run(abs, [-3, -2, -1]))
    assert sorted(found) == [(-3, 3), (-2, 2), (-1, 1)]
    assert (Breaking.lives, Breaking.fates) == (lives, [])


def test_a_broken_invariant_is_named_with_its_place_and_fails_the_study(tmp_path: Path) -> None:
    result = run(study_of(tmp_path, "products.toy.trouble=invariant"))
    assert result["status"] == "failed"
    where = "replication 2, arm new: 3 fen appeared"
    assert result["invariants"] == {"money_is_conserved": where, "wirings_agree": HELD}


def test_wirings_that_disagree_name_the_first_differing_event(tmp_path: Path) -> None:
    result = run(study_of(tmp_path, "products.toy.trouble=wirings"))
    assert result["status"] == "failed"
    assert "on the wiring full, event 0" in result["invariants"]["wirings_agree"]
    assert "only-on-full" in result["invariants"]["wirings_agree"]


def test_a_study_too_large_for_both_wirings_compares_them_at_the_size_that_it_names(
    tmp_path: Path,
) -> None:
    plan = study_of(
        tmp_path, arms=("new",), text=f"{SCENARIO}[on_both_wirings]\nhorizon_days = 5\n"
    ).plan
    SEEN.clear()
    record, _, _ = replicate(replace(plan, model="tests.sim.test_study:noting"), 0)
    assert SEEN == [("columns", 10), ("columns", 5), ("full", 5)]
    assert record["arms"]["new"]["invariants"]["wirings_agree"] == HELD


def test_a_study_below_its_caps_runs_once_on_each_wiring(tmp_path: Path) -> None:
    plan = study_of(
        tmp_path, arms=("new",), text=f"{SCENARIO}[on_both_wirings]\nhorizon_days = 50\n"
    ).plan
    SEEN.clear()
    replicate(replace(plan, model="tests.sim.test_study:noting"), 0)
    assert SEEN == [("columns", 10), ("full", 10)]


def test_wirings_that_disagree_at_the_smaller_size_are_found(tmp_path: Path) -> None:
    study = study_of(
        tmp_path,
        "products.toy.trouble=wirings",
        text=f"{SCENARIO}[on_both_wirings]\nhorizon_days = 5\n",
    )
    assert "only-on-full" in run(study)["invariants"]["wirings_agree"]


def test_an_expected_invariant_that_nobody_checks_does_not_pass(tmp_path: Path) -> None:
    study = study_of(tmp_path, 'expect=["limits_hold"]')
    result = run(study)
    assert result["status"] == "failed"
    assert result["invariants"]["limits_hold"].startswith("not checked")


def test_what_only_a_left_out_arm_could_check_breaks_nothing(tmp_path: Path) -> None:
    study = study_of(tmp_path, 'expect=["limits_hold"]', "replications.max=4", arms=("new",))
    result = run(study)
    assert result["status"] == "ok"
    assert result["invariants"]["limits_hold"].startswith("not checked")


def test_a_scenario_that_the_model_refuses_leaves_no_folder(tmp_path: Path) -> None:
    study = study_of(tmp_path, "products.toy.trouble=refuse")
    with pytest.raises(InputError, match=r"products\.toy\.trouble = 'refuse': write none"):
        run(study)
    assert not study.folder.path.exists()


def test_claims_on_arms_that_do_not_run_are_undecided_and_stop_nothing(tmp_path: Path) -> None:
    study = study_of(tmp_path, arms=("new",))
    assert run(study)["replications"] == [0, 1, 2, 3]
    halved, instant = study.folder.read_claims()
    assert (halved["verdict"], halved["n"]) == ("undecided", 0)
    assert instant["verdict"] == "refuted"


def test_progress_counts_up_to_what_was_run(tmp_path: Path) -> None:
    seen: list[int] = []
    with LocalPool(2) as pool:
        conduct(study_of(tmp_path), pool, seen.append, fresh=True)
    assert seen == [0, 1, 2, 3, 4]
