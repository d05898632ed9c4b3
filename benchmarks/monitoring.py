"""Live monitoring on a made-up trade network: day by day, and claim by claim.

Claims of an honest layered network with planted fraud go through the monitor. The peer is what one
writes first: a dictionary per rule and networkx for the circles. It judges three of the nine rules,
and must find exactly the same in them.
"""

import dataclasses
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import networkx as nx

from benchmarks.workload import CPU, Answer, Contender, Work, Workload
from sim.streams import Luck
from system.chain.kernels.monitoring import MonitoringBounds
from system.chain.monitor import Finding, Flow, Monitor, Rule
from system.limits import DAY_S, PPM

BOUNDS = MonitoringBounds()
START_S = 1_767_225_600
PLANTED_PPM = 20_000
TIERS = 4
# One round is long enough: the peer takes a minute for the full size.
ROUNDS = 1
_SHARED_RULES = (Rule.DUPLICATE, Rule.CIRCULAR_TRADE, Rule.SPLITTING)


@dataclass(frozen=True, slots=True)
class Size:
    """live: the last claims, which the live workload times."""

    claims: int
    firms_per_tier: int
    days: int
    live: int


SIZES = {
    "small": Size(claims=2_000, firms_per_tier=50, days=90, live=100),
    "full": Size(claims=100_000, firms_per_tier=1_000, days=360, live=500),
}


def made_up_flows(size: Size) -> tuple[list[Flow], Counter[str]]:
    """Claims in order of arrival, and how many of each fraud were planted."""
    luck = Luck(20260101, 0)
    planted: Counter[str] = Counter()
    flows: list[Flow] = []
    for number in range(size.claims):
        at_s = START_S + number * size.days * DAY_S // size.claims
        flow = _honest(luck, size, number, at_s)
        if flows and luck.chance_ppm("fraud", number, share_ppm=PLANTED_PPM):
            kind = ("duplicate", "altered", "related", "circle")[number % 4]
            planted[kind] += 1
            flow = _fraud(kind, flow, flows[luck.choice_index("of", number, n=len(flows))])
        flows.append(flow)
    return flows, planted


def _honest(luck: Luck, size: Size, number: int, at_s: int) -> Flow:
    tier = luck.integer("tier", number, low=1, high=TIERS - 1)
    supplier = luck.choice_index("supplier", number, n=size.firms_per_tier)
    buyer = luck.choice_index("buyer", number, n=size.firms_per_tier) ** 2 // size.firms_per_tier
    return Flow(
        claim_id=f"claim-{number}",
        fingerprint=b"strict-%d" % number,
        loose_fingerprint=b"loose-%d" % number,
        supplier_id=f"firm-{tier}-{supplier}",
        debtor_id=f"firm-{tier - 1}-{buyer}",
        bank_id=f"bank-{luck.choice_index('bank', number, n=5)}",
        supplier_group_id="",
        debtor_group_id="",
        amount_fen=luck.integer("amount", number, low=1_000_000, high=100_000_000),
        issued_at_s=at_s - 3 * DAY_S,
        at_s=at_s,
    )


def _fraud(kind: str, flow: Flow, victim: Flow) -> Flow:
    changes: dict[str, dict[str, Any]] = {
        "duplicate": {"fingerprint": victim.fingerprint, "amount_fen": victim.amount_fen},
        "altered": {"fingerprint": victim.fingerprint, "amount_fen": victim.amount_fen + 10_000},
        "related": {"supplier_group_id": "group", "debtor_group_id": "group"},
        "circle": {
            "supplier_id": victim.debtor_id,
            "debtor_id": victim.supplier_id,
            "amount_fen": victim.amount_fen,
        },
    }
    return dataclasses.replace(flow, **changes[kind])


