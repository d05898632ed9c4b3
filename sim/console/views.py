"""What each page shows: plain data for its template."""

from __future__ import annotations

import datetime
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any, Final

from markupsafe import Markup

from sim.compare import compare
from sim.console import drill
from sim.console.costs import Size, cost_of, counts_of
from sim.console.forms import count_field, sliders, whole_number, whole_or
from sim.console.growth import place_of
from sim.console.intervals import HEIGHT, WIDTH, picture
from sim.console.launches import Launch
from sim.console.library import COMPARED_MAX, Library
from sim.console.lives import READY, Lives
from sim.console.machine import machine_of
from sim.console.operations import period_day, products
from sim.console.parallel import parallel
from sim.console.watch import watch_of
from sim.event_queries import Part
from sim.findings import claims_of, judgements, metrics_of, units_of
from sim.lives import is_told
from sim.looks import ALPHA
from sim.reports.figures import claim_unit, figure, plain_number, span
from sim.reports.html.render import fragment
from sim.reports.story.answer import sign
from sim.reports.story.blocks import Figure
from sim.reports.story.faults import faults
from sim.reports.story.source import sources_of
from sim.reports.story.tell import chapter
from sim.reports.story.tongue import Tongue
from sim.run_document import PARTIAL, RUNNING
from sim.run_folder import Json, RunFolder
from sim.scenario import Scenario, packaged, scenario_of
from system.api.services import Services
from system.errors import InputError
from system.parties.feedback import Score

Context = dict[str, Any]
SHOWN_MAX: Final = 200
# Of so many runs every metric is compared, of more only what the claims speak of.
_ALL_METRICS_RUNS_MAX: Final = 4
# More parameters than these would push the claims off the first screen.
_DIFFERING_OPEN_MAX: Final = 12
# A run that was interrupted, or cut off.
_OPEN: Final = (PARTIAL, RUNNING)
_EPOCH_ORDINAL: Final = datetime.date(1970, 1, 1).toordinal()


def runs(library: Library, running: Sequence[Launch], search: str) -> Context:
    """The list."""
    entries, more = library.page(search, SHOWN_MAX)
    return {
        "entries": entries,
        "more": more,
        "running": running,
        "search": search,
    }


@cache
def scenarios() -> tuple[Scenario, ...]:
    """Every packaged scenario. Reading them all takes a second, and they do not change."""
    return tuple(packaged())


def new(scenario: Scenario) -> Context:
    """The form of a new run of this scenario."""
    return {
        "scenario": scenario,
        "sliders": sliders(scenario),
        "counts": [(name, count_field(name), count) for name, count in counts_of(scenario).items()],
        "names": scenarios(),
    }


def estimate(library: Library, scenario: Scenario, form: Mapping[str, Sequence[str]]) -> Context:
    """How long the run of a half-filled form would take; what is no number is as packaged."""
    days = scenario.warmup_days + whole_or(form, "horizon_days", scenario.horizon_days)
    counts = counts_of(scenario).items()
    actors = sum(whole_or(form, count_field(name), count) for name, count in counts)
    replications = whole_or(form, "replications", scenario.replications.max)
    arms = form.get("arms") or tuple(scenario.arms)
    found = cost_of(library, scenario, arms, Size(days, actors), replications)
    if found is None:
        return {"found": None}
    told = {"time": figure(max(1.0, found.seconds), "s"), "each": figure(found.each_s, "s")}
    size = {"days": days, "actors": plain_number(actors), "replications": replications}
    basis = {"run": found.runs[0], "runs": len(found.runs), "sizes": found.sizes}
    return {"found": told | size | basis}


def launch(started: Launch) -> Context:
    """A run under way: how far it is, and its claims as far as they can be told."""
    records, scenario = started.folder.records(), started.scenario
    claims: list[Context] = []
    if len(records) >= 2:
        # As the claims stand now; the study itself decides at its planned looks only.
        found = judgements(scenario, records, ALPHA)
        claims = _claims(claims_of(scenario, found), units_of(records))
    return {
        "launch": started,
        "state": started.state,
        "done": len(records),
        "percent": round(100 * len(records) / started.planned),
        "claims": claims,
        "rows": json.dumps(started.growth.rows(records)),
        "grown": [(claim.id, place_of(claim.id), claim.text) for claim in scenario.claims],
        "log": started.log_tail() if started.state != "running" else "",
        "has_begun": (started.folder.path / "run.json").is_file(),
        "command": shlex.join(("shapan", *started.command)),
        "failures": started.folder.failures(),
    }


