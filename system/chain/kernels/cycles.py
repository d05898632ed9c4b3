"""Circular trading: goods that, on paper, come back to where they started.

Each claim is an edge from supplier to debtor. A new claim closes a circle when earlier claims of
the window, of about the same amount, lead from its debtor back to its supplier.
"""

import numpy as np

from system.chain.kernels.monitoring import FlowColumns, MonitoringBounds
from system.chain.kernels.windows import Hits
from system.kernels.columns import I64, Mask
from system.kernels.rounding import mul_div_ceil, mul_div_floor
from system.limits import PPM


def circular_trades(flows: FlowColumns, bounds: MonitoringBounds, new_from: int) -> Hits:
    """New claims that close a circle of at most cycle_edges_max claims.

    The others of a hit are the claims of one shortest circle. Figures: edges, sum_fen.
    """
    if new_from >= flows.at_s.size:
        return _as_hits([], flows)
    since = int(flows.at_s[new_from]) - bounds.cycle_window_s
    logged = np.flatnonzero(flows.first & (flows.at_s > since))
    edges = logged[_on_circles(flows.supplier[logged], flows.debtor[logged], logged >= new_from)]
    circles = [
        (row, path)
        for row in edges[edges >= new_from].tolist()
        if (path := _way_back(flows, bounds, edges, row)) is not None
    ]
    return _as_hits(circles, flows)


def _on_circles(tail: I64, head: I64, new: Mask) -> Mask:
    """Edges left once those that start nowhere or end nowhere are peeled away, again and again.

    A supply network without circles peels away completely, in as many rounds as it has tiers;
    once no new edge is left, the rest does not matter.
    """
    left = tail != head
    nodes = max(int(tail.max(initial=0)), int(head.max(initial=0))) + 1
    while (left & new).any():
        entered, left_from = np.zeros(nodes, np.bool_), np.zeros(nodes, np.bool_)
        entered[head[left]] = True
        left_from[tail[left]] = True
        kept: Mask = left & entered[tail] & left_from[head]
        if kept.sum() == left.sum():
            return kept
        left = kept
    return np.zeros_like(left)


def _way_back(
    flows: FlowColumns, bounds: MonitoringBounds, edges: I64, row: int
) -> list[int] | None:
    """Rows of a shortest way from the row's debtor to its supplier, or None."""
    usable = edges[_comparable(flows, bounds, edges, row)]
    tail, head = flows.supplier[usable], flows.debtor[usable]
    start, goal = int(flows.debtor[row]), int(flows.supplier[row])
    came_by: dict[int, int] = {}
    frontier = np.array([start])
    for _ in range(bounds.cycle_edges_max - 1):
        step = np.flatnonzero(np.isin(tail, frontier))
        # Of several claims that lead to one party, the earliest stands as evidence.
        reached, where = np.unique(head[step], return_index=True)
        fresh = [
            (party, int(usable[step[at]]))
            for party, at in zip(reached.tolist(), where.tolist(), strict=True)
            if party not in came_by and party != start
        ]
        came_by.update(fresh)
        if goal in came_by:
            return _walk_back(flows, came_by, start, goal)
        frontier = np.array([party for party, _ in fresh], dtype=np.int64)
    return None


def _comparable(flows: FlowColumns, bounds: MonitoringBounds, edges: I64, row: int) -> Mask:
    amount = flows.amount_fen[row : row + 1]
    gap = bounds.cycle_amount_gap_ppm_max
    low, high = mul_div_ceil(amount, PPM - gap, PPM), mul_div_floor(amount, PPM + gap, PPM)
    in_window = flows.at_s[edges] > flows.at_s[row] - bounds.cycle_window_s
    amounts = flows.amount_fen[edges]
    usable: Mask = (edges < row) & in_window & (amounts >= low) & (amounts <= high)
    return usable


def _walk_back(flows: FlowColumns, came_by: dict[int, int], start: int, goal: int) -> list[int]:
    path = [came_by[goal]]
    while (party := int(flows.supplier[path[-1]])) != start:
        path.append(came_by[party])
    return path


def _as_hits(circles: list[tuple[int, list[int]]], flows: FlowColumns) -> Hits:
    rows = np.array([row for row, _ in circles], dtype=np.int64)
    paths = [sorted(path) for _, path in circles]
    sums = [int(flows.amount_fen[[row, *path]].sum()) for row, path in circles]
    figures = [[len(path) + 1, total] for path, total in zip(paths, sums, strict=True)]
    return Hits(
        rows,
        np.array([len(path) for path in paths], dtype=np.int64).cumsum(),
        np.array([row for path in paths for row in path], dtype=np.int64),
        np.array(figures, dtype=np.int64).reshape(-1, 2),
    )
