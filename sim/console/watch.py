"""The economy of a run as a moving picture: what happened in each step of a few days.

Everything comes from the run's events; the supply network itself follows from the run's seed. A
run of a year is about a hundred pictures, summed up here, drawn by the page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from sim.event_queries import Part, Rows
from sim.run_folder import Json
from sim.scenario import Scenario
from system.limits import DAY_S

FRAMES_MAX: Final = 120
_EDGE: Final = r"^(?:k\d+-)?e(\d+)d\d+$"
_STEPS: Final = (
    ", steps as (select *, least((at_s - first_s) // $step_s, $last) as step from part, begun) "
)
_WIDTH, _HEIGHT = 960, 420
# What a link of the network shows in a step, the most telling last.
_LINK_STATES: Final = {"delivered": "busy", "funded": "financed", "overdue": "overdue"}
_RANK: Final = {kind: rank for rank, kind in enumerate(_LINK_STATES)}
# Money of the lines: what makes the balance larger and smaller.
_LENT: Final = ("drawn", "interest_capitalised", "penalty_capitalised", "fee_capitalised")
_BACK: Final = ("principal_repaid",)
_LOST: Final = ("principal_written_off",)


FleetOf = Callable[[int, int], Json | None]


def watch_of(scenario: Scenario, part: Part, fleet_of: FleetOf = lambda *_: None) -> Json:
    """Pictures of what the scenario's products do, frame by frame.

    kind of a picture: network, book, fleet or counts.
    """
    days = scenario.warmup_days + scenario.horizon_days
    step_days = max(1, -(-days // FRAMES_MAX))
    steps = Steps(part, step_days, -(-days // step_days))
    pictures = [
        _network(scenario, steps) if "receivables" in scenario.products else None,
        _book(steps) if "credit" in scenario.products else None,
        fleet_of(steps.first_s, step_days * DAY_S) if "leasing" in scenario.products else None,
    ]
    shown = [picture for picture in pictures if picture] or [_counts(steps)]
    return {"step_days": step_days, "frames": steps.frames, "pictures": shown}


@dataclass(frozen=True, slots=True)
class Steps:
    """The part's events by step; what comes after the last step counts to it."""

    part: Part
    step_days: int
    frames: int

    @property
    def first_s(self) -> int:
        """UTC second at which the first step begins."""
        [(first_s,)] = self.part.ask("select first_s from begun") or [(None,)]
        return int(first_s or 0)

    def ask(self, sql: str, **values: Any) -> Rows:
        """Rows of a question to ``steps``: the columns of ``part``, and step."""
        step = {"step_s": self.step_days * DAY_S, "last": self.frames - 1}
        return self.part.ask(_STEPS + sql, **step, **values)


def _network(scenario: Scenario, steps: Steps) -> Json:
    from sim.joint.parameters import setting_of
    from sim.receivables.network import Network
    from sim.receivables.parameters import parameters_of
    from sim.streams import Luck

    luck = Luck(scenario.seed, steps.part.replication)
    counts = tuple(
        scenario.populations[name].whole("count") for name in ("core", "tier1", "tier2", "tier3")
    )
    arm = steps.part.arm
    is_joint = len(scenario.products) > 1
    p = setting_of(scenario, arm).receivables if is_joint else parameters_of(scenario, arm)
    network = Network(luck, p, counts)
    nodes = [node for tier, count in enumerate(counts) for node in _row(tier, count)]
    links = [[edge.buyer, edge.seller] for edge in network.edges]
    states: dict[int, dict[int, str]] = defaultdict(dict)
    rows = steps.ask(
        "select distinct step, kind, regexp_extract(subject, $edge, 1) as link from steps "
        "where kind in $kinds and link != ''",
        edge=_EDGE,
        kinds=list(_LINK_STATES),
    )
    for step, kind, link in sorted(rows, key=lambda row: _RANK[row[1]]):
        states[step][int(link)] = _LINK_STATES[kind]
    named = [node | {"name": firm.key} for node, firm in zip(nodes, network.firms, strict=True)]
    return {"kind": "network", "nodes": named, "links": links, "states": states}


def _row(tier: int, count: int) -> Iterable[dict[str, Any]]:
    """Firms of a tier side by side, cores on top."""
    for position in range(count):
        x = (position + 0.5) / count * _WIDTH
        yield {"x": round(x, 1), "y": 40 + tier * (_HEIGHT - 80) / 3, "tier": tier}


def _book(steps: Steps) -> Json | None:
    """Money of all lines per step, in fen, and what is outstanding at its end; None without any."""
    moved = {name: [0] * steps.frames for name in _GROUPS}
    rows = steps.ask(
        "select step, kind, sum(values[1]), sum(values[2]) from steps "
        "where kind in $kinds group by all",
        kinds=[kind for group in _GROUPS.values() for kind in group],
    )
    if not rows:
        return None
    names = {kind: name for name, group in _GROUPS.items() for kind in group}
    for step, kind, lines, fen in rows:
        name = names[kind]
        moved[name][step] += int(lines if name == "bad" else fen)
    changes = zip(moved["lent"], moved["back"], moved["lost"], strict=True)
    balance = list(accumulate(lent - back - lost for lent, back, lost in changes))
    return {"kind": "book", "series": moved | {"balance": balance}}


_GROUPS: Final = {"lent": _LENT, "back": _BACK, "lost": _LOST, "bad": ("went_bad",)}


def _counts(steps: Steps) -> Json:
    """How often each kind of event happened in each step."""
    series: dict[str, list[int]] = {}
    for kind, step, count in steps.ask("select kind, step, count(*) from steps group by all"):
        series.setdefault(kind, [0] * steps.frames)[step] = count
    return {"kind": "counts", "series": dict(sorted(series.items()))}
