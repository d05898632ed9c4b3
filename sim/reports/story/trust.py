"""Why the figures can be trusted, and how far: faults, invariants, parameters, method, limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from sim.reports.story.blocks import Block, Cell, Commands, Facts, Points, Section, Table, Text
from sim.reports.story.faults import faults
from sim.reports.story.source import Source
from sim.reports.story.tongue import Tongue
from sim.run import HELD
from sim.run_folder import Json


def faults_and_invariants(source: Source, say: Tongue) -> Section:
    title = say(f"Faults and invariants: {source.name}", f"故障与不变式：{source.name}")
    blocks: list[Block] = [*faults(source, say), _invariants(source, say)]
    blocks += failures(source, say)
    return Section(f"invariants-{source.key}", title, blocks, 2)


def _invariants(source: Source, say: Tongue) -> Table:
    states = source.run["invariants"]
    held = sum(state == HELD for state in states.values())
    caption = say(
        f"{held} of {len(states)} invariants held in every replication",
        f"{len(states)} 条不变式中有 {held} 条在每次重复中均成立",
    )
    rows = [
        (name, Cell(say.word("held"), "good") if state == HELD else Cell(state, "bad"))
        for name, state in states.items()
    ]
    return Table(caption, (say.word("invariant"), say.word("state")), rows)


def failures(source: Source, say: Tongue) -> Iterator[Block]:
    """Replications that failed, each with the command that shows it again; nothing without any."""
    found = source.folder.failures()
    if not found:
        return
    head = (
        say("replication", "重复"),
        say("stage", "阶段"),
        say("error", "错误"),
        say("replay", "重现"),
    )
    rows = [
        (str(one["replication"]), one["stage"], Cell(one["error"], "bad"), one["replay"])
        for one in found
    ]
    yield Table(say("Replications that failed", "失败的重复"), head, rows, frozenset({0}))
    yield Text(say("The smallest case that still fails:", "仍会失败的最小情形："), "quiet")
    yield Commands([one["shrink"] for one in found])


def parameters(source: Source, say: Tongue) -> Section:
    title = say(f"Parameters and their sources: {source.name}", f"参数与来源：{source.name}")
    head = (
        say("parameter", "参数"),
        say("value", "取值"),
        say("range", "范围"),
        say("source", "来源"),
    )
    rows = [_parameter(name, found, say) for name, found in source.scenario["parameters"].items()]
    overrides = source.run["overrides"]
    blocks: list[Block] = [Table(title, head, rows, frozenset({1, 2}))]
    if overrides:
        blocks.insert(
            0, Text(say("Changed for this run: ", "此次运行改动：") + ", ".join(overrides))
        )
    return Section(f"parameters-{source.key}", title, blocks, 2)


def _parameter(name: str, found: Json, say: Tongue) -> tuple[Cell | str, ...]:
    low_high = " – ".join(map(_value, found.get("range") or [])) or "–"
    source = found.get("source") or ""
    where = Cell(source) if source else Cell(say("assumed", "假设"), "unsure")
    return (name, _value(found["value"]), low_high, where)


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"


def method(sources: Sequence[Source], say: Tongue) -> Section:
    counts = ", ".join(f"{source.name} {len(source.records)}" for source in sources)
    return Section(
        "method",
        say("Method", "方法"),
        [
            Points(
                [
                    say(
                        "The production code itself (services, ledger, contracts) is driven by a "
                        "simulated "
                        "economy in virtual time; no cycle time, cost or default rate is a "
                        "parameter.",
                        "由模拟经济在虚拟时间中驱动生产代码本身（服务、账本、合约）；周期、成本与"
                        "违约率都不是参数。",
                    ),
                    say(
                        "All arms see the same luck: random numbers are keyed by seed, "
                        "replication, purpose, "
                        "actor and day. The replication is the unit of every interval.",
                        "各对照组运气相同：随机数由种子、重复、用途、主体与日期决定。每个区间以重"
                        "复为单位。",
                    ),
                    say(
                        f"Replications: {counts}. Verdicts come from paired intervals, corrected "
                        "for the number of "
                        "claims and of looks; undecided is a verdict.",
                        f"重复次数：{counts}。结论来自配对区间，并按承诺数与查看次数校正；“未定”也"
                        "是一种结论。",
                    ),
                    say(
                        "An auditor that shares no code with the system rebuilds balances from "
                        "events; replication 0 "
                        "runs on two wirings (SQL and py-evm; columns and revm) that must agree "
                        "to the fen.",
                        "审计程序与系统不共用代码，由事件重建余额；第 0 次重复在两种接线上运行，须"
                        "分毫不差。",
                    ),
                ]
            )
        ],
    )


def limits(say: Tongue) -> Section:
    return Section(
        "limits",
        say("Limits", "局限"),
        [
            Text(
                say("Simulated; not a regulator's finding.", "模拟结果；并非监管部门的认定。"),
                "bad",
            ),
            Points(
                [
                    say(
                        "Persons, firms and machines are synthetic; no personal data were used.",
                        "人员、企业与设备均为合成数据；未使用任何个人信息。",
                    ),
                    say(
                        "Figures hold for the parameters listed here; where these are assumed, so "
                        "are the figures "
                        "that hinge on them. What the scenario leaves out is not measured.",
                        "数值仅对此处所列参数成立；参数为假设者，其所决定的数值亦然。场景之外的情"
                        "形未作测量。",
                    ),
                    say(
                        "Intervals cover the luck of replications, not errors of the model.",
                        "区间只反映各次重复的随机性，不含模型本身的误差。",
                    ),
                ]
            ),
        ],
    )


def verification(sources: Sequence[Source], say: Tongue) -> Section:
    return Section(
        "verify",
        say("How to verify", "如何复核"),
        [
            Text(
                say(
                    "The same seed gives the same events, bit for bit. The digest below is of the "
                    "results; this "
                    "page's own sum stands in the bundle's SHA256SUMS.",
                    "同一种子逐位产生相同事件。下列摘要针对结果；本页自身的校验和见证据包的 "
                    "SHA256SUMS。",
                )
            ),
            Commands([line for source in sources for line in _commands(source)]),
            *(_identity(source, say) for source in sources),
        ],
    )


def _commands(source: Source) -> list[str]:
    return [f"shapan verify {source.folder.path.name} --rerun"]


# What of run.json a reader needs to run the same again.
_IDENTITY: Final = ("digest", "scenario_digest", "seed", "wiring", "evm", "status", "events")


def _identity(source: Source, say: Tongue) -> Facts:
    run = source.run
    pairs = [(say.word("scenario"), source.name)]
    pairs += [(key, str(run[key])) for key in _IDENTITY]
    pairs.append(("versions", ", ".join(f"{name} {v}" for name, v in run["versions"].items())))
    return Facts(pairs)


def day_of(sources: Sequence[Source]) -> int:
    """Midnight UTC of the latest of the scenarios' first days; 0 where none has one."""
    found = [source.scenario["parameters"].get("start_s", {}).get("value", 0) for source in sources]
    at = datetime.fromtimestamp(max(found), UTC)
    return int(at.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())
