"""The contract of a metric: a name with a unit, a direction and a meaning."""

from dataclasses import dataclass

# What a run measured, by the name of the metric.
Values = dict[str, float | int | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """What a measured number means.

    unit: s, ratio, ratio_per_year, count, ms or per_s. ``per`` names what stands behind the dot in
    a family (``financed_share_by_tier.1``); a family whose ``total`` holds is also measured without
    a suffix. ``real_time`` metrics depend on the machine and never enter a digest.
    """

    name: str
    unit: str
    bigger_is_better: bool
    doc_en: str
    doc_zh: str
    per: str | None = None
    total: bool = True
    real_time: bool = False


def ratio(part: int, whole: int) -> float | None:
    """Two exact integers, divided once: equal on every machine. None where there is no whole."""
    return part / whole if whole else None
