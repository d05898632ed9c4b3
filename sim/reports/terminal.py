"""A finished study on the terminal: claims, metrics by arm, invariants, what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sim.findings import metrics_of, units_of
from sim.pilot import Pilot
from sim.reports.assumption_map import show_map
from sim.reports.figures import claim_unit, figure, plain_number, span
from sim.reports.reasons import told
from sim.reports.stages import STAGE, must_shrink, stage_table
from sim.reports.words import words
from sim.run import HELD
from sim.run_folder import Json, RunFolder
from sim.warmup import settled_days

VERDICT_STYLE = {"supported": "bold green", "refuted": "bold red", "undecided": "yellow"}


def show_run(folder: RunFolder, lang: str, console: Console) -> None:
    """Print what the run folder holds."""
    run, word = folder.read_run(), words(lang)
    _findings(folder, lang, console)
    if (found := folder.read_map()) is not None:
        show_map(found, run["scenario"]["claims"], lang, console)
    _footer(_facts(folder, run, word), folder.path, run["status"], word, console)


def show_pilot(pilot: Pilot, document: Json, lang: str, console: Console) -> None:
    """Print what each run of the pilot holds, and what the pilot comes to (its JSON document)."""
    word = words(lang)
    for name, study in pilot.studies.items():
        console.rule(name, align="left")
        _findings(study.folder, lang, console)
        run = study.folder.read_run()
        console.print(_line_of(_facts(study.folder, run, word)), highlight=False, soft_wrap=True)
    console.rule()
    facts = (
        f"{word['status']}: {word[document['status']]}",
        f"{word['events']}: {plain_number(document['events'])}",
        f"{document['wall_s']:.1f} s",
        f"{word['digest']}: {document['digest'][:16]}",
    )
    _footer(facts, pilot.path, document["status"], word, console)


def _findings(folder: RunFolder, lang: str, console: Console) -> None:
    run, records, word = folder.read_run(), folder.records(), words(lang)
    claims, units = folder.read_claims(), units_of(records)
    console.print(run["scenario"]["question"][lang], style="bold")
    console.print(_claims(claims, units, lang))
    by_arm = _baselines_first(metrics_of(records, units), claims)
    for advice in must_shrink(by_arm, claims, lang):
        console.print(advice, highlight=False)
    console.print(_warmup(folder, run["scenario"], word), highlight=False)
    console.print(_assumptions(run["scenario"]["parameters"], word), highlight=False)
    console.print(_metrics(by_arm, word))
    if stages := stage_table(by_arm, word):
        console.print(stages)
    console.print(_invariants(run["invariants"], word))
    for failure in folder.failures():
        console.print(
            f"{word['failure']} {failure['replication']} ({failure['stage']}): "
            f"{failure['error']}\n  {failure['replay']}",
            style="red",
            markup=False,
        )


def _claims(claims: list[Json], units: Mapping[str, str], lang: str) -> Table:
    word = words(lang)
    table = Table(title=word["claims"], title_justify="left", show_lines=True)
    table.add_column(word["promise"], overflow="fold")
    for key in ("measured", "interval", "threshold", "n"):
        table.add_column(word[key], justify="right", no_wrap=True)
    table.add_column(word["verdict"], no_wrap=True)
    for claim in claims:
        unit = claim_unit(claim["compare"], units.get(claim["metric"], ""))
        comparison = f"{claim['metric']}: {claim['arm']}"
        if claim["baseline"]:
            comparison += f" / {claim['baseline']}"
        note = "".join(f"\n[dim]{escape(text)}[/dim]" for text in _notes(claim, lang))
        table.add_row(
            f"{escape(claim['text'][lang])}\n[dim]{escape(comparison)}[/dim]{note}",
            figure(claim["estimate"], unit),
            f"{span(claim['ci_low'], claim['ci_high'], unit)}\n{_detectable(claim, unit, word)}",
            f"{claim['operator']} {figure(claim['threshold'], unit)}",
            str(claim["n"]),
            f"[{VERDICT_STYLE[claim['verdict']]}]{word[claim['verdict']]}[/]",
        )
    return table


def _detectable(claim: Json, unit: str, word: Mapping[str, str]) -> str:
    return "" if claim["mde"] is None else f"[dim]{word['mde']} {figure(claim['mde'], unit)}[/dim]"


def _notes(claim: Json, lang: str) -> list[str]:
    """What to know about a claim's figures: why it is undecided, what pairing was worth."""
    word, notes = words(lang), [told(claim["reason"], lang)] if claim["reason"] else []
    pairing = claim.get("pairing")
    if pairing and pairing["factor"] is not None:
        notes.append(
            word["pairing"].format(
                correlation=plain_number(pairing["correlation"]),
                factor=plain_number(pairing["factor"]),
                saved=plain_number(pairing["saved"]),
            )
        )
    return notes


