"""A user's own merchants through the production model and policy: what would be decided.

Nothing is enrolled and no money moves: the features of the file are scored, priced and limited by
the code that decides applications, as first applications with nothing else known.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from sim.credit.model import setting_of
from sim.replay.merchants import Merchants
from sim.scenario import load
from system.credit.appraisal import judged
from system.credit.model_files import open_scorecard
from system.credit.outcome import Decisions
from system.credit.policy import DEFAULT_POLICY
from system.credit.scorer import ScorecardModel, Scores
from system.credit.service_apply import decided
from system.errors import InputError
from system.limits import MODEL_BYTES_MAX

_SCENARIO: Final = "credit"


@dataclass(frozen=True, slots=True)
class CreditReplay:
    """What became of each merchant of the file, in its order. learned: from simulated merchants."""

    merchants: Merchants
    model: ScorecardModel
    learned: bool
    scores: Scores
    decisions: Decisions


def learned_model() -> ScorecardModel:
    """The model that the packaged scenario learns in its first replication: a demonstration."""
    scenario = load(_SCENARIO)
    arm = next(name for name, one in scenario.arms.items() if one.word("process") == "data")
    return open_scorecard(setting_of(scenario, arm, 0).learned().proposal.file)


def model_of(path: Path) -> ScorecardModel:
    """The scorecard in a file. Raises InputError."""
    try:
        if path.stat().st_size > MODEL_BYTES_MAX:
            raise InputError("--model", str(path), f"give at most {MODEL_BYTES_MAX} bytes")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("--model", str(path), f"cannot be read: {error}") from None
    try:
        return ScorecardModel.from_json(text)
    except InputError as error:
        raise InputError(error.field, error.value, error.remedy, file=str(path)) from None


def replay_credit(merchants: Merchants, model: ScorecardModel, *, learned: bool) -> CreditReplay:
    """Decide on every merchant. Raises InputError for a model that reads other features."""
    foreign = [name for name in model.features if name not in merchants.features]
    if foreign:
        remedy = f"give a model of these features only: {', '.join(merchants.features)}"
        raise InputError("--model", foreign, remedy)
    scores = model.score(merchants.features)
    look = judged(merchants.features, scores, DEFAULT_POLICY)
    nobody = np.zeros(len(merchants.names), np.bool_)
    answers = decided(look, merchants.requested_fen, nobody, DEFAULT_POLICY)
    return CreditReplay(merchants, model, learned, scores, answers)
