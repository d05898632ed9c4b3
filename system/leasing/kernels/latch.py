"""From conditions on readings to episodes: begun when a condition holds, over when it has not
held for long enough. What flaps in between is one episode.
"""

from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, Mask
from system.leasing.kernels.track import Track, before


@dataclass(frozen=True, slots=True)
class Turns:
    """Episodes that began or ended, int64 (k,) each, in the order of rows.

    row: of the track, where it could be known.  since_ms: the episode's start.  ended: 0 or 1.
    measure, bound: what was found there, and what it is held against.
    """

    row: I64
    since_ms: I64
    ended: I64
    measure: I64
    bound: I64


@dataclass(frozen=True, slots=True)
class Latched:
    """since_ms, true_ms: what is carried on, int64 (rows,); since_ms is 0 where nothing is on."""

    since_ms: I64
    true_ms: I64
    turns: Turns


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found at each row.

    holds: the condition holds.  fails: it is known not to; neither is where nothing is known.
    start_ms: since when, where it holds.  measure: how much.  bound: of how much is allowed.
    """

    holds: Mask
    fails: Mask
    start_ms: I64
    measure: I64
    bound: I64 | int


def latch(
    track: Track, at_ms: I64, finding: Finding, since_ms: I64, true_ms: I64, quiet_ms: int
) -> Latched:
    """Episodes of one kind.

    since_ms, true_ms: int64 (m,), carried from earlier.  quiet_ms: an episode is over at the first
    reading where the condition fails this long after it last held.
    """
    if not finding.holds.any() and not since_ms.any():
        return _nothing(track, true_ms)
    was_on = np.zeros(len(track), np.bool_)
    was_on[track.heads] = since_ms != 0
    held = track.latest(finding.holds)
    failed = track.latest(finding.fails)
    true_at = np.where(track.is_head, track.spread(true_ms), at_ms)[held]
    over = (failed > held) & (at_ms[failed] - true_at >= quiet_ms)
    on = (finding.holds | was_on)[held] & ~over
    on_before = np.zeros_like(on)
    on_before[1:] = on[:-1]
    begins = on & ~on_before & ~track.is_head
    ends = ~on & on_before & ~track.is_head
    started = np.where(track.is_head, track.spread(since_ms), finding.start_ms)
    since = np.where(on, started[track.latest(begins)], 0)
    turned = np.flatnonzero(begins | ends)
    ended = ends[turned].astype(np.int64)
    bounds = np.broadcast_to(np.asarray(finding.bound, np.int64), at_ms.shape)
    return Latched(
        since,
        np.where(on, true_at, 0),
        Turns(
            turned,
            np.where(ended == 1, before(since)[turned], since[turned]),
            ended,
            finding.measure[turned],
            bounds[turned],
        ),
    )


def _nothing(track: Track, true_ms: I64) -> Latched:
    nothing = np.zeros(len(track), np.int64)
    none = np.zeros(0, np.int64)
    return Latched(nothing, nothing, Turns(none, none, none, none, none))
