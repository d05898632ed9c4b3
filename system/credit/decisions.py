"""Decisions on applications, kept with what the model saw, so that each can be explained later."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from system.canonical import canonical_json
from system.credit.explanations import OUTCOME_TEXTS, Decided, Explanation, explain
from system.credit.outcome import Decisions
from system.credit.policy import CreditPolicy
from system.credit.reasons import Language
from system.credit.rules import Refusal
from system.credit.scorer import ScorecardModel
from system.errors import MissingRow
from system.kernels.columns import I64
from system.ports.store import AtLeast, Table, Unit


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """The last decision of a day on one merchant. inputs: JSON of every feature as of that day.

    model_id: empty for a model that is no scorecard.
    """

    account: int
    day: int
    model_id: str
    code: int
    requested_fen: int
    limit_fen: int
    rate_ppm: int
    score: int
    pd_ppm: int
    explored: bool
    inputs: str


DECISIONS: Final = Table(
    "credit_decision", DecisionRow, key=("account", "day"), checks=(AtLeast("account", 0),)
)


def keep(
    unit: Unit,
    day: int,
    model_id: str,
    accounts: I64,
    requested_fen: I64,
    made: Decisions,
    features: Mapping[str, I64],
) -> None:
    """Keep these decisions, one row for each account."""
    rows = [
        DecisionRow(
            account,
            day,
            model_id,
            int(made.code[n]),
            int(requested_fen[n]),
            int(made.limit_fen[n]),
            int(made.rate_ppm[n]),
            int(made.score[n]),
            int(made.pd_ppm[n]),
            bool(made.explored[n]),
            canonical_json({name: int(column[n]) for name, column in features.items()}),
        )
        for n, account in enumerate(accounts.tolist())
    ]
    known = unit.get(DECISIONS, [(row.account, day) for row in rows])
    unit.insert(DECISIONS, [r for r, k in zip(rows, known, strict=True) if k is None])
    unit.replace(DECISIONS, [r for r, k in zip(rows, known, strict=True) if k is not None])


def last_decision(unit: Unit, account: int) -> DecisionRow:
    """The newest decision on a merchant. Raises MissingRow where a machine never decided."""
    found = unit.find(DECISIONS, {"account": account})
    if not found:
        raise MissingRow(DECISIONS.name, (account,))
    return found[-1]


def outcome_text(row: DecisionRow, language: Language) -> str:
    """What was decided, in words."""
    return OUTCOME_TEXTS[Refusal(row.code)][language]


def explained(
    row: DecisionRow, model: ScorecardModel, policy: CreditPolicy, language: Language
) -> Explanation:
    """Why, by the same kernel over the same inputs.

    model: the one of row.model_id.  Raises IntegrityError where it now says something else.
    """
    decided = Decided(
        row.account,
        row.day,
        Refusal(row.code),
        row.limit_fen,
        row.rate_ppm,
        row.score,
        row.pd_ppm,
        row.explored,
    )
    return explain(model, json.loads(row.inputs), decided, policy, language)
