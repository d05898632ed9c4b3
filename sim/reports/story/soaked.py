"""What ``shapan soak`` met with random faults: coverage, and each failure with its commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from sim.fault_kinds import KINDS
from sim.reports.story.blocks import Block, Cell, Commands, Row, Section, Table, Text
from sim.reports.story.printed import read_printed
from sim.reports.story.tongue import Tongue
from sim.run_folder import Json

_KEYS: Final = ("seed", "trials", "failed", "coverage", "wall_s")


def read_soak(path: Path) -> Json:
    """What ``shapan soak --json`` printed. Raises InputError."""
    return read_printed(path, "--soak", "shapan soak --json", _KEYS)


def soaked(documents: Sequence[Json], say: Tongue) -> list[Section]:
    """One section per document."""
    return [
        Section(f"soak-{number}", _title(one, say), list(_blocks(one, say)))
        for number, one in enumerate(documents, 1)
    ]


def _title(document: Json, say: Tongue) -> str:
    seed = document["seed"]
    return say(f"Random faults: soak of seed {seed}", f"随机故障：种子 {seed} 的浸泡测试")


def _blocks(document: Json, say: Tongue) -> Iterator[Block]:
    coverage, broken = document["coverage"], len(document["failed"])
    struck = sum(bool(count) for count in coverage["strikes"].values())
    yield Text(
        say(
            f"{broken} of {document['trials']} random trials broke in {document['wall_s']:.0f} s; "
            f"{struck} of {len(coverage['strikes'])} kinds of fault struck. Equal seeds give equal "
            "trials.",
            f"{document['trials']} 次随机试验中有 {broken} 次出现破坏，历时 "
            f"{document['wall_s']:.0f} 秒；{len(coverage['strikes'])} 类故障中有 {struck} 类命中。"
            "种子相同，试验相同。",
        ),
        "bad" if broken else "good",
    )
    if broken:
        yield _failures(document["failed"], say)
        yield Commands([one[key] for one in document["failed"] for key in ("replay", "shrink")])
    yield _faults(coverage, say)
    yield _places(coverage, say)


def _failures(failed: Sequence[Json], say: Tongue) -> Table:
    head = (say("trial", "试验"), say("what broke", "破坏项"), say("error", "错误"))
    rows: list[Row] = [
        (str(one["trial"]), one["what"], Cell(one["error"], "bad")) for one in failed
    ]
    caption = say(
        "What broke; below, for each: how to see it again, and how to make it smaller",
        "破坏项；其下为各项的重现命令与缩减命令",
    )
    return Table(caption, head, rows, frozenset({0}))


def _faults(coverage: Json, say: Tongue) -> Table:
    """Kinds that never struck are shown: a soak says nothing of them."""
    head = (
        say("kind of fault", "故障类型"),
        say("trials with it", "含此故障的试验"),
        say("attempts that it struck", "命中的尝试"),
    )
    rows: list[Row] = [
        (
            Cell(kind, note=_meaning(kind, say)),
            str(coverage["trials_by_fault"][kind]),
            f"{count:,}" if count else Cell(say("never", "从未"), "unsure"),
        )
        for kind, count in coverage["strikes"].items()
    ]
    return Table(say("Coverage: faults", "覆盖：故障"), head, rows, frozenset({1, 2}))


def _meaning(kind: str, say: Tongue) -> str:
    known = KINDS.get(kind)
    return say(known.text_en, known.text_zh) if known else ""


def _places(coverage: Json, say: Tongue) -> Table:
    """Where trials ran, and which kinds of event they got to."""
    events: dict[str, list[str]] = {}
    for name in coverage["events"]:
        product, _, kind = name.partition("/")
        events.setdefault(product, []).append(kind)
    head = (
        say("product", "产品"),
        say("trials by arm and wiring", "按对照组与接线的试验数"),
        say("kinds of event reached", "到达的事件类型"),
    )
    rows: list[Row] = [
        (
            say.scenario(product),
            ", ".join(_trials(coverage["trials_by_place"], product, say)),
            Cell(str(len(kinds)), note=", ".join(kinds)),
        )
        for product, kinds in sorted(events.items())
    ]
    return Table(say("Coverage: states", "覆盖：状态"), head, rows)


def _trials(by_place: Json, product: str, say: Tongue) -> Iterator[str]:
    for place, count in by_place.items():
        of, arm, wiring = place.split("/")
        if of == product:
            yield f"{say.arm(arm)} ({wiring}): {count}"
