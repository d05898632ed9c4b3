"""``shapan scenarios``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.commands import options

if TYPE_CHECKING:
    from sim.scenario import Scenario


def scenarios(json: options.Json = False, lang: options.Lang = None) -> int:
    """List the packaged scenarios: name, question, arms, products."""
    from sim.scenario import packaged

    chosen, found = options.language_of(lang), packaged()
    if json:
        options.print_json({"scenarios": [_entry(scenario) for scenario in found]})
    else:
        _show(found, chosen)
    return 0


def _entry(scenario: Scenario) -> dict[str, Any]:
    return {
        "name": scenario.name,
        "question": {"en": scenario.question.en, "zh": scenario.question.zh},
        "arms": list(scenario.arms),
        "products": list(scenario.products),
        "claims": [claim.id for claim in scenario.claims],
        "horizon_days": scenario.horizon_days,
    }


def _show(found: list[Scenario], lang: str) -> None:
    from rich.console import Console
    from rich.table import Table

    from sim.reports.words import words

    word = words(lang)
    table = Table(*(word[key] for key in ("scenario", "question", "arms", "products")))
    for scenario in found:
        question = getattr(scenario.question, lang)
        table.add_row(
            scenario.name, question, ", ".join(scenario.arms), ", ".join(scenario.products)
        )
    Console().print(table)
