"""Latencies in buckets of one percent, so that any percentile is known to one percent.

As HdrHistogram has it: memory does not grow with the number of values, and histograms add.
"""

from collections import Counter
from dataclasses import dataclass, field
from math import ceil, exp, log
from typing import Final

_STEP: Final = log(1.01)


@dataclass(slots=True)
class Histogram:
    """Microseconds, 1 or more."""

    counts: Counter[int] = field(default_factory=Counter)
    count: int = 0
    max_us: int = 0

    def add(self, us: int) -> None:
        """Count one value; below one microsecond counts as one."""
        us = max(us, 1)
        self.counts[int(log(us) / _STEP)] += 1
        self.count += 1
        self.max_us = max(self.max_us, us)

    def merge(self, other: "Histogram") -> None:
        """Count all values of another one too."""
        self.counts.update(other.counts)
        self.count += other.count
        self.max_us = max(self.max_us, other.max_us)

    def percentile_us(self, percent: float) -> int:
        """The value that this share of all do not exceed, to one percent; 0 where there is none."""
        # 99.9 is no binary fraction: a whole product must stay whole.
        left = ceil(self.count * percent / 100 - 1e-9)
        for bucket in sorted(self.counts):
            left -= self.counts[bucket]
            if left <= 0:
                return min(ceil(exp((bucket + 1) * _STEP)), self.max_us)
        return self.max_us
