"""What a stress run came to, and whether it is what must hold."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sim.checks.auditor import HELD
from sim.stress.faults import Struck
from sim.stress.histogram import Histogram
from sim.stress.load import Loaded
from sim.stress.profile import Profile
from sim.stress.streams import Stream

_PERCENTS: Final = (50.0, 90.0, 99.0, 99.9)
# Seconds around a fault that say nothing about a bank in order.
_MARGIN_S: Final = 1.0
# From how much on an answer is late after a fault; telemetry and alerts may take that long anyway.
_LATE_USUAL_US: Final = 1_000_000
_LATE_US: Final = {"telemetry": 2_000_000, "alerts": 2_000_000}
# Of the first part of a run memory grows, as caches fill: at the full rate SQLite's alone for 78 s.
_WARM_SHARE: Final = 0.25
_WARM_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold. value, limit: in the unit that the name ends with."""

    name: str
    value: float
    limit: float
    holds: bool
    detail: str = ""


@dataclass(slots=True)
class Result:
    """rss_bytes: of the server, (second, bytes).  invariants: by the auditor; empty for a bank that
    is not ours.  parts: what stood behind the ports.  left_out: faults that no longer fitted."""

    profile: Profile
    seed: int
    parts: Mapping[str, str]
    rates_per_s: Mapping[str, float]
    streams: tuple[Stream, ...]
    loaded: Loaded
    struck: list[Struck] = field(default_factory=list)
    rss_bytes: list[tuple[float, int]] = field(default_factory=list)
    invariants: Mapping[str, str] = field(default_factory=dict)
    repeats: int = 0
    left_out: int = 0

    @property
    def _held_until_s(self) -> float:
        """Until when thresholds count; what follows shows where the bank gives way."""
        return self.profile.held_until * self.profile.duration_s

    def quiet(self, name: str) -> Histogram:
        """Latency of a stream in the seconds in which thresholds count."""
        measure, whole = self.loaded.measures[name], Histogram()
        until_s = self._held_until_s
        disturbed = self._disturbed(name)
        for second, histogram in measure.seconds.items():
            if second < until_s and not any(start <= second <= end for start, end in disturbed):
                whole.merge(histogram)
        return whole

    def _disturbed(self, name: str) -> list[tuple[float, float]]:
        """From when to when a fault or spike weighs on a stream; where it never recovered, for
        ever."""
        spans = [(one.at_s, one.over_s) for one in self.struck]
        if self.profile.spikes is not None:
            from_share, to_share = self.profile.spikes
            spans.append((from_share * self.profile.duration_s, to_share * self.profile.duration_s))
        return [
            (start - _MARGIN_S, max(end, start + _endless(took_s)) + _MARGIN_S)
            for (start, end), took_s in zip(spans, self.recoveries_s(name), strict=True)
        ]

    def recoveries_s(self, name: str) -> list[float | None]:
        """By fault or spike: from its beginning until the stream was in time again."""
        starts = [one.at_s for one in self.struck]
        if self.profile.spikes is not None:
            starts.append(self.profile.spikes[0] * self.profile.duration_s)
        limit_us, measure = _LATE_US.get(name, _LATE_USUAL_US), self.loaded.measures[name]
        return [
            measure.recovery_s(
                at_s, limit_us, min((s for s in starts if s > at_s), default=math.inf)
            )
            for at_s in starts
        ]

    def saturation_per_s(self, name: str, limit_us: int) -> float | None:
        """The highest rate of arrivals that a step bore; None where none was missed."""
        measure, start, borne = self.loaded.measures[name], 0.0, 0.0
        missed = False
        for phase in self.profile.shape:
            from_s, to_s = start * self.profile.duration_s, phase.until * self.profile.duration_s
            start = phase.until
            held = measure.between(from_s, to_s)
            in_time = held.count and held.percentile_us(99) <= limit_us
            if in_time and not measure.failed_between(from_s, to_s):
                borne = max(borne, phase.factor * self.rates_per_s[name])
            else:
                missed = True
        return borne if missed else None

    def checks(self, thresholds: Mapping[str, float]) -> list[Check]:
        """Every threshold that this run can answer to."""
        made = [self._latency(stream.name, thresholds) for stream in self.streams]
        made += [self._errors(stream.name, thresholds["errors_ppm_max"]) for stream in self.streams]
        made += self._recoveries(thresholds["recovery_s_max"])
        made += [
            Check(name, 0 if told == HELD else 1, 0, told == HELD, told)
            for name, told in self.invariants.items()
        ]
        growth = self.memory_growth_permille()
        if growth is not None:
            limit = thresholds["memory_growth_permille_max"]
            made.append(Check("memory_growth_permille", growth, limit, growth <= limit))
        return made

    def _recoveries(self, limit_s: float) -> Iterator[Check]:
        """After each fault: the stream that was late for longest."""
        kinds = [one.kind for one in self.struck] + ["spike"] * (self.profile.spikes is not None)
        took = {stream.name: self.recoveries_s(stream.name) for stream in self.streams}
        for number, kind in enumerate(kinds):
            by_stream = {name: _endless(seconds[number]) for name, seconds in took.items()}
            last = max(by_stream, key=by_stream.__getitem__)
            value, name = by_stream[last], f"recovery_after_{kind}_s"
            yield Check(name, value, limit_s, value <= limit_s, f"{last} was late for longest")

    def _latency(self, name: str, thresholds: Mapping[str, float]) -> Check:
        held, limit = self.quiet(name), thresholds[f"{name}_p99_ms_max"]
        asked = self.loaded.measures[name].asked
        # Where nobody was answered, nothing is known, and nothing holds.
        value = math.inf if asked and not held.count else held.percentile_us(99) / 1_000
        detail = f"{held.count} answered away from faults, of {asked} asked"
        return Check(f"{name}_p99_ms", value, limit, value <= limit, detail)

    def _errors(self, name: str, limit: float) -> Check:
        measure = self.loaded.measures[name]
        value = measure.error_share(self._held_until_s) * 1e6
        first = next(iter(measure.errors), "")
        return Check(f"{name}_errors_ppm", value, limit, value <= limit, first)

    def memory_growth_permille(self) -> float | None:
        """From the end of warming up to the end, of one process; None where it was not one, or the
        run does not hold at least as long again as its warming up."""
        until_s = self._held_until_s
        if self.struck or len(self.rss_bytes) < 8 or until_s < 2 * _WARM_S:
            return None
        warm_s = max(_WARM_SHARE * until_s, _WARM_S)
        warm = [one for at_s, one in self.rss_bytes if warm_s <= at_s < until_s]
        quarter = max(len(warm) // 4, 1)
        before, after = sum(warm[:quarter]) / quarter, sum(warm[-quarter:]) / quarter
        return (after - before) / before * 1_000 if before else None

    def document(self, thresholds: Mapping[str, float]) -> dict[str, Any]:
        """What --json prints."""
        checks = self.checks(thresholds)
        return {
            "profile": self.profile.name,
            "seed": self.seed,
            "status": "ok" if all(check.holds for check in checks) else "missed",
            "parts": dict(self.parts),
            "duration_s": self.profile.duration_s,
            "wall_s": self.loaded.wall_s,
            "load_late_ms_max": self.loaded.late_us_max / 1_000,
            "requests_repeated": self.repeats,
            "streams": {stream.name: self._stream(stream, thresholds) for stream in self.streams},
            "faults": self._faults(),
            "faults_left_out": self.left_out,
            "memory_mb": [(round(at_s, 1), round(one / 1e6, 1)) for at_s, one in self.rss_bytes],
            "invariants": dict(self.invariants),
            "checks": [
                {
                    "name": check.name,
                    "value": None if check.value == math.inf else round(check.value, 3),
                    "limit": check.limit,
                    "holds": check.holds,
                    "detail": check.detail,
                }
                for check in checks
            ],
        }

    def _stream(self, stream: Stream, thresholds: Mapping[str, float]) -> dict[str, Any]:
        measure = self.loaded.measures[stream.name]
        whole, quiet = measure.whole(), self.quiet(stream.name)
        limit_us = int(thresholds[f"{stream.name}_p99_ms_max"] * 1_000)
        borne = self.saturation_per_s(stream.name, limit_us)
        return {
            "unit": stream.unit,
            "asked": measure.asked * stream.each,
            "answered": whole.count * stream.each,
            "per_s": round(whole.count * stream.each / max(self.profile.duration_s, 1e-9), 1),
            "errors": dict(measure.errors),
            "latency_ms": {f"p{p:g}": quiet.percentile_us(p) / 1_000 for p in _PERCENTS},
            "latency_ms_with_faults": {
                f"p{p:g}": whole.percentile_us(p) / 1_000 for p in _PERCENTS
            },
            "latency_ms_max": whole.max_us / 1_000,
            "saturated_above_per_s": None if borne is None else borne * stream.each,
            "seconds": [
                {"second": second, "answered": held.count * stream.each}
                | {f"p{p:g}": held.percentile_us(p) / 1_000 for p in (50.0, 99.0)}
                for second, held in sorted(measure.seconds.items())
            ],
        }

    def _faults(self) -> list[dict[str, Any]]:
        took = {stream.name: self.recoveries_s(stream.name) for stream in self.streams}
        return [
            {
                "kind": one.kind,
                "at_s": round(one.at_s, 2),
                "cause_gone_after_s": round(one.over_s - one.at_s, 2),
                "in_time_again_after_s": {name: took[name][number] for name in took},
            }
            for number, one in enumerate(self.struck)
        ]


def _endless(seconds: float | None) -> float:
    return math.inf if seconds is None else seconds