def run(id_: str, folder: RunFolder, query: Mapping[str, str]) -> Context:
    """One run, claims first."""
    document, records = folder.read_run(), folder.records()
    units = units_of(records)
    return {
        "id": id_,
        "run": document,
        "scenario": document["scenario"],
        "claims": _claims(folder.read_claims(), units),
        "metrics": _metrics(metrics_of(records, units), document["arms"]),
        "arms": document["arms"],
        "failures": folder.failures(),
        "resume": f"shapan run --resume {folder.path}" if document["status"] in _OPEN else "",
        "replications": [record["replication"] for record in records],
        "events": plain_number(document.get("events", 0)),
        "files": list(folder.files()),
        "held": "held",
        "has_lives": is_told(document["scenario"]["products"]),
        "faults": timeline(document["scenario"]),
    }


def charts(folder: RunFolder, lang: str) -> Context:
    """The charts of the run's chapter in the report, and when what was broken in it."""
    [source] = sources_of([folder.path])
    say = Tongue(lang)
    told = chapter(source, say)
    broken = [block for block in faults(source, say) if isinstance(block, Figure)]
    html, specs = fragment(replace(told, blocks=[*told.blocks, *broken]), lang)
    return {"html": Markup(html), "specs": specs}  # nosec B704


def timeline(scenario: Json) -> list[Context]:
    """Faults as bars over the run's days, in percent of them; one that is drawn covers them all."""
    days = scenario["warmup_days"] + scenario["horizon_days"]
    return [_bar(fault, days) for fault in scenario.get("faults", [])]


def _bar(fault: Json, days: int) -> Context:
    if "every" in fault:
        return {**fault, "from_text": f"~{fault['every']:g}", "left": 0, "width": 100}
    start = min(fault["at"], days)
    width = max(0.4, min(fault["for"], days - start))
    return {
        **fault,
        "from_text": f"{fault['at']:g}",
        "left": 100 * start / days,
        "width": 100 * width / days,
    }


def _claims(claims: Sequence[Json], units: Mapping[str, str]) -> list[Context]:
    rows = []
    for claim in claims:
        unit = claim_unit(claim["compare"], units.get(claim["metric"], ""))
        beside = f" / {claim['baseline']}" if claim["baseline"] else ""
        rows.append(
            {
                **claim,
                "what": f"{claim['metric']}: {claim['arm']}{beside}",
                "estimate_text": figure(claim["estimate"], unit),
                "interval_text": _interval(claim["ci_low"], claim["ci_high"], unit),
                "threshold_text": f"{sign(claim['operator'])} {figure(claim['threshold'], unit)}",
                "picture": picture(claim),
                "width": WIDTH,
                "height": HEIGHT,
            }
        )
    return rows


def _interval(low: float | None, high: float | None, unit: str) -> str:
    return "" if low is None and high is None else span(low, high, unit)


def _metrics(by_arm: Json, arms: Sequence[str]) -> list[Context]:
    names = sorted({name for found in by_arm.values() for name in found})
    return [
        {"name": name, "cells": [_cell(by_arm[arm].get(name)) for arm in arms]} for name in names
    ]


def _cell(found: Json | None) -> str:
    if found is None or found["mean"] is None:
        return "–"
    mean = figure(found["mean"], found["unit"])
    if found["ci_low"] is None:
        return mean
    return f"{mean} ± {figure((found['ci_high'] - found['ci_low']) / 2, found['unit'])}"


def events(id_: str, folder: RunFolder, query: Mapping[str, str]) -> Context:
    """The way down from counts to one subject's life."""
    document = folder.read_run()
    arm, replication = _chosen(document, query)
    part = Part(folder, replication, arm)
    kind, subject = query.get("kind", ""), query.get("subject", "")
    found, count = drill.subjects(part, kind, query.get("search", "")) if kind else ([], 0)
    return {
        "id": id_,
        "run": document,
        "replication": replication,
        "arm": arm,
        "kind": kind,
        "subject": subject,
        "search": query.get("search", ""),
        "kinds": drill.kinds(part),
        "subjects": found,
        "more": count - len(found),
        "life": drill.life(part, subject) if subject else [],
    }


def _chosen(document: Json, query: Mapping[str, str]) -> tuple[str, int]:
    """The arm and replication that an address names. Raises InputError."""
    asked, arm = query.get("replication", "0"), query.get("arm") or document["arms"][0]
    replication = whole_number(asked)
    if replication is None or replication not in document.get("replications", ()):
        raise InputError("replication", asked, "choose one that was run")
    if arm not in document["arms"]:
        raise InputError("arm", arm, f"use {' or '.join(document['arms'])}")
    return arm, replication


