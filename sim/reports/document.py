"""The one JSON document of ``run`` and ``pilot`` (DESIGN section 11), read from the run folder."""

from __future__ import annotations

from sim.findings import metrics_of, units_of
from sim.pilot import Pilot, summary, unique_claims
from sim.run import HELD
from sim.run_folder import Json, RunFolder, plain

CLAIM_KEYS = (
    "id",
    "metric",
    "arm",
    "baseline",
    "estimate",
    "ci_low",
    "ci_high",
    "threshold",
    "n",
    "verdict",
    "mde",
    "level",
    "method",
    "pairing",
)


def document_of(folder: RunFolder) -> Json:
    """What the study found, with the keys that DESIGN names; undefined figures are null.

    ``map`` is there where a map was asked for; then each claim has its ``box`` too.
    """
    run, records = folder.read_run(), folder.records()
    document: Json = {
        "run": str(folder.path),
        "digest": run["digest"],
        "status": run["status"],
        "claims": [_claim(claim) for claim in folder.read_claims()],
        "metrics": metrics_of(records, units_of(records)),
        "invariants": run["invariants"],
        "events": run["events"],
        "wall_s": folder.read_wall()["wall_s"],
    }
    found = folder.read_map()
    if found is not None:
        document["map"] = found.get("claims", {})
        for claim in document["claims"]:
            claim["box"] = _box(document["map"].get(claim["id"]))
    return plain(document)  # type: ignore[no-any-return]


def _claim(claim: Json) -> Json:
    """Undefined figures are null; the arm that a level has none of is an empty word."""
    return {key: claim[key] for key in CLAIM_KEYS} | {"baseline": claim["baseline"] or ""}


def _box(entry: Json | None) -> Json | None:
    """In which ranges of which assumptions the claim holds: {} for all, null for nowhere."""
    if not entry or not entry["box"]:
        return None
    return {name: entry["box"][name] for name in entry["box_restricted"]}


def pilot_document_of(pilot: Pilot) -> Json:
    """The same document over all of a pilot's scenarios.

    Claims that two scenarios make under one name bear the scenario's before it; an invariant held
    where it held in every scenario that checked it.
    """
    runs = pilot.runs()
    found = {name: document_of(study.folder) for name, study in pilot.studies.items()}
    names = unique_claims({n: [claim["id"] for claim in d["claims"]] for n, d in found.items()})
    totals = summary(runs)
    return {
        "run": str(pilot.path),
        "digest": totals["digest"],
        "status": totals["status"],
        "claims": [
            claim | {"id": names[name][claim["id"]]}
            for name, document in found.items()
            for claim in document["claims"]
        ],
        "metrics": {
            arm: metrics
            for document in found.values()
            for arm, metrics in document["metrics"].items()
        },
        "invariants": _all_invariants(runs),
        "events": sum(document["events"] for document in found.values()),
        "wall_s": sum(document["wall_s"] for document in found.values()),
    }


def _all_invariants(runs: dict[str, Json]) -> dict[str, str]:
    """Name -> "held", or the first scenario in which it did not and what is said there."""
    found: dict[str, str] = {}
    for scenario, run in runs.items():
        for name, state in run["invariants"].items():
            if found.setdefault(name, HELD) == HELD and state != HELD:
                found[name] = f"{scenario}: {state}"
    return dict(sorted(found.items()))
