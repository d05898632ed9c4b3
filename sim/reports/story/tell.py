"""From run folders to a report, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

from sim.reports.story import credit, leasing, receivables
from sim.reports.story.amounts import with_interval
from sim.reports.story.answer import answer
from sim.reports.story.assumptions import assumption_map
from sim.reports.story.beside import beside
from sim.reports.story.blocks import Cell, Figure, Report, Row, Section, Table, Text
from sim.reports.story.dossier import EMPTY, Dossier
from sim.reports.story.quality import quality
from sim.reports.story.regulator import regulator
from sim.reports.story.soaked import soaked
from sim.reports.story.source import Source, check_measured
from sim.reports.story.stress import stressed
from sim.reports.story.tongue import Tongue
from sim.reports.story.trust import (
    day_of,
    faults_and_invariants,
    limits,
    method,
    parameters,
    verification,
)
from sim.run_folder import Json

Profile = Literal["", "regulator", "qa"]
Chapter = Callable[[Source, Tongue], Iterator[Figure | None]]
CHAPTERS: Final[Mapping[str, Chapter]] = {
    "receivables": receivables.figures,
    "credit": credit.figures,
    "leasing": leasing.figures,
}


def tell(
    sources: Sequence[Source],
    lang: str,
    profile: Profile = "",
    dossier: Dossier = EMPTY,
    loads: Sequence[Json] = (),
    soaks: Sequence[Json] = (),
) -> Report:
    """The whole report on these runs. profile: adds what regulators or QA ask for, after page one.

    dossier: what only the pilot's owner knows.  loads: what ``shapan stress`` measured, and soaks:
    what ``shapan soak`` met, for QA.
    Raises InputError where nothing was measured.
    """
    for source in sources:
        check_measured(source)
    say = Tongue(lang)
    sources = [replace(source, name=say.scenario(source.key)) for source in sources]
    sections = [answer(sources, say), *beside(sources, say)]
    if profile == "regulator":
        sections += regulator(sources, dossier, say)
    if profile == "qa":
        sections += [*stressed(loads, say), *soaked(soaks, say), *quality(sources, say)]
    for source in sources:
        sections += [
            chapter(source, say),
            _everything(source, say),
            assumption_map(source, say),
            faults_and_invariants(source, say),
            parameters(source, say),
        ]
    sections += [method(sources, say), limits(say), verification(sources, say)]
    return Report(
        title=say("Do the promises hold?", "承诺成立吗？"),
        subtitle=_subtitle(sources, say),
        lang=lang,
        day_s=day_of(sources),
        sections=sections,
    )


def _subtitle(sources: Sequence[Source], say: Tongue) -> str:
    names = say(", ", "、").join(source.name for source in sources)
    return say(
        f"Simulated check of {names}. Not a regulator's finding.",
        f"{names} 的模拟检验。并非监管部门的认定。",
    )


def chapter(source: Source, say: Tongue) -> Section:
    """The charts of the run's products; keys are made unique where runs share a product.

    A joint run states its books once: what one product's chapter draws, the next leaves out.
    """
    found: dict[str, Figure] = {}
    for product, figures in CHAPTERS.items():
        if product in source.scenario["products"]:
            for figure in figures(source, say):
                if figure is not None:
                    found.setdefault(figure.key, figure)
    none = Text(say("No chart is made for this product.", "此产品没有专门的图表。"), "quiet")
    return Section(f"run-{source.key}", source.name, list(found.values()) or [none])


def _everything(source: Source, say: Tongue) -> Section:
    arms = source.arms
    names = sorted({name for metrics in source.metrics.values() for name in metrics})
    rows: list[Row] = [
        (
            Cell(name, note=say.meaning(name)),
            *(with_interval(source.metrics[arm].get(name), say) for arm in arms),
        )
        for name in names
    ]
    title = say(f"Every metric: {source.name}", f"全部指标：{source.name}")
    caption = title + say(
        " (mean and 95 % interval over replications)", "（各次重复的均值与 95% 区间）"
    )
    table = Table(
        caption,
        (say.word("metric"), *(say.arm(arm) for arm in arms)),
        rows,
        frozenset(range(1, len(arms) + 1)),
    )
    return Section(f"metrics-{source.key}", title, [table], 2)
