"""The economy of a run as a moving picture: what happened in each step of a few days.

Everything comes from the run's events; the supply network itself follows from the run's seed. A
run of a year is about a hundred pictures, summed up here, drawn by the page.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from sim.run_folder import Json
from sim.scenario import Scenario
from system.limits import DAY_S

FRAMES_MAX: Final = 120
_EDGE: Final = re.compile(r"(?:k\d+-)?e(\d+)d\d+")
_WIDTH, _HEIGHT = 960, 420
# What a link of the network shows in a step, the most telling last.
_LINK_STATES: Final = {"delivered": "busy", "funded": "financed", "overdue": "overdue"}
_RANK: Final = {state: rank for rank, state in enumerate(_LINK_STATES.values())}
# Money of the lines: what makes the balance larger and smaller.
_LENT: Final = ("drawn", "interest_capitalised", "penalty_capitalised", "fee_capitalised")
_BACK: Final = ("principal_repaid",)
_LOST: Final = ("principal_written_off",)


def watch_of(scenario: Scenario, arm: str, replication: int, events: pa.Table) -> Json:
    """Pictures and their frames. kind: network, book or counts."""
    days = scenario.warmup_days + scenario.horizon_days
    step_days = max(1, -(-days // FRAMES_MAX))
    frames = -(-days // step_days)
    at = pc.divide(pc.subtract(events["at_s"], _first_s(events)), step_days * DAY_S)
    events = events.append_column(
        "step", pc.min_element_wise(at, pa.scalar(frames - 1, pa.int64()))
    )
    shared: Json = {"step_days": step_days, "frames": frames}
    if "receivables" in scenario.products:
        return shared | _network(scenario, arm, replication, events)
    if "credit" in scenario.products:
        return shared | _book(events, frames)
    return shared | _counts(events, frames)


def _of(events: pa.Table, kinds: Iterable[str]) -> pa.Table:
    """Rows of these kinds; of a million events few are drawn, and only those become Python's."""
    return events.filter(pc.is_in(events["kind"], pa.array(list(kinds), pa.string())))


def _first_s(events: pa.Table) -> pa.Scalar:
    first = pc.min(events["at_s"]).as_py() or 0
    return pa.scalar(first // DAY_S * DAY_S, pa.int64())


def _network(scenario: Scenario, arm: str, replication: int, events: pa.Table) -> Json:
    from sim.receivables.network import Network
    from sim.receivables.parameters import parameters_of
    from sim.streams import Luck

    luck = Luck(scenario.seed, replication)
    counts = tuple(
        scenario.populations[name].whole("count") for name in ("core", "tier1", "tier2", "tier3")
    )
    network = Network(luck, parameters_of(scenario, arm), counts)
    nodes = [node for tier, count in enumerate(counts) for node in _row(tier, count)]
    links = [[edge.buyer, edge.seller] for edge in network.edges]
    states: dict[int, dict[int, str]] = defaultdict(dict)
    shown_events = _of(events, _LINK_STATES)
    columns = (shown_events[name].to_pylist() for name in ("step", "kind", "subject"))
    for step, kind, subject in zip(*columns, strict=True):
        match = _EDGE.fullmatch(subject)
        if match:
            shown, state = states[step], _LINK_STATES[kind]
            link = int(match[1])
            shown[link] = max(shown.get(link, state), state, key=_RANK.__getitem__)
    named = [node | {"name": firm.key} for node, firm in zip(nodes, network.firms, strict=True)]
    return {"kind": "network", "nodes": named, "links": links, "states": states}


def _row(tier: int, count: int) -> Iterable[dict[str, Any]]:
    """Firms of a tier side by side, cores on top."""
    for position in range(count):
        x = (position + 0.5) / count * _WIDTH
        yield {"x": round(x, 1), "y": 40 + tier * (_HEIGHT - 80) / 3, "tier": tier}


def _book(events: pa.Table, frames: int) -> Json:
    """Money of all lines per step, in fen, and what is outstanding at its end."""
    moved = {name: [0] * frames for name in ("lent", "back", "lost", "bad")}
    kinds = {kind: name for name, group in _GROUPS.items() for kind in group}
    moving = _of(events, kinds)
    columns = (moving[name].to_pylist() for name in ("step", "kind", "values"))
    for step, kind, values in zip(*columns, strict=True):
        name = kinds[kind]
        moved[name][step] += values[0] if name == "bad" else values[1]
    balance, series = 0, []
    for lent, back, lost in zip(moved["lent"], moved["back"], moved["lost"], strict=True):
        balance += lent - back - lost
        series.append(balance)
    return {"kind": "book", "series": moved | {"balance": series}}


_GROUPS: Final = {"lent": _LENT, "back": _BACK, "lost": _LOST, "bad": ("went_bad",)}


def _counts(events: pa.Table, frames: int) -> Json:
    """How often each kind of event happened in each step."""
    series: dict[str, list[int]] = {}
    counted = events.group_by(["kind", "step"]).aggregate([([], "count_all")])
    for row in counted.to_pylist():
        series.setdefault(row["kind"], [0] * frames)[row["step"]] += row["count_all"]
    return {"kind": "counts", "series": dict(sorted(series.items()))}
