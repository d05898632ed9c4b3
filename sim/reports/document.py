"""The one JSON document of ``run`` and ``pilot`` (DESIGN section 11), read from the run folder."""

from __future__ import annotations

from sim.findings import metrics_of, units_of
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
)


def document_of(folder: RunFolder) -> Json:
    """What the study found, with exactly the keys that DESIGN names; undefined figures are null."""
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
    return plain(document)  # type: ignore[no-any-return]


def _claim(claim: Json) -> Json:
    """Undefined figures are null; the arm that a level has none of is an empty word."""
    return {key: claim[key] for key in CLAIM_KEYS} | {"baseline": claim["baseline"] or ""}
