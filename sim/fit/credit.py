"""``shapan fit credit``: models of who fails to pay, on the same folds of a user's real loans.

A file whose columns know the outcome is refused: its figures would be those of hindsight.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from sim.fit.loan_file import LoanFile, Roles, read_loans
from sim.pools.base import WorkerDied
from sim.pools.local import in_processes
from system.credit.models.contract import Prediction
from system.credit.models.leaderboard import (
    CONTENDERS,
    FOLDS,
    IN_FOLDS,
    LATER,
    Loans,
    Task,
    run_task,
    tasks_of,
)
from system.credit.models.leakage import Suspect, suspects
from system.credit.models.standings import Standing, standing_in_folds, standing_later
from system.errors import InputError, OperationalError

# The model that a bank would use: the one whose points and reasons it can explain to a merchant.
CHAMPION: Final = "scorecard"
# The split is part of the method, not of an experiment.
_SEED: Final = 0
_ROWS_MIN: Final = 200
_NO_PARAMETERS: Final = (
    "resolved loans show how well failure can be foretold, not why owners fail: no cause that the "
    "simulation draws can be read off such a file, so no parameter is given"
)

Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class CreditFit:
    """folds: by contender. later: over later rows together, where the file has a day."""

    file: str
    file_sha256: str
    rows: int
    bad_rows: int
    left_out: dict[str, str]
    allowed: tuple[Suspect, ...]
    folds: dict[str, Standing]
    later: dict[str, Standing]

    def as_json(self) -> dict[str, Any]:
        """One document: product, rows, models, champion, no parameters, validation."""
        return {
            "product": "credit",
            "rows": self.rows,
            "models": {name: one.as_json() for name, one in self.folds.items()},
            "champion": CHAMPION,
            "parameters": {},
            "validation": self._validation(),
        }

    def _validation(self) -> dict[str, Any]:
        best = max(self.folds, key=lambda name: self.folds[name].mean("auc"))
        found: dict[str, Any] = {
            "bad_share": _short(self.bad_rows / self.rows),
            "split": f"{FOLDS} folds with equal shares of bad rows, the same for every model",
            "best_auc": best,
            "champion_by": "policy: points and reasons that a merchant can be told",
            "calibration_error": "mean gap of PD and bad share over ten bins of equal count, over "
            "all rows, each foretold by a model that had not seen it; by_fold: the same in each "
            "fold, where a perfect PD would have by_chance",
            "columns_left_out": self.left_out,
            "suspects_allowed": {one.column: one.evidence for one in self.allowed},
            "parameters": _NO_PARAMETERS,
        }
        if self.later:
            found["later_rows"] = {name: one.as_json() for name, one in self.later.items()}
        return found

    def as_overlay_toml(self) -> str:
        """For ``run --with FILE``: no parameter, and why."""
        source = f"{self.file}, SHA-256 {self.file_sha256}, {self.rows} loans"
        return f"# {source}\n# {_NO_PARAMETERS}\n[parameters]\n"


def fit_credit(
    path: Path,
    target: str,
    *,
    drop: tuple[str, ...] = (),
    allow: tuple[str, ...] = (),
    time: str | None = None,
    group: str | None = None,
    workers: int = 1,
    report: Report = lambda done, of: None,
) -> CreditFit:
    """Fit every contender to a CSV file of resolved loans.

    target: the column that is 1 for a loan that failed.  drop: columns to leave out.  allow:
    suspected leaks that are none.  time: a number or ISO date per row; the latest quarter is
    then foretold as well.  group: whose loan a row is; its rows never part.  workers: processes,
    which change no result.  report: told of finished fits.  Raises InputError, also for columns
    that know the outcome.
    """
    read = read_loans(path, Roles(target, time, group, drop))
    loans = read.loans
    _check_enough(loans, str(path))
    allowed = _check_leaks(loans, allow, str(path))
    tasks = tasks_of(loans, _SEED)
    results = _results(loans, tasks, workers, report)
    return CreditFit(
        path.name,
        hashlib.sha256(path.read_bytes()).hexdigest(),
        loans.bad.size,
        int(loans.bad.sum()),
        _left_out(read, time, group),
        allowed,
        {name: standing_in_folds(loans.bad, _of(results, name, IN_FOLDS)) for name in CONTENDERS},
        {name: standing_later(loans.bad, _of(results, name, LATER)) for name in CONTENDERS}
        if time
        else {},
    )


def _check_enough(loans: Loans, file: str) -> None:
    if loans.bad.size < _ROWS_MIN:
        remedy = f"give at least {_ROWS_MIN} for a fit"
        raise InputError("rows", loans.bad.size, remedy, file=file)


def _check_leaks(loans: Loans, allow: Sequence[str], file: str) -> tuple[Suspect, ...]:
    """The suspects that the user vouches for. Raises InputError where others are left."""
    found = suspects(loans.table, loans.bad)
    for name in allow:
        if name not in loans.table.names:
            raise InputError("--allow", name, "name a column of the file that is not dropped")
    rest = [one for one in found if one.column not in allow]
    if rest:
        why = "; ".join(f"{one.column}: {one.evidence}" for one in rest)
        drops = " ".join(f"--drop {one.column}" for one in rest)
        remedy = (
            f"these columns seem to know the outcome ({why}). Leave them out: {drops}; or keep "
            "one that was known when the loan was granted: --allow COLUMN"
        )
        raise InputError("columns", [one.column for one in rest], remedy, file=file)
    return tuple(found)


def _results(
    loans: Loans, tasks: Sequence[Task], workers: int, report: Report
) -> list[tuple[Task, Prediction]]:
    """In the order of the tasks, whichever ends first."""
    found: dict[int, Prediction] = {}
    numbers = range(len(tasks))
    run = partial(_run, loans, tasks)
    for number, result in in_processes(run, numbers, workers):
        if isinstance(result, WorkerDied):
            raise OperationalError(f"a worker died while fitting {tasks[number]}: {result}")
        found[number] = result
        report(len(found), len(tasks))
    return [(task, found[number]) for number, task in enumerate(tasks)]


def _run(loans: Loans, tasks: Sequence[Task], number: int) -> Prediction:
    return run_task(loans, tasks[number], _SEED)


def _of(
    results: Sequence[tuple[Task, Prediction]], contender: str, split: str
) -> list[tuple[Task, Prediction]]:
    wanted = (contender, split)
    return [pair for pair in results if (pair[0].contender, pair[0].split) == wanted]


def _left_out(read: LoanFile, time: str | None, group: str | None) -> dict[str, str]:
    roles = {
        name: why for name, why in ((time, "named by --time"), (group, "named by --group")) if name
    }
    return read.left_out | roles


def _short(value: float) -> float:
    return float(f"{value:.6g}")
