"""Is the model in use still looking at the merchants that it was made for? Asked on demand."""

from __future__ import annotations

from typing import Final

import numpy as np

from system.credit import registry
from system.credit.desk import Parts
from system.credit.drift import DriftReport, add_counts, count_rows, drift_report
from system.credit.drift_records import DRIFT_REFERENCES, reference_of
from system.credit.features import features_as_of
from system.credit.records import LINES, Basis, LineState
from system.credit.scorer import ScorecardModel
from system.kernels.business_day import business_day
from system.kernels.columns import MISSING
from system.parties.consent import Purpose

_ROWS_AT_ONCE: Final = 65_536


def drift(parts: Parts) -> DriftReport | None:
    """Open lines that were granted on data, as of today, beside the champion's training rows.

    Only merchants who consented to monitoring are read, and every reading is in the log of
    accesses. None where no scorecard decides, where its reference was not kept, or where nobody
    can be read.
    """
    day = business_day(parts.clock.now_s())
    with parts.book.transaction() as unit:
        model_id = registry.champion_id(unit.rows)
        if model_id is None or unit.rows.get(DRIFT_REFERENCES, [(model_id,)]) == [None]:
            return None
        model, reference = parts.champion(unit.rows), reference_of(unit.rows, model_id)
        if not isinstance(model, ScorecardModel):
            return None
        found = None
        count = unit.count(LINES)
        for start in range(0, count, _ROWS_AT_ONCE):
            some = slice(start, min(start + _ROWS_AT_ONCE, count))
            lines = unit.read(LINES, ("life", "basis"), some)
            scored = (lines["life"] == LineState.OPEN) & (lines["basis"] == Basis.SCORE)
            rows = start + np.flatnonzero(scored)
            features = features_as_of(unit, rows, day, Purpose.MONITORING, parts.clock.now_s())
            known = features["history_periods"] != MISSING
            seen = {name: features[name][known] for name in model.features}
            counts = count_rows(model, seen, reference.score_edges)
            found = counts if found is None else add_counts(found, counts)
    if found is None or not found.rows:
        return None
    return drift_report(reference, found)
