"""Page one: the question, and each promise beside what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from sim.reports.charts.spark import Interval, spark
from sim.reports.figures import claim_unit
from sim.reports.reasons import told
from sim.reports.story.amounts import amount, span
from sim.reports.story.blocks import Block, Cell, Section, Table, Text, Tone
from sim.reports.story.source import Source
from sim.reports.story.tongue import Tongue
from sim.run_folder import Json

TONES: Final[dict[str, Tone]] = {"supported": "good", "refuted": "bad", "undecided": "unsure"}
_MOVERS_NAMED: Final = 3


def answer(sources: Sequence[Source], say: Tongue) -> Section:
    """The answer in a sentence, and one table of claims per run."""
    blocks: list[Block] = [Text(_in_a_sentence(sources, say), "")]
    for source in sources:
        blocks += [Text(_question(source, say), "quiet"), _claims(source, say)]
    blocks.append(Text(_held_at(sources, say), "quiet"))
    return Section("answer", say("The question and the answer", "问题与答案"), blocks)


def _question(source: Source, say: Tongue) -> str:
    question = source.scenario["question"][say.lang]
    return f"{source.name}: {question}" if say.lang == "en" else f"{source.name}：{question}"


def _in_a_sentence(sources: Sequence[Source], say: Tongue) -> str:
    verdicts = Counter(claim["verdict"] for source in sources for claim in source.claims)
    return say(
        f"Of {verdicts.total()} promises {verdicts['supported']} hold, {verdicts['refuted']} fail "
        f"and {verdicts['undecided']} cannot be decided.",
        f"{verdicts.total()} 项承诺中，{verdicts['supported']} 项成立，{verdicts['refuted']} 项"
        f"不成立，{verdicts['undecided']} 项未能判定。",
    )


def _held_at(sources: Sequence[Source], say: Tongue) -> str:
    parameters = [p for source in sources for p in source.scenario["parameters"].values()]
    assumed = sum(bool(parameter.get("assumed")) for parameter in parameters)
    return say(
        f"{assumed} of {len(parameters)} parameters are assumed, not measured: the verdicts hold "
        "at their values. Shaded in each picture is the side that was promised, dashed the "
        "threshold, the bar the interval.",
        f"{len(parameters)} 个参数中有 {assumed} 个是假设而非实测：结论仅在其取值下成立。"
        "图中阴影为承诺的一侧，虚线为门槛，横条为区间。",
    )


def _claims(source: Source, say: Tongue) -> Table:
    head = (
        say("promise", "承诺"),
        say("promised", "承诺值"),
        say("measured, interval", "测得与区间"),
        say("picture", "图示"),
        "n",
        say("verdict", "结论"),
        say("hinges on", "取决于"),
    )
    levels = sorted(claim["level"] for claim in source.claims if claim.get("level"))
    level = " – ".join(dict.fromkeys(f"{end * 100:.4g} %" for end in levels[:1] + levels[-1:]))
    caption = say(f"{source.name}: promises and findings.", f"{source.name}：承诺与结论。")
    if level:
        caption += say(
            f" Intervals of {level} confidence over paired replications, so "
            "that all verdicts together err in at most 5 % of studies.",
            f"区间为配对重复的 {level} 置信区间，全部结论合计出错的概率不超过 5%。",
        )
    rows = [_row(source, claim, say) for claim in source.claims]
    return Table(caption, head, rows, frozenset({1, 2, 4}))


def _row(source: Source, claim: Json, say: Tongue) -> tuple[Cell | str, ...]:
    unit = claim_unit(claim["compare"], source.units.get(claim["metric"], ""))
    arms = claim["arm"] + (f" / {claim['baseline']}" if claim["baseline"] else "")
    interval = span(claim["ci_low"], claim["ci_high"], unit, say)
    return (
        Cell(claim["text"][say.lang], note=_note(claim, arms, say)),
        Cell(f"{sign(claim['operator'])} {amount(claim['threshold'], unit, say)}"),
        Cell(amount(claim["estimate"], unit, say), note=interval),
        Cell(interval, picture=spark(_interval(claim))),
        str(claim["n"]),
        Cell(say.word(claim["verdict"]), TONES[claim["verdict"]]),
        hinges_on(source, claim["id"], say),
    )


def _interval(claim: Json) -> Interval:
    keys = ("estimate", "ci_low", "ci_high", "threshold", "operator", "verdict")
    return Interval(*(claim[key] for key in keys))


def _note(claim: Json, arms: str, say: Tongue) -> str:
    measured = f"{claim['metric']}: {arms}"
    if not claim["reason"]:
        return measured
    reason = told(claim["reason"], say.lang)
    return say(f"{measured}. {reason}", f"{measured}。{reason}")


def sign(operator: str) -> str:
    return {"<=": "≤", ">=": "≥"}.get(operator, operator)


def hinges_on(source: Source, claim_id: str, say: Tongue) -> Cell:
    """The assumptions that move the claim, and where it turns; from the map, if there is one."""
    found = (source.map or {}).get("claims", {}).get(claim_id)
    if found is None:
        return Cell(say("not mapped", "未测绘"), "quiet")
    movers = ", ".join(found["movers"][:_MOVERS_NAMED])
    turn = found["break_even"]
    note = ""
    if turn["value"] is not None:
        note = say(
            f"turns at {turn['parameter']} = {turn['value']:.4g}",
            f"{turn['parameter']} = {turn['value']:.4g} 时翻转",
        )
    return Cell(movers or say("no effect seen", "未见影响"), note=note)
