"""The map of a study's assumptions on the terminal: one row per claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sim.reports.figures import figure, parameter_figure, plain_number
from sim.reports.words import words
from sim.run_folder import Json

MOVERS_SHOWN = 4


def show_map(found: Json, claims: Sequence[Json], lang: str, console: Console) -> None:
    """Print map.json; ``claims`` as the scenario states them."""
    word = words(lang)
    if "claims" not in found:
        return
    console.print(_swept(found, word), highlight=False)
    for line in _troubles(found, word):
        console.print(line, style="yellow", markup=False, highlight=False)
    table = Table(title=word["map"], title_justify="left", show_lines=True)
    table.add_column(word["promise"], overflow="fold")
    table.add_column(word["map_holds"], justify="right", no_wrap=True)
    for key in ("map_moved_by", "map_box", "map_break_even"):
        table.add_column(word[key], overflow="fold")
    for claim in claims:
        entry = found["claims"][claim["id"]]
        table.add_row(
            escape(claim["text"][lang]),
            figure(entry["holds_share"], "ratio"),
            _movers(entry, word),
            _box(entry, word),
            _break_even(entry["break_even"], word),
        )
    console.print(table)


def _swept(found: Json, word: Mapping[str, str]) -> str:
    spec = found["spec"]
    return word["map_swept"].format(
        axes=len(found["design"]["axes"]),
        points=spec["points"],
        replications=spec["replications"],
        scale=plain_number(spec["population_scale"]),
    )


def _troubles(found: Json, word: Mapping[str, str]) -> list[str]:
    """What a reader must know before believing the rows below."""
    lines = []
    outside = found["outside"]
    if outside["points"]:
        fields = ", ".join(f"{name} x {n}" for name, n in outside["by_field"].items())
        lines.append(
            word["map_outside"].format(
                count=outside["points"], points=found["spec"]["points"], fields=fields
            )
        )
    if found["failed"]:
        first = found["failed"][0]
        text = f"{first['point']}, {first['replication']}: {first['error']}"
        lines.append(word["map_failed"].format(count=len(found["failed"]), first=text))
    if found["broken"]:
        first = found["broken"][0]
        text = f"{first['point']}, {first['arm']}, {first['invariant']}: {first['state']}"
        lines.append(word["map_broken"].format(count=len(found["broken"]), first=text))
    return lines


def _movers(entry: Json, word: Mapping[str, str]) -> str:
    chance = word["map_chance"].format(noise=plain_number(entry["noise"]))
    if not entry["movers"]:
        return f"{word['map_nothing']}\n[dim]{chance}[/dim]"
    rows = [
        f"{name} {plain_number(entry['indices'][name])}" for name in entry["movers"][:MOVERS_SHOWN]
    ]
    return "\n".join((*rows, f"[dim]{chance}[/dim]"))


def _box(entry: Json, word: Mapping[str, str]) -> str:
    if not entry["box"]:
        return word["map_nowhere"]
    rows = [
        f"{name} {' … '.join(parameter_figure(name, end) for end in entry['box'][name])}"
        for name in entry["box_restricted"]
    ]
    quality = entry["box_quality"]
    density = figure(quality["density"], "ratio")
    note = word["map_density"].format(density=density)
    return "\n".join((*(rows or [word["map_whole"]]), f"[dim]{note}[/dim]"))


def _break_even(found: Json, word: Mapping[str, str]) -> str:
    name = found["parameter"]
    if found["value"] is None:
        return f"{name}: {word['map_unturned']}" if name else "–"
    span = f"{parameter_figure(name, found['ci_low'])} … {parameter_figure(name, found['ci_high'])}"
    return f"{name} = {parameter_figure(name, found['value'])}\n[dim]{span}[/dim]"
