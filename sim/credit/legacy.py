"""Before the measured period: a pilot by rule of thumb, from which the model is learned.

The bank lends small sums to every shop that is old enough and lets it read its data, without a
model: the usual way to come by outcomes. Other merchants than the measured ones, in the years
before, with luck of their own. Nothing is known of them but their feed and how their loans went.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.credit.economy import Feed
from sim.credit.facts import NEVER, PERFORMANCE_DAYS
from sim.credit.feed_channel import FeedChannel, Space
from sim.credit.parameters import Parameters
from sim.credit.stage import Span, Stage
from sim.credit.world_parameters import WorldParameters
from sim.streams import Luck
from system.credit.features import FEATURES, features_as_of
from system.credit.feed_records import FeedBatch
from system.credit.policy import DEFAULT_POLICY
from system.credit.proposals import CardNotes, Proposal, proposal_of
from system.credit.training import Sample, matured, train_champion
from system.kernels.columns import MISSING
from system.limits import DAY_S
from system.parties.consent import Purpose

I64 = NDArray[np.int64]

TARGET_TEXT: Final = f"more than 90 days past due within {PERFORMANCE_DAYS} days of the observation"
_SOURCE: Final = "simulated: a pilot of small lines, granted by the age of the shop alone"
# They tell how long and how well the bank has been listening, not how the shop does.
_OF_THE_FEED: Final = ("history_periods", "coverage_3p_ppm")
_SEED_MAX: Final = 2**62


@dataclass(frozen=True, slots=True)
class _Observation:
    day: int
    accounts: I64
    features: dict[str, I64]


@dataclass(frozen=True, slots=True)
class Legacy:
    """The model as two people will judge it. scores: of the rows that it was learned from."""

    proposal: Proposal
    scores: I64


class _PilotLender:
    """Grants by age of the shop alone; now and then looks at borrowers in good standing."""

    def __init__(self, stage: Stage, parameters: Parameters) -> None:
        self._stage, self._parameters = stage, parameters
        self._channel = FeedChannel(stage.luck, parameters)
        self._since_day = stage.economy.roster().since_day
        draw = stage.luck.cohort("consent", 0, stage.facts.granted_day.size)
        self._consents = draw < parameters.consent_share
        self.observations: list[_Observation] = []

    def start(self, day: int) -> None:
        """Consent to learning, from those who give it."""
        self._stage.bank.consent(day, np.flatnonzero(self._consents), (Purpose.TRAINING,))

    def apply(self, day: int, rows: I64, requested_fen: I64) -> None:
        """A small line for whoever consented and has kept shop long enough, once."""
        p, facts = self._parameters, self._stage.facts
        fits = self._consents[rows] & (facts.granted_day[rows] == NEVER)
        fits &= day - self._since_day[rows] >= p.legacy_tenure_days_min
        limit_fen = np.minimum(requested_fen[fits], p.legacy_limit_fen_max)
        self._stage.bank.grant(day, rows[fits], limit_fen, p.legacy_rate_ppm)

    def ship(self, feed: Feed, space: Space) -> FeedBatch:
        """By the platform's channel."""
        return self._channel.deliver(feed, space)

    def hear(self, batch: FeedBatch) -> None:
        """Through the bank's own intake."""
        if batch.accounts.size:
            self._stage.bank.service.receive_feed(batch)

    def open_day(self, day: int, view: dict[str, I64]) -> None:
        """On the days of looking: every line that was granted and is not past due."""
        if (day - self._stage.lend_day) % self._parameters.observation_interval_days == 0:
            well = (self._stage.facts.granted_day != NEVER) & (view["dpd_days"] == 0)
            well &= self._stage.facts.bad_day == NEVER
            self._observe(day, np.flatnonzero(well))

    def _observe(self, day: int, accounts: I64) -> None:
        """The gate leaves missing whatever nobody consented to."""
        if not accounts.size:
            return
        with self._stage.system.book.transaction() as unit:
            now_s = self._stage.engine.now_s
            features = features_as_of(unit, accounts, day, Purpose.TRAINING, now_s)
        self.observations.append(_Observation(day, accounts, features))


# Every arm and wiring of a replication learns the same model, one after the other.
@lru_cache(maxsize=1)
def legacy_of(
    seed: int,
    replication: int,
    parameters: Parameters,
    world: WorldParameters,
    n: int,
    quiet_days: int,
) -> Legacy:
    """Run the years before and learn from them, on columns. A function of its arguments.

    world: of the measured merchants.  quiet_days: after its start, when lending to them begins and
    learning ends.
    """
    stage = _stage(seed, replication, parameters, world, n, quiet_days)
    lender = _PilotLender(stage, parameters)
    stage.run(lender)
    stage.system.close()
    sample = _sample(stage, lender.observations)
    trained = train_champion(sample, seed=replication)
    notes = CardNotes(_SOURCE, DEFAULT_POLICY.limit.pd_ppm_max)
    return Legacy(proposal_of(trained, sample, notes), trained.model.score(sample.features).score)


def _stage(
    seed: int,
    replication: int,
    parameters: Parameters,
    world: WorldParameters,
    n: int,
    quiet_days: int,
) -> Stage:
    """The years before: no recession, luck of their own."""
    luck = Luck(seed, replication)
    own = Luck(luck.integer("legacy_seed", low=0, high=_SEED_MAX), replication)
    before = replace(
        world,
        start_s=world.start_s + (quiet_days - parameters.legacy_days) * DAY_S,
        recession_demand_fall_share=0.0,
        recession_property_fall_share=0.0,
    )
    span = Span(parameters.legacy_quiet_days, parameters.legacy_days)
    return Stage(own, before, n, span)


def _sample(stage: Stage, observations: Sequence[_Observation]) -> Sample:
    """Observations whose window is over, with what became of their lines in it."""
    merchant = np.concatenate([one.accounts for one in observations])
    observed_on = np.concatenate([np.full(one.accounts.size, one.day) for one in observations])
    bad_day = stage.facts.bad_day[merchant]
    roster = stage.economy.roster()
    columns = {
        name: np.concatenate([one.features[name] for one in observations])
        for name in FEATURES
        if name not in _OF_THE_FEED
    }
    sample = Sample(
        columns,
        (bad_day != NEVER) & (bad_day <= observed_on + PERFORMANCE_DAYS),
        observed_on,
        merchant,
        roster.region[merchant],
        roster.size_band[merchant],
        TARGET_TEXT,
    )
    ripe = matured(sample, stage.end_day - 1, PERFORMANCE_DAYS)
    known = {name: values for name, values in ripe.features.items() if _is_known(values)}
    return replace(ripe, features=known)


def _is_known(values: I64) -> bool:
    """Whether a feature is there often enough to learn from: a year's sales need a year's feed."""
    return 2 * int((values != MISSING).sum()) > values.size
