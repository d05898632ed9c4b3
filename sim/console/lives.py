"""Down to one life in a run: its replication is simulated again, once, on request.

The process that does it can be left alone; what it wrote is kept beside the runs and asked in SQL.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sim.console.forms import whole_number
from sim.console.machine import FIXES_MAX, HEIGHT, WIDTH, drawn, projection_of
from sim.lives import FACTS, FENCES, LINKS, PLACES
from sim.parquet_sql import asked
from sim.run_folder import Json, RunFolder
from system.kernels.business_day import business_day, day_start_s

# Another number where what ``sim.lives`` writes has another form: the old is simulated again.
_KEPT: Final = "lives-3"
SHOWN_MAX: Final = 200
_LIFE_MAX: Final = 1_000
ABSENT, RUNNING, READY, BROKEN = "absent", "running", "ready", "broken"


@dataclass(frozen=True, slots=True)
class Moment:
    """One fact. day: since the first fact's of the arm.  value: fen, where it is money."""

    day: int
    second: int
    kind: str
    value: int
    cause: str

    @property
    def names_another(self) -> bool:
        """Whether the cause is the name of another life."""
        return self.kind in LINKS


class Lives:
    """Of one console. root: the folder of runs."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._running: dict[Path, subprocess.Popen[bytes]] = {}

    def place(self, id_: str, arm: str, replication: int) -> Path:
        """Where they are kept: a run that takes another's name tells no old lives."""
        run = RunFolder(self._root / id_).read_run()
        name = f"{run['scenario_digest'][:16]}-{run['seed']}-{arm}-{replication}"
        return self._root / ".console" / _KEPT / name

    def state(self, id_: str, arm: str, replication: int) -> str:
        """Whether the lives of this arm of this replication can be told."""
        place = self.place(id_, arm, replication)
        if (place / FACTS).is_file():
            return READY
        process = self._running.get(place)
        if process is None:
            return ABSENT
        return RUNNING if process.poll() is None else BROKEN

    def start(self, id_: str, folder: RunFolder, arm: str, replication: int) -> None:
        """Simulate again, unless that is done or under way."""
        if self.state(id_, arm, replication) in (READY, RUNNING):
            return
        place = self.place(id_, arm, replication)
        command = (sys.executable, "-m", "sim.lives", str(folder.path), arm, str(replication))
        self._running[place] = subprocess.Popen(
            (*command, str(place)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def found(self, id_: str, arm: str, replication: int, search: str) -> tuple[list[str], int]:
        """Who has a life and contains the text, SHOWN_MAX at most; and how many there are."""
        place = self.place(id_, arm, replication)
        rows = _ask(
            place / FACTS,
            "select distinct who from told where contains(who, $search) order by length(who), who",
            {"search": search},
        )
        return [who for (who,) in rows[:SHOWN_MAX]], len(rows)

    def life(self, id_: str, arm: str, replication: int, who: str) -> list[Moment]:
        """What happened to this one, in order."""
        place = self.place(id_, arm, replication)
        [(first_s,)] = _ask(place / FACTS, "select min(at_s) from told", {})
        rows = _ask(
            place / FACTS,
            "select at_s, kind, value, cause from told where who = $who order by at_s limit $most",
            {"who": who, "most": _LIFE_MAX},
        )
        first_day = business_day(first_s)
        return [
            Moment(day - first_day, at_s - day_start_s(day), kind, value, cause)
            for at_s, kind, value, cause in rows
            for day in (business_day(at_s),)
        ]

    def map(self, id_: str, arm: str, replication: int, who: str) -> dict[str, Any] | None:
        """Where a machine was, and the fences of its sites; None for what is no machine, and for
        one that neither told where it was nor has a fence."""
        kind, _, number = who.partition("/")
        machine = whole_number(number)
        if kind != "machine" or machine is None:
            return None
        place = self.place(id_, arm, replication)
        rows = _ask(
            place / PLACES,
            "select lon, lat from told where machine = $machine order by at_s",
            {"machine": machine},
        )
        fences = json.loads((place / FENCES).read_text(encoding="utf-8"))
        *others, rings = fences.get(number) or [[]]
        fixes = [(lon, lat) for lon, lat in rows[-FIXES_MAX:]]
        earlier = [ring for site in others for ring in site]
        if not (fixes or rings or earlier):
            return None
        return {"map": drawn(fixes, rings, earlier), "fixes": len(fixes)}

    def fleet(self, id_: str, arm: str, replication: int, first_s: int, step_s: int) -> Json | None:
        """Where every machine's terminal last said that it was, in each step, and which machines
        were warned of in it; None where that is not told.

        first_s: UTC second at which the first step of ``step_s`` seconds begins.
        """
        place, steps = self.place(id_, arm, replication), {"first": first_s, "step": step_s}
        if self.state(id_, arm, replication) != READY:
            return None
        rows = _ask(
            place / PLACES,
            "select machine, (at_s - $first) // $step as step, arg_max(lon, at_s), "
            "arg_max(lat, at_s) from told group by all order by step, machine",
            steps,
        )
        if not rows:
            return None
        warned = _ask(
            place / FACTS,
            "select distinct (at_s - $first) // $step, split_part(who, '/', 2) from told "
            "where starts_with(who, 'machine/') and starts_with(kind, 'alert_') order by all",
            steps,
        )
        shown = projection_of([(lon, lat) for *_, lon, lat in rows])
        places: dict[int, dict[int, tuple[float, float]]] = {}
        for machine, step, lon, lat in rows:
            places.setdefault(step, {})[machine] = shown.place((lon, lat))
        alerts: dict[int, list[int]] = {}
        for step, machine in warned:
            alerts.setdefault(step, []).append(int(machine))
        box = {"width": WIDTH, "height": HEIGHT, "ruler": asdict(shown.ruler)}
        return {"kind": "fleet", "places": places, "alerts": alerts} | box


def _ask(file: Path, sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with asked("told", [file], sql, values) as answer:
        rows: list[tuple[Any, ...]] = answer.fetchall()
        return rows
