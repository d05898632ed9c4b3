"""The lender on data: consent, a feed, a model, and a decision within a minute."""

import numpy as np
from numpy.typing import NDArray

from sim.credit.appraisal import Desk
from sim.credit.bank import Bank
from sim.credit.economy import Feed
from sim.credit.facts import NEVER, Decided
from sim.credit.feed_channel import FeedChannel, Space
from sim.credit.happenings import add_columns
from sim.credit.parameters import Parameters
from sim.streams import Luck
from sim.twins.faulty_feed import FaultyFeed
from system.credit.commands import ApplyBatch, WithdrawConsent
from system.credit.feed_records import FeedBatch
from system.limits import PERIOD_DAYS
from system.parties.consent import Purpose

I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]


class DataLender:
    """Decides by the production service. shadow: what a desk would have said, for measuring."""

    def __init__(self, bank: Bank, luck: Luck, parameters: Parameters, shadow: Desk) -> None:
        self._bank, self._luck, self._parameters = bank, luck, parameters
        self._channel = FaultyFeed(FeedChannel(luck, parameters), luck, bank.faults)
        self._desk = shadow
        n = bank.facts.granted_day.size
        self._consents = luck.cohort("consent", 0, n) < parameters.consent_share
        # Who is in the random share stays in it: an owner cannot ask until luck favours him.
        self._explored = luck.cohort("explored", 0, n) < parameters.explore_share
        self.shadow_reason = np.full(n, NEVER, np.int64)
        self.withdrawn = np.zeros(n, np.bool_)

    def start(self, day: int) -> None:
        """Owners who let the bank read their shop's data say so when they join."""
        purposes = (Purpose.SCORING, Purpose.MONITORING, Purpose.TRAINING)
        self._bank.consent(day, np.flatnonzero(self._consents), purposes)

    def ship(self, feed: Feed, space: Space) -> FeedBatch:
        """By the platform's channel."""
        return self._channel.deliver(feed, space)

    def hear(self, batch: FeedBatch) -> None:
        """What the platform delivers goes through the bank's own intake."""
        if batch.accounts.size:
            outcome = self._bank.service.receive_feed(batch)
            at_s = self._bank.clock.now_s()
            add_columns(
                self._bank.log, at_s, "feed_taken", batch.command_id, batch.accounts, outcome.codes
            )

    def open_day(self, day: int, view: dict[str, I64]) -> None:
        """At the start of a period some withdraw consent, and every open line is looked at."""
        if day % PERIOD_DAYS:
            return
        draw = self._luck.cohort("consent_withdrawn", day // PERIOD_DAYS, self._consents.size)
        gone = self._consents & (draw < self._parameters.consent_withdrawn_per_month)
        gone &= ~self.withdrawn
        self.withdrawn |= gone
        rows = np.flatnonzero(gone)
        for purpose in Purpose if rows.size else ():
            name = f"withdraw/{purpose.name.lower()}/{day}"
            self._bank.service.withdraw_consent(WithdrawConsent(name, rows, purpose))
        self._bank.service.review(day)

    def apply(self, day: int, rows: I64, requested_fen: I64) -> None:
        """Decide at once; the answer reaches the owner within the minute."""
        said = self._desk.appraise(day, rows, requested_fen)
        first = self._bank.facts.applications.decided_at_s[rows] == NEVER
        self.shadow_reason[rows[first]] = said.reason[first]
        batch = ApplyBatch(f"apply/{day}", rows, requested_fen, self._explored[rows])
        made = self._bank.service.apply(batch)
        scored = made.pd_ppm > 0
        decided = Decided(
            approved=made.approved,
            reason=made.code,
            limit_fen=made.limit_fen,
            pd_ppm=np.where(scored, made.pd_ppm, NEVER),
            risk=-made.score,
            explored=made.explored,
        )
        at_s = self._bank.clock.now_s() + self._parameters.digital_decision_s
        self._bank.facts.applications.answer(at_s, rows, decided)
        self._bank.note_granted(day, rows[made.approved])
        values = made.code * 1_000_003 + made.limit_fen + made.pd_ppm * 7 + made.score
        add_columns(self._bank.log, at_s, "decided", batch.command_id, rows, values)
