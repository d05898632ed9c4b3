"""Where the time goes: the stages that the mean time to cash is made of, and what must shrink."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.markup import escape
from rich.table import Table

from sim.reports.figures import figure
from sim.run_folder import Json

STAGE = "stage_delay_s_mean."
# A mean time and the family of stages that sum to it.
STAGES_OF = {
    "time_to_cash_s_mean": STAGE,
    "invoice_to_acceptance_s_mean": "acceptance_delay_s_mean.",
}
NAMED_MAX = 3


def stage_table(by_arm: Json, word: Mapping[str, str]) -> Table | None:
    """One row per stage with its mean and share of the whole, longest first; None without any."""
    arms = [arm for arm in by_arm if _stages(by_arm[arm])]
    if not arms:
        return None
    table = Table(title=word["stages"], title_justify="left")
    table.add_column(word["stage"])
    for arm in arms:
        table.add_column(arm, justify="right")
    longest: dict[str, float] = {}
    for arm in arms:
        for name, mean in _stages(by_arm[arm]).items():
            longest[name] = max(mean, longest.get(name, 0.0))
    for name in sorted(longest, key=lambda name: (-longest[name], name)):
        table.add_row(name, *(_cell(_stages(by_arm[arm]), name) for arm in arms))
    return table


def must_shrink(by_arm: Json, claims: list[Json], lang: str) -> Iterator[str]:
    """For each bound on a mean time that is not supported: the excess, and its longest stages."""
    for claim in claims:
        is_bound = claim["metric"] in STAGES_OF and claim["operator"] in ("<", "<=")
        if not is_bound or claim["compare"] != "level" or claim["verdict"] == "supported":
            continue
        stages = _stages(by_arm.get(claim["arm"], {}), STAGES_OF[claim["metric"]])
        if stages and claim["estimate"] is not None and claim["estimate"] > claim["threshold"]:
            yield _advice(claim, stages, lang)


def _advice(claim: Json, stages: dict[str, float], lang: str) -> str:
    largest = sorted(stages, key=lambda name: (-stages[name], name))[:NAMED_MAX]
    shown = ", ".join(f"{name} {figure(stages[name], 's')}" for name in largest)
    excess_s = claim["estimate"] - claim["threshold"]
    claim_id, excess = escape(claim["id"]), figure(excess_s, "s")
    if lang == "zh":
        return f"{claim_id}：平均需缩短 {excess}；最长的环节：{shown}"
    return f"{claim_id}: the mean must lose {excess}; its longest stages: {shown}"


def _stages(metrics: Json, family: str = STAGE) -> dict[str, float]:
    return {
        name.removeprefix(family): found["mean"]
        for name, found in metrics.items()
        if name.startswith(family) and found["mean"] is not None
    }


def _cell(stages: dict[str, float], name: str) -> str:
    if name not in stages:
        return "–"
    total_s = sum(stages.values())
    share = f"{stages[name] / total_s:.0%}" if total_s else "–"
    return f"{figure(stages[name], 's')} ({share})"
