"""What is measured of one stream: latency from the intended start, errors, and their course."""

from collections import Counter
from dataclasses import dataclass, field

from sim.stress.histogram import Histogram


@dataclass(slots=True)
class Measure:
    """seconds: a histogram for each second of the run, by when the request was meant to start.

    failures: how many of that second's came to no good end; errors: of all, by what was said.
    """

    name: str
    seconds: dict[int, Histogram] = field(default_factory=dict)
    failures: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    asked: int = 0

    def done(self, intended_s: float, taken_s: float) -> None:
        """One was answered so long after it was meant to start."""
        self.seconds.setdefault(int(intended_s), Histogram()).add(int(taken_s * 1e6))

    def failed(self, intended_s: float, error: Exception) -> None:
        """One came to no good end."""
        self.failures[int(intended_s)] += 1
        self.errors[f"{type(error).__name__}: {str(error)[:160]}"] += 1

    def between(self, from_s: float, until_s: float) -> Histogram:
        """Of the requests that were meant to start in these seconds."""
        found = Histogram()
        for second, histogram in self.seconds.items():
            if from_s <= second < until_s:
                found.merge(histogram)
        return found

    def whole(self) -> Histogram:
        """Of all."""
        return self.between(0, float("inf"))

    def failed_between(self, from_s: float, until_s: float) -> int:
        """How many that were meant to start in these seconds came to no good end."""
        return sum(n for second, n in self.failures.items() if from_s <= second < until_s)

    def error_share(self, until_s: float) -> float:
        """Errors among those that were meant to start before this second."""
        failed = self.failed_between(0, until_s)
        ended = failed + self.between(0, until_s).count
        return failed / ended if ended else 0.0

    def recovery_s(self, struck_s: float, limit_us: int, next_s: float) -> float | None:
        """How long after a fault answers were late: to the end of the last second of it in which
        one failed, or whose slowest hundredth was over the limit; 0 where there was none, also for
        want of requests. None where some were late, and nothing came within the limit again.

        next_s: when the next one struck, infinite for none: what is late from then on is its own.
        """
        last = max((*self.seconds, *self.failures), default=-1)
        end = struck_s
        for second in range(int(struck_s), last + 1):
            if second >= next_s:
                return max(min(end, next_s) - struck_s, 0.0)
            held, failed = self.seconds.get(second), self.failures[second]
            if held is None and not failed:  # nothing was meant to start in it
                continue
            if held is None or failed or held.percentile_us(99) > limit_us:
                end = second + 1.0
            elif second > struck_s:  # the second in which it struck began before
                return max(end - struck_s, 0.0)
        return None if end > struck_s else 0.0
