"""How far each device's clock is off, from the delays of what it sends: a minimum-delay filter.

A message's delay is what it spent on the way, less what its clock is ahead. The way is never
negative, and now and then it is short: the least delay of some hours is the clock's own error. A
delay below zero proves a fast clock at once; a slow clock looks like a slow network until some
hours of messages all came late.
"""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from system.kernels.columns import I64, Mask
from system.limits import CLOCK_SLOW_TOLERATED_MS, CLOCK_TOLERATED_MS

# The least delay is taken over the running span and the one before it.
SPAN_MS: Final = 6 * 3_600_000
# Corrections are whole minutes, and stay until they are off by more than is tolerated: so they do
# not follow the network's noise, nor how messages were grouped.
_QUANTUM_MS: Final = 60_000
# Messages in a span before a slow clock is believed.
_COUNT_MIN: Final = 8
NO_DELAY: Final = 2**62


@dataclass(frozen=True, slots=True)
class Clocks:
    """One row per device, int64 (n,).

    span: of the least delay ``least_ms``, over ``count`` messages; ``before_ms``, ``before_count``:
    those of the span before it.  correction_ms: to be added to what its clock says.
    """

    span: I64
    least_ms: I64
    count: I64
    before_ms: I64
    before_count: I64
    correction_ms: I64

    def columns(self) -> dict[str, I64]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def observe(clocks: Clocks, span: I64, least_ms: I64, count: I64) -> Clocks:
    """The clocks after new messages: of each device ``count`` in this span, the least delay given.

    All int64 (n,); where count is 0, nothing is learned.  The order of calls within a span does
    not matter to the least delays.
    """
    told = count > 0
    is_new = told & (span > clocks.span)
    is_next = is_new & (span == clocks.span + 1)
    before_ms = np.where(is_next, clocks.least_ms, np.where(is_new, NO_DELAY, clocks.before_ms))
    before_count = np.where(is_next, clocks.count, np.where(is_new, 0, clocks.before_count))
    held_ms = np.where(is_new | (clocks.count == 0), NO_DELAY, clocks.least_ms)
    held_count = np.where(is_new, 0, clocks.count)
    fresh_ms = np.where(told, np.minimum(held_ms, least_ms), clocks.least_ms)
    fresh = Clocks(
        span=np.where(is_new, span, clocks.span),
        least_ms=fresh_ms,
        count=held_count + np.where(told, count, 0),
        before_ms=before_ms,
        before_count=before_count,
        correction_ms=clocks.correction_ms,
    )
    return _corrected(fresh)


def _corrected(clocks: Clocks) -> Clocks:
    now_ms = np.where(clocks.count > 0, clocks.least_ms, NO_DELAY)
    past_ms = np.where(clocks.before_count > 0, clocks.before_ms, NO_DELAY)
    delay_ms = np.minimum(now_ms, past_ms)
    known: Mask = delay_ms < NO_DELAY
    enough: Mask = (clocks.count + clocks.before_count >= _COUNT_MIN) & (clocks.before_count > 0)
    believed = known & ((delay_ms < 0) | enough)
    wanted_ms = np.where(believed, delay_ms, 0)
    rounded_ms = (wanted_ms + _QUANTUM_MS // 2) // _QUANTUM_MS * _QUANTUM_MS
    tolerated = (wanted_ms > -CLOCK_TOLERATED_MS) & (wanted_ms < CLOCK_SLOW_TOLERATED_MS)
    settled_ms = np.where(tolerated, 0, rounded_ms)
    is_off = np.abs(wanted_ms - clocks.correction_ms) >= CLOCK_TOLERATED_MS
    is_off &= ~(tolerated & (clocks.correction_ms == 0))
    correction_ms = np.where(is_off, settled_ms, clocks.correction_ms)
    return Clocks(
        clocks.span,
        clocks.least_ms,
        clocks.count,
        clocks.before_ms,
        clocks.before_count,
        correction_ms,
    )