def monitor_by_day(flows: Sequence[Flow]) -> list[Finding]:
    monitor = Monitor(BOUNDS, START_S)
    by_day = groupby(flows, key=lambda flow: flow.at_s // DAY_S)
    return [finding for _, day in by_day for finding in monitor.observe(list(day))]


def peer(flows: Sequence[Flow]) -> list[tuple[str, str]]:
    """(rule, claim) of the three shared rules, by dictionaries and networkx."""
    amounts: dict[bytes, int] = {}
    below: dict[tuple[str, str], deque[int]] = defaultdict(deque)
    graph: Any = nx.MultiDiGraph()
    found = []
    for flow in flows:
        if amounts.get(flow.fingerprint) == flow.amount_fen:
            found.append((Rule.DUPLICATE, flow.claim_id))
        amounts.setdefault(flow.fingerprint, flow.amount_fen)
        if _closes_circle(graph, flow):
            found.append((Rule.CIRCULAR_TRADE, flow.claim_id))
        graph.add_edge(flow.supplier_id, flow.debtor_id, at_s=flow.at_s, fen=flow.amount_fen)
        if _splits(below[flow.supplier_id, flow.debtor_id], flow):
            found.append((Rule.SPLITTING, flow.claim_id))
    return [(str(rule), claim) for rule, claim in found]


def _closes_circle(graph: Any, flow: Flow) -> bool:
    if flow.debtor_id not in graph or flow.supplier_id not in graph:
        return False
    gap = BOUNDS.cycle_amount_gap_ppm_max

    def usable(tail: str, head: str, edge: int) -> bool:
        data: dict[str, int] = graph.edges[tail, head, edge]
        close = abs(data["fen"] - flow.amount_fen) * PPM <= gap * flow.amount_fen
        return close and data["at_s"] > flow.at_s - BOUNDS.cycle_window_s

    view = nx.subgraph_view(graph, filter_edge=usable)
    reached = nx.single_source_shortest_path_length(
        view, flow.debtor_id, cutoff=BOUNDS.cycle_edges_max - 1
    )
    return bool(flow.supplier_id in reached and flow.supplier_id != flow.debtor_id)


def _splits(recent: deque[int], flow: Flow) -> bool:
    limit = BOUNDS.splitting_limit_fen
    if not limit - limit * BOUNDS.splitting_band_ppm // PPM <= flow.amount_fen < limit:
        return False
    recent.append(flow.at_s)
    while recent[0] <= flow.at_s - BOUNDS.splitting_window_s:
        recent.popleft()
    return len(recent) >= BOUNDS.splitting_count_min


def _found(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    return sorted((str(f.rule), f.flow.claim_id) for f in findings if f.rule in _SHARED_RULES)


@contextmanager
def _dictionaries(size: Size) -> Iterator[Work]:
    flows, _ = made_up_flows(size)

    def work() -> Answer:
        found = peer(flows)
        return Answer(len(flows), lambda: sorted(found))

    yield work


@contextmanager
def _by_day(size: Size) -> Iterator[Work]:
    flows, _ = made_up_flows(size)

    def work() -> Answer:
        findings = monitor_by_day(flows)
        return Answer(len(flows), lambda: _found(findings))

    yield work


@contextmanager
def _live(size: Size, batch: int) -> Iterator[Work]:
    """The last claims of a long history, this many per call."""
    flows, _ = made_up_flows(size)
    past, last = flows[: -size.live], flows[-size.live :]
    monitor = Monitor(BOUNDS, START_S)
    monitor.observe(past)

    def work() -> Answer:
        parts = [last[start : start + batch] for start in range(0, len(last), batch)]
        findings = [finding for part in parts for finding in monitor.observe(part)]
        # Rule by rule within a call, so the order of the list is no part of the story.
        return Answer(len(last), lambda: sorted(map(repr, findings)))

    yield work


def _day_contenders(size: Size) -> list[Contender]:
    peer = "dictionaries + networkx, three rules"
    return [
        Contender(peer, partial(_dictionaries, size), ROUNDS, CPU),
        Contender("monitor, nine rules", partial(_by_day, size), ROUNDS, CPU, peer=peer),
    ]


def _live_contenders(size: Size) -> list[Contender]:
    at_once = "all in one call"
    return [
        Contender(at_once, partial(_live, size, size.live), ROUNDS, CPU),
        Contender("one claim per call", partial(_live, size, 1), ROUNDS, CPU, peer=at_once),
    ]


BY_DAY = Workload(
    "monitoring",
    "claims",
    {name: partial(_day_contenders, size) for name, size in SIZES.items()},
)
LIVE = Workload(
    "monitoring-live",
    "claims",
    {name: partial(_live_contenders, size) for name, size in SIZES.items()},
)
