"""The traditional lender: papers, a queue of clerks, a register of pledges, a yearly review."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from sim.calendar import Calendar
from sim.credit.appraisal import Appraisal, Desk, DeskReason
from sim.credit.bank import Bank
from sim.credit.economy import Feed
from sim.credit.facts import BAD_DPD_DAYS, NEVER, Decided
from sim.credit.feed_channel import Space
from sim.credit.parameters import Parameters
from sim.engine import ClerkPool, Engine
from system.credit.commands import FreezeBatch
from system.credit.feed_records import FeedBatch
from system.credit.records import LineState
from system.limits import DAY_S, YEAR_DAYS

I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]

OFFICER = "officer-a"


class CollateralLender:
    """Decides by a desk; what it grants is serviced by the same code as every other line."""

    def __init__(self, bank: Bank, desk: Desk, engine: Engine, parameters: Parameters) -> None:
        self._bank, self._desk, self._engine, self._parameters = bank, desk, engine, parameters
        n = bank.facts.granted_day.size
        clerks = max(1, round(n * parameters.desk_clerk_share))
        self._clerks = ClerkPool(engine, Calendar(), clerks)
        self._decided: list[int] = []
        self._requested_fen = np.zeros(n, np.int64)
        self._under_way = np.zeros(n, np.bool_)
        # When the pledge of an approved line is registered; when a lost claim's pledge is sold.
        self._signs_on: dict[int, list[tuple[I64, I64]]] = {}
        self._seized = np.zeros(n, np.bool_)

    def start(self, day: int) -> None:
        """Nothing to do before the first application."""

    def ship(self, feed: Feed, space: Space) -> None:
        """A desk looks at papers, not at feeds."""

    def hear(self, batch: FeedBatch) -> None:
        """Nothing comes."""

    def apply(self, day: int, rows: I64, requested_fen: I64) -> None:
        """Hopeless cases are told so at the counter; others begin to gather papers."""
        new = ~self._under_way[rows]
        rows, requested_fen = rows[new], requested_fen[new]
        self._requested_fen[rows] = requested_fen
        said = self._desk.appraise(day, rows, requested_fen)
        hopeless = (said.reason == DeskReason.TOO_YOUNG) | (said.reason == DeskReason.NO_COLLATERAL)
        applications = self._bank.facts.applications
        applications.answer(self._engine.now_s, rows[hopeless], decided_of(said, hopeless))
        self._under_way[rows[~hopeless]] = True
        applications.file_count += int((~hopeless).sum())
        complete_s = self._engine.now_s + self._parameters.desk_documents_days * DAY_S
        for row in rows[~hopeless].tolist():
            self._engine.at(complete_s, partial(self._submit, row))

    def _submit(self, row: int) -> None:
        """The clerks get the file when it is complete."""
        self._clerks.submit(str(row), self._parameters.desk_work_s, self._ready)

    def _ready(self, job_key: str) -> None:
        self._decided.append(int(job_key))

    def open_day(self, day: int, view: dict[str, I64]) -> None:
        """The committee answers its clerks' files; contracts are signed; pledges are sold."""
        self._decide(day)
        self._sign(day)
        self._review(day, view)
        self._foreclose(day, view)

    def _decide(self, day: int) -> None:
        rows = np.array(sorted(self._decided), np.int64)
        self._decided.clear()
        if not rows.size:
            return
        said = self._desk.appraise(day, rows, self._requested_fen[rows])
        self._under_way[rows] = False
        approved = said.reason == DeskReason.NONE
        applications = self._bank.facts.applications
        applications.answer(self._engine.now_s, rows, decided_of(said, slice(None)))
        self._bank.facts.secured_fen[rows[approved]] = said.secured_fen[approved]
        signing = self._signs_on.setdefault(day + self._parameters.desk_registration_days, [])
        signing.append((rows[approved], said.limit_fen[approved]))

    def _sign(self, day: int) -> None:
        """Who has closed the shop in the meantime does not come to sign."""
        closed_on = self._bank.economy.truth().closed_on
        for rows, limit_fen in self._signs_on.pop(day, []):
            comes = closed_on[rows] > day
            self._bank.grant(day, rows[comes], limit_fen[comes], self._parameters.desk_rate_ppm)

    def _review(self, day: int, view: dict[str, I64]) -> None:
        """Once a year the desk looks again; who would not be granted a line now draws no more."""
        granted_day = self._bank.facts.granted_day
        age_days = day - granted_day
        due = (granted_day != NEVER) & (age_days > 0) & (age_days % YEAR_DAYS == 0)
        rows = np.flatnonzero(due & (view["state"] == LineState.OPEN))
        if rows.size:
            said = self._desk.appraise(day, rows, view["limit_fen"][rows])
            failed = rows[said.reason != DeskReason.NONE]
            if failed.size:
                self._bank.service.freeze(FreezeBatch(f"freeze/{day}", failed, OFFICER))

    def _foreclose(self, day: int, view: dict[str, I64]) -> None:
        """Sell pledges of lines that went bad long enough ago; the claim takes what is left."""
        facts, p = self._bank.facts, self._parameters
        ripe = (facts.bad_day != NEVER) & (day - facts.bad_day >= p.foreclosure_days)
        still_bad = (view["dpd_days"] > BAD_DPD_DAYS) | (view["state"] == LineState.CHARGED_OFF)
        rows = np.flatnonzero(ripe & still_bad & ~self._seized & (facts.secured_fen > 0))
        if not rows.size:
            return
        self._seized[rows] = True
        value_fen = self._bank.economy.property_fen(day, rows)
        guarantee_fen = facts.secured_fen[rows] * (value_fen == 0)
        proceeds_fen = (value_fen * (1 - p.foreclosure_cost_share)).astype(np.int64)
        self._bank.take_pledge(day, rows, np.maximum(proceeds_fen, guarantee_fen), view)


def decided_of(said: Appraisal, some: Mask | slice) -> Decided:
    """The desk's answers to some, as the run notes them: a desk has no PD."""
    reason = said.reason[some]
    n = reason.size
    return Decided(
        approved=reason == DeskReason.NONE,
        reason=reason,
        limit_fen=said.limit_fen[some],
        pd_ppm=np.full(n, NEVER, np.int64),
        risk=said.risk[some],
        explored=np.zeros(n, np.bool_),
    )