def _warmup(folder: RunFolder, scenario: Json, word: Mapping[str, str]) -> str:
    """What was left out before measuring, beside when each arm's events settle."""
    settled = ", ".join(f"{arm} {days} d" for arm, days in settled_days(folder).items())
    return word["warmup"].format(
        warmup=scenario["warmup_days"], horizon=scenario["horizon_days"], settled=settled or "–"
    )


def _assumptions(parameters: Json, word: Mapping[str, str]) -> str:
    assumed = sum(1 for parameter in parameters.values() if parameter.get("assumed"))
    return word["assumptions"].format(assumed=assumed, total=len(parameters))


def _baselines_first(by_arm: Json, claims: list[Json]) -> Json:
    baselines = {claim["baseline"] for claim in claims}
    return {arm: by_arm[arm] for arm in sorted(by_arm, key=lambda arm: arm not in baselines)}


def _metrics(by_arm: Json, word: Mapping[str, str]) -> Table:
    table = Table(title=word["metrics"], title_justify="left")
    table.add_column(word["metric"])
    for arm in by_arm:
        table.add_column(arm, justify="right")
    names = {name for found in by_arm.values() for name in found}
    for name in sorted(name for name in names if _is_headline(name, names)):
        table.add_row(name, *(_mean(found.get(name)) for found in by_arm.values()))
    return table


def _is_headline(name: str, names: set[str]) -> bool:
    """Breakdowns stay in the run folder where the whole is shown; stages have their own table."""
    return not name.startswith(STAGE) and name.rpartition(".")[0] not in names


def _mean(found: Json | None) -> str:
    if found is None or found["mean"] is None:
        return "–"
    if found["ci_low"] is None:
        return figure(found["mean"], found["unit"])
    half = figure((found["ci_high"] - found["ci_low"]) / 2, found["unit"])
    return f"{figure(found['mean'], found['unit'])} ± {half}"


def _invariants(states: Mapping[str, str], word: Mapping[str, str]) -> Table:
    table = Table(title=word["invariants"], title_justify="left")
    table.add_column(word["invariant"])
    table.add_column(word["state"])
    for name, state in states.items():
        style = "green" if state == HELD else "bold red"
        shown = word["held"] if state == HELD else state
        table.add_row(name, f"[{style}]{escape(shown)}[/]")
    return table


def _facts(folder: RunFolder, run: Json, word: Mapping[str, str]) -> tuple[str, ...]:
    return (
        f"{word['status']}: {word[run['status']]}",
        f"{word['replications']}: {len(run['replications'])}",
        f"{word['events']}: {plain_number(run['events'])}",
        f"{folder.read_wall()['wall_s']:.1f} s",
        f"{word['digest']}: {run['digest'][:16]}",
    )


def _line_of(facts: Sequence[str]) -> str:
    return " · ".join(facts)


def _footer(
    facts: Sequence[str], path: Path, status: str, word: Mapping[str, str], console: Console
) -> None:
    console.print(_line_of(facts), highlight=False, soft_wrap=True)
    console.print(f"{word['folder']}: {path}", markup=False, soft_wrap=True)
    console.print(f"{word['next']}:", highlight=False)
    commands = [f"shapan verify {path} --rerun", f"shapan compare {path} RUN"]
    if status == "partial":
        commands.insert(0, f"shapan run --resume {path}")
    for command in commands:
        console.print(f"  {command}", markup=False, highlight=False, soft_wrap=True)