def lives(id_: str, folder: RunFolder, told: Lives, query: Mapping[str, str]) -> Context:
    """The way down to one loan or machine. Raises InputError for an arm that was not run."""
    arm, replication = _chosen(folder.read_run(), query)
    key, search, who = (id_, arm, replication), query.get("search", ""), query.get("who", "")
    is_ready = told.state(*key) == READY
    found, count = told.found(*key, search) if is_ready else ([], 0)
    return {
        "id": id_,
        "arm": arm,
        "replication": replication,
        "state": told.state(*key),
        "search": search,
        "who": who,
        "subjects": found,
        "more": count - len(found),
        "life": told.life(*key, who) if is_ready and who else [],
        "map": told.map(*key, who) if is_ready and who else None,
    }


def watch(id_: str, folder: RunFolder, told: Lives, query: Mapping[str, str]) -> Context:
    """The page of the moving picture."""
    document = folder.read_run()
    arm, replication = _chosen(document, query)
    # The machines of a joint run send no readings, so they are on no map.
    has_fleet = list(document["scenario"]["products"]) == ["leasing"]
    return {
        "id": id_,
        "arm": arm,
        "replication": replication,
        "lacks_fleet": has_fleet and told.state(id_, arm, replication) != READY,
    }


def watch_frames(id_: str, folder: RunFolder, told: Lives, query: Mapping[str, str]) -> Json:
    """The moving picture itself."""
    document = folder.read_run()
    arm, replication = _chosen(document, query)
    scenario = scenario_of(document["scenario"], str(folder.path / "run.json"))
    return watch_of(
        scenario, Part(folder, replication, arm), partial(told.fleet, id_, arm, replication)
    )


def operations(bank: Services, drift: Context | None = None) -> Context:
    """The live figures of the bank beside the console. drift: when it was last looked for."""
    return {"products": products(bank), "day_text": _day_text, "drift": drift}


def drift(bank: Services) -> Context:
    """Drift of the model in use, and when it was looked for."""
    return {"report": bank.credit.credit.drift(), "at": _time_text(bank.clock.now_s() * 1_000)}


def machine(bank: Services, number: int) -> Context:
    """One machine of that bank."""
    return {**machine_of(bank, number), "time_text": _time_text}


def _time_text(at_ms: int) -> str:
    at = datetime.datetime.fromtimestamp(at_ms / 1_000, datetime.UTC)
    return at.strftime("%Y-%m-%d %H:%M")


def _day_text(score: Score) -> str:
    return datetime.date.fromordinal(_EPOCH_ORDINAL + period_day(score)).isoformat()


def compared(library: Library, ids: Sequence[str]) -> Context:
    """Runs beside each other. Raises InputError for less than two or too many."""
    if not 2 <= len(ids) <= COMPARED_MAX:
        raise InputError("run", len(ids), f"choose 2 to {COMPARED_MAX} runs")
    folders = [library.folder(id_) for id_ in ids]
    many = len(folders) > _ALL_METRICS_RUNS_MAX
    found = compare(folders, _claimed(folders) if many else None)
    names = {str(folder.path): id_ for folder, id_ in zip(folders, ids, strict=True)}
    claims = [_beside(claim) for claim in found["claims"]]
    differences = [
        {
            **one,
            "run": names[one["run"]],
            "text": figure(one["mean"], claim_unit("difference", one["unit"])),
            "span": span(one["ci_low"], one["ci_high"], claim_unit("difference", one["unit"])),
        }
        for one in found["differences"]
        if one["ci_low"] is not None and (one["ci_low"] > 0 or one["ci_high"] < 0)
    ]
    scenarios = list(dict.fromkeys(run["scenario"] for run in found["runs"]))
    return {
        "ids": ids,
        "found": found,
        "scenarios": scenarios,
        "is_folded": len(scenarios) > 1 or len(found["parameters"]) > _DIFFERING_OPEN_MAX,
        "claims": claims,
        "differences": differences,
        "lines": parallel(found),
        "claimed_only": many,
    }


def _claimed(folders: Sequence[RunFolder]) -> set[str]:
    """The metrics of the claims: of many runs, all others would be thousands of rows."""
    return {claim["metric"] for folder in folders for claim in folder.read_claims()}


def _beside(claim: Json) -> Context:
    unit = claim_unit(claim["compare"], claim["unit"])
    cells = [
        None
        if one is None
        else {
            "text": figure(one["estimate"], unit),
            "span": span(one["ci_low"], one["ci_high"], unit),
            "verdict": one["verdict"],
        }
        for one in claim["runs"]
    ]
    return {"id": claim["id"], "text": claim["text"], "cells": cells}
