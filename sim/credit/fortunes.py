"""What a week brings to one merchant: its own shock, growth, mishaps, opportunities, idle cash."""

from math import sqrt

import numpy as np

from sim.credit.cash import Books, idle_fen, pull_of, usual_outflow_fen
from sim.credit.columns import Block, floor_i64, part_floor
from sim.credit.merchants import WEEK_DAYS, Traits
from sim.credit.shocks import memory_of
from sim.credit.world_parameters import WorldParameters
from system.limits import YEAR_DAYS

_MONTH_DAYS = 30
# Stretches even luck on -0.5..0.5 to a standard deviation of 1.
_EVEN_SPREAD = sqrt(12)
_WEEKS = YEAR_DAYS / WEEK_DAYS
_LEVEL_MIN, _LEVEL_MAX = 0.02, 50.0
# Not even the worst luck turns a week's growth, or a spent opportunity, into less than this.
_GROWTH_MIN, _GAIN_MIN, _GAIN_MAX = 0.5, -0.5, 2.0


def week(block: Block, t: Traits, b: Books, p: WorldParameters, day: int) -> None:
    """One week's news of one block, in place."""
    left, fresh = memory_of(p)
    b.own *= left
    b.own += fresh * p.own_shock_cv * block.normal("own_shock", day)
    drift = (p.growth_per_year + p.growth_quality_per_year * t.quality) / _WEEKS
    luck = p.growth_luck_cv / sqrt(_WEEKS) * block.normal("growth", day)
    np.clip(
        b.level * np.maximum(1 + drift + luck, _GROWTH_MIN), _LEVEL_MIN, _LEVEL_MAX, out=b.level
    )
    b.pull[:] = pull_of(t, b, slice(None))
    _follow(t, b, p)
    _mishaps(block, t, b, p, day)
    _opportunities(block, t, b, p, day)
    _withdraw(t, b, p, day)


def _follow(t: Traits, b: Books, p: WorldParameters) -> None:
    """Wages and rents follow lasting changes of size, slowly and in part."""
    goal_fen = t.fixed_fen * (1 + p.cost_follows_share * (b.level - 1))
    part = WEEK_DAYS / max(p.cost_follows_days, WEEK_DAYS)
    b.fixed_fen += floor_i64((goal_fen - b.fixed_fen) * part)


def _mishaps(block: Block, t: Traits, b: Books, p: WorldParameters, day: int) -> None:
    """A bill that nobody planned for."""
    hit = block.uniform("mishap", day) < p.mishap_per_year / _WEEKS
    at = np.flatnonzero(hit & b.open)
    b.arrears_fen[at] += p.mishap_days * usual_outflow_fen(t, b, at)


def _opportunities(block: Block, t: Traits, b: Books, p: WorldParameters, day: int) -> None:
    """A chance to grow, for money. What it would bring is settled now, whoever can pay for it."""
    lot = block.uniform("opportunity", day)
    share = p.opportunity_per_year / _WEEKS
    at = np.flatnonzero((lot < share) & b.open & (b.growth_fen == 0))
    # A lot below the share is even between 0 and it: it also says how lucky the shop would be.
    luck = p.opportunity_luck_cv * (lot[at] / (share or 1.0) - 0.5) * _EVEN_SPREAD
    fit = 1 + p.opportunity_quality_elasticity * t.quality[at] + luck
    gain = p.opportunity_gain_ratio * p.opportunity_days / YEAR_DAYS * fit
    b.growth_fen[at] = part_floor(t.unit_cost_fen[at], b.wanted[at] * p.opportunity_days)
    b.growth_gain[at] = np.clip(gain, _GAIN_MIN, _GAIN_MAX)
    b.growth_until[at] = day + p.opportunity_open_days


def _withdraw(t: Traits, b: Books, p: WorldParameters, day: int) -> None:
    """The owner takes a part of idle cash home; former owners put something aside."""
    part = min(1.0, p.withdrawal_per_month * WEEK_DAYS / _MONTH_DAYS)
    b.cash_fen -= part_floor(np.maximum(idle_fen(t, b, slice(None)), 0), part) * b.open
    saved_fen = WEEK_DAYS * p.household_fen_per_day
    b.cash_fen += saved_fen * (t.repays_after_exit & (b.closed_on <= day))
