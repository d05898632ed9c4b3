"""A comparison of runs on the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from sim.compare import SAME
from sim.reports.figures import claim_unit, figure, span
from sim.reports.words import words
from sim.run_folder import Json

CHANGE_STYLE = {"better": "green", "worse": "bold red", "same": "dim", "inconclusive": "yellow"}


def show_comparison(document: Json, lang: str, console: Console) -> None:
    """Print what ``sim.compare.compare`` found."""
    word = words(lang)
    names = [run["run"] for run in document["runs"]]
    for number, run in enumerate(document["runs"], 1):
        console.print(f"[{number}] {run['run']} ({run['scenario']}, {run['seed']})", markup=False)
    numbers = [f"[{number}]" for number in range(1, len(names) + 1)]
    scenarios = list(dict.fromkeys(run["scenario"] for run in document["runs"]))
    if len(scenarios) > 1:
        console.print(word["unlike_scenarios"].format(names=", ".join(scenarios)), markup=False)
    elif document["parameters"]:
        console.print(_parameters(document["parameters"], numbers, word))
    else:
        console.print(word["same_parameters"])
    console.print(_claims(document["claims"], numbers, word))
    if document["paired"]:
        differing = [row for row in document["differences"] if row["change"] != SAME]
        console.print(_differences(differing, names, word))
        same = len(document["differences"]) - len(differing)
        console.print(word["same_count"].format(n=same))
    else:
        console.print(word["unpaired"])
    if document.get("speed"):
        console.print(_speed(document["speed"], word))


def _speed(rows: list[Json], word: Mapping[str, str]) -> Table:
    table = Table(title=word["speed"], title_justify="left")
    columns = (word["arms"], "[1]", "[2]", word["ratio"], word["interval"], word["change"], "n")
    for column in columns:
        table.add_column(column.replace("[", "\\["))
    for row in rows:
        times = (figure(row[key], "s") for key in ("first_s", "later_s"))
        ends = span(row["ci_low"], row["ci_high"], "")
        change = f"[{CHANGE_STYLE[row['change']]}]{word[row['change']]}[/]"
        table.add_row(row["arm"], *times, figure(row["ratio"], ""), ends, change, str(row["n"]))
    return table


def _table(title: str, first: str, numbers: list[str]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for number in numbers:
        table.add_column(number.replace("[", "\\["), justify="right")
    return table


def _parameters(rows: list[Json], numbers: list[str], word: Mapping[str, str]) -> Table:
    table = _table(word["parameter"], word["parameter"], numbers)
    for row in rows:
        table.add_row(row["path"], *map(str, row["values"]))
    return table


def _claims(rows: list[Json], numbers: list[str], word: Mapping[str, str]) -> Table:
    table = _table(word["claims"], word["promise"], numbers)
    for row in rows:
        table.add_row(row["id"], *(_verdict(found, row, word) for found in row["runs"]))
    return table


def _verdict(found: Json | None, row: Json, word: Mapping[str, str]) -> str:
    if found is None:
        return "–"
    estimate = figure(found["estimate"], claim_unit(row["compare"], row["unit"]))
    return f"{estimate} {word[found['verdict']]}"


def _differences(rows: list[Json], names: list[str], word: Mapping[str, str]) -> Table:
    table = Table(title=word["difference"], title_justify="left")
    keys = ("arms", "metric", "difference", "interval", "change")
    for column in ("", *(word[key] for key in keys), "n"):
        table.add_column(column, overflow="fold")
    for row in rows:
        number = f"\\[{names.index(row['run'], 1) + 1}] - \\[1]"
        unit = claim_unit("difference", row["unit"])
        interval, mean = span(row["ci_low"], row["ci_high"], unit), figure(row["mean"], unit)
        change = f"[{CHANGE_STYLE[row['change']]}]{word[row['change']]}[/]"
        table.add_row(number, row["arm"], row["metric"], mean, interval, change, str(row["n"]))
    return table
