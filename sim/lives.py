"""``python -m sim.lives RUN ARM REPLICATION OUT``: every single life in a run.

A run keeps what its figures need: no chain transactions and postings of a receivable, no single
loan and no machine of a million. Since the same seed gives the same events, a replication is
simulated again when somebody asks for one of them; this writes

    facts.parquet   who, at_s, kind, value (fen, where it is money), cause: the bank's journal by
                    account or receivable, and what else is known of it
    places.parquet  machine, at_s, lon, lat (degrees), where there are machines
    fences.json     machine -> its sites, the present one last; of each the outlines, as [lon, lat]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from sim.prepare import reopen
from sim.run_folder import RunFolder, write_parquet
from sim.world import Task, resolve
from system.errors import InputError
from system.subledger.records import Happened, JournalRow, happened

FACTS: Final = "facts.parquet"
PLACES: Final = "places.parquet"
FENCES: Final = "fences.json"
# Products of a scenario -> package.module:function that simulates a task and tells its lives.
_TELLERS: Final = {
    frozenset({"credit"}): "sim.credit.lives:lives_of",
    frozenset({"leasing"}): "sim.leasing.lives:lives_of",
    frozenset({"receivables"}): "sim.receivables.lives:lives_of",
    frozenset({"credit", "leasing", "receivables"}): "sim.joint.lives:lives_of",
}
# Kinds of fact whose cause is the name of another life.
OWNS, OWNED_BY = "has", "of_enterprise"
LINKS: Final = (OWNS, OWNED_BY)
# Facts of every account on every day; they would be nine of ten rows.
_DAILY: Final = ("interest_accrued", "penalty_accrued")
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Fact:
    """who: as the page calls it, as merchant/12.  value: fen where it is money."""

    who: str
    at_s: int
    kind: str
    value: int
    cause: str = ""


@dataclass(slots=True)
class Lives:
    """places: (machine, at_s, lon, lat).  fences: machine -> outlines of its sites, the present
    one last."""

    facts: list[pa.Table] = field(default_factory=list)
    places: list[tuple[int, int, float, float]] = field(default_factory=list)
    fences: dict[int, list[list[list[Point]]]] = field(default_factory=dict)

    def add(self, facts: Iterable[Fact]) -> None:
        rows = [(one.who, one.at_s, one.kind, one.value, one.cause) for one in facts]
        columns = list(zip(*rows, strict=True)) or [()] * len(_SCHEMA)
        self.facts.append(pa.table([list(column) for column in columns], schema=_SCHEMA))

    def add_journal(self, journal: Sequence[JournalRow], name: str) -> None:
        """A row for each account of each fact. name: of an account, before its number."""
        for fact in map(happened, journal):
            if fact.kind not in _DAILY and fact.accounts.size:
                self.facts.append(_rows(fact, name))

    def write(self, folder: Path) -> None:
        """The three files; the facts last, so that they say that all is there."""
        folder.mkdir(parents=True, exist_ok=True)
        names = ("machine", "at_s", "lon", "lat")
        columns = list(zip(*self.places, strict=True)) or [()] * len(names)
        write_parquet(folder / PLACES, [pa.table(dict(zip(names, columns, strict=True)))])
        (folder / FENCES).write_text(json.dumps(self.fences), encoding="utf-8")
        every = pa.concat_tables(self.facts) if self.facts else _SCHEMA.empty_table()
        write_parquet(
            folder / FACTS, [every.sort_by([("who", "ascending"), ("at_s", "ascending")])]
        )


_SCHEMA: Final = pa.schema(
    [
        ("who", pa.string()),
        ("at_s", pa.int64()),
        ("kind", pa.string()),
        ("value", pa.int64()),
        ("cause", pa.string()),
    ]
)


def _rows(fact: Happened, name: str) -> pa.Table:
    n = fact.accounts.size
    who = pc.binary_join_element_wise(name, pa.array(fact.accounts).cast(pa.string()), "/")
    at_s, kind, cause = ([value] * n for value in (fact.at_s, str(fact.kind), fact.cause))
    return pa.table([who, at_s, kind, pa.array(fact.amounts), cause], schema=_SCHEMA)


def is_told(scenario_products: Iterable[str]) -> bool:
    """Whether single lives of a scenario of these products can be told."""
    return frozenset(scenario_products) in _TELLERS


def lives_of(folder: RunFolder, arm: str, replication: int) -> Lives:
    """Simulate one arm of one replication again. Raises InputError where nothing is known of it."""
    plan = reopen(folder, None).plan
    found = [task for task in plan.tasks(replication) if task.arm == arm]
    if not found or not is_told(plan.scenario.products):
        raise InputError("arm", arm, "choose an arm of a run of one product or of all three")
    teller = _TELLERS[frozenset(plan.scenario.products)]
    told: Callable[[Task], Lives] = resolve(teller)  # type: ignore[assignment]
    return told(found[0])


def main(arguments: Sequence[str]) -> None:
    """See the module's first line."""
    run, arm, replication, out = arguments
    lives_of(RunFolder(Path(run)), arm, int(replication)).write(Path(out))


if __name__ == "__main__":
    main(sys.argv[1:])
