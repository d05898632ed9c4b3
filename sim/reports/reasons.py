"""Why a claim is undecided, and why a parameter turns nothing, in the reader's language.

Run folders keep these sentences in English, as ``sim.statistics`` and ``sim.assumptions`` wrote
them; here they are told again in Chinese, part by part.
"""

from __future__ import annotations

import re
from typing import Final

_PART: Final = "; "
# (the sentence as a pattern, the same in Chinese). A sentence with a semicolon has two rows.
_ROWS: Final = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"(\d+) of (\d+) replications have no value", r"\2 次重复中有 \1 次没有数值"),
        (
            r"(\d+) of (\d+) replications have a value",
            r"\2 次重复中仅 \1 次有数值",
        ),
        (r"an interval needs two", "区间至少需要两次"),
        (
            r"the baseline's mean is not clearly above zero, so the ratio has no bound",
            "基准组的均值未明显大于零，故比值没有界限",
        ),
        (
            r"the baseline's mean is not above zero, so the ratio says nothing",
            "基准组的均值不大于零，故比值没有意义",
        ),
        (
            r"every replication gave the same value, so the interval has no width",
            "每次重复的数值相同，故区间宽度为零",
        ),
        (
            r"another value in up to (\S+) of replications cannot be excluded",
            r"不能排除至多 \1 的重复会有别的数值",
        ),
        (r"the claim has no value along this parameter", "沿此参数该承诺没有数值"),
        (
            r"the figure stays above the threshold over the whole range",
            "在整个范围内数值始终高于门槛",
        ),
        (
            r"the figure stays at or below the threshold over the whole range",
            "在整个范围内数值始终不高于门槛",
        ),
        (
            r"no parameter moves the claim more than chance would",
            "没有参数对该承诺的影响超出偶然",
        ),
    )
)


def told(reason: str, lang: str) -> str:
    """The reason in ``lang``; a part that is not known here stands as it was written."""
    if lang != "zh" or not reason:
        return reason
    return "；".join(map(_in_chinese, reason.split(_PART)))


def _in_chinese(part: str) -> str:
    for pattern, text in _ROWS:
        found = pattern.fullmatch(part)
        if found:
            return found.expand(text)
    return part
