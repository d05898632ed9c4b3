"""What a run has to remember about each merchant and each day, so that it can be measured.

The bank's own knowledge and the simulator's notes; the truth about merchants stays in the economy.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from system.credit.policy import DEFAULT_POLICY
from system.credit.records import LineState

I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]

NEVER: Final = -1
# More days past due than this is bad, and non-performing.
BAD_DPD_DAYS: Final = 90
# Within so many days of the decision; what a PD is a probability of.
PERFORMANCE_DAYS: Final = DEFAULT_POLICY.price.pd_window_days
# What the view of every day holds.
VIEW: Final = (
    "available_fen",
    "due_fen",
    "outstanding_fen",
    "dpd_days",
    "state",
    "principal_fen",
    "limit_fen",
)


@dataclass(frozen=True, slots=True)
class Decided:
    """Answers to applications, one row each: int64 (n,).

    reason: 0 where approved.  pd_ppm: NEVER where nobody estimated one.  risk: the lender's own
    ranking, higher is riskier.  explored: approved in spite of the risk, at random.
    """

    approved: Mask
    reason: I64
    limit_fen: I64
    pd_ppm: I64
    risk: I64
    explored: Mask


class Applications:
    """The first application of each merchant and its answer: columns over all n merchants."""

    def __init__(self, n: int) -> None:
        self.asked_day = np.full(n, NEVER, np.int64)
        self.asked_at_s = np.full(n, NEVER, np.int64)
        self.decided_at_s = np.full(n, NEVER, np.int64)
        self.approved = np.zeros(n, np.bool_)
        self.explored = np.zeros(n, np.bool_)
        self.reason = np.zeros(n, np.int64)
        self.limit_fen = np.zeros(n, np.int64)
        self.pd_ppm = np.full(n, NEVER, np.int64)
        self.risk = np.zeros(n, np.int64)
        # Applications, also repeated ones; those that became a file on a clerk's desk.
        self.count = self.file_count = 0

    def ask(self, day: int, at_s: int, rows: I64) -> I64:
        """Note applications. Returns positions in ``rows`` of those who ask for the first time."""
        self.count += rows.size
        first = np.flatnonzero(self.asked_day[rows] == NEVER)
        self.asked_day[rows[first]] = day
        self.asked_at_s[rows[first]] = at_s
        return first

    def answer(self, at_s: int, rows: I64, decided: Decided) -> None:
        """Note answers; only a merchant's first one is kept."""
        first = np.flatnonzero(self.decided_at_s[rows] == NEVER)
        to = rows[first]
        self.decided_at_s[to] = at_s
        for name in ("approved", "explored", "reason", "limit_fen", "pd_ppm", "risk"):
            getattr(self, name)[to] = getattr(decided, name)[first]


@dataclass(slots=True)
class Days:
    """One entry per morning of lending: fen, and lines that were open."""

    day: list[int] = field(default_factory=list)
    principal_fen: list[int] = field(default_factory=list)
    npl_fen: list[int] = field(default_factory=list)
    limit_fen: list[int] = field(default_factory=list)
    used_fen: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


class Facts:
    """Everything that one run notes. granted_day, bad_day: NEVER, or the first such day."""

    def __init__(self, n: int) -> None:
        self.applications = Applications(n)
        self.days = Days()
        self.granted_day = np.full(n, NEVER, np.int64)
        self.bad_day = np.full(n, NEVER, np.int64)
        self.secured_fen = np.zeros(n, np.int64)

    def open_day(self, day: int, view: dict[str, I64]) -> I64:
        """Note how the books stand this morning. Returns the merchants that have become bad."""
        late = view["dpd_days"] > BAD_DPD_DAYS
        live = view["state"] != LineState.CHARGED_OFF
        fresh: I64 = np.flatnonzero(late & (self.bad_day == NEVER))
        self.bad_day[fresh] = day
        principal_fen = view["principal_fen"]
        drawable = view["state"] == LineState.OPEN
        days = self.days
        days.day.append(day)
        days.principal_fen.append(int(principal_fen.sum()))
        days.npl_fen.append(int(principal_fen[late & live].sum()))
        days.limit_fen.append(int(view["limit_fen"][drawable].sum()))
        days.used_fen.append(int(principal_fen[drawable].sum()))
        days.lines.append(int(np.count_nonzero(drawable)))
        return fresh
