"""A replay of merchants as one JSON document, and on the terminal."""

from __future__ import annotations

from typing import Any, Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sim.replay.credit import CreditReplay
from sim.reports.figures import figure
from system.credit.explanations import OUTCOME_TEXTS
from system.credit.reasons import TEXTS, Reason
from system.credit.rules import Refusal
from system.limits import PPM

Language = Literal["en", "zh"]
# (en, zh): what to keep in mind.
_NOTES = {
    "model": (
        "The model was learned from simulated merchants, for demonstration: give your own by "
        "--model before you rely on a figure.",
        "模型由模拟商户训练，仅供演示：在采信任何数字之前，请用 --model 给出您自己的模型。",
    ),
    "shadow": (
        "Decided as first applications, on these features alone: nothing was granted, and no "
        "consent, fraud or exposure was looked at.",
        "仅按这些特征、视为首次申请作出判断：未发放任何额度，也未核查授权、欺诈与存量敞口。",
    ),
}
_HEADS = {
    "en": ("merchant", "decision", "score", "PD", "limit", "rate", "why"),
    "zh": ("商户", "决定", "评分", "违约概率", "额度", "利率", "原因"),
}
_WORDS = {
    "en": {"approved": "approved", "declined": "declined", "refused": "left out"},
    "zh": {"approved": "通过", "declined": "拒绝", "refused": "未采用"},
}


def notes_of(replay: CreditReplay, lang: Language) -> list[str]:
    """What to keep in mind when reading the decisions."""
    column = ("en", "zh").index(lang)
    return [_NOTES[key][column] for key in ("model", "shadow") if key != "model" or replay.learned]


def credit_document_of(replay: CreditReplay, lang: Language) -> dict[str, Any]:
    """What ``replay credit --json`` prints. Money in fen; refusals by their code's name."""
    return {
        "product": "credit",
        "model": {
            "model_id": replay.model.model_id,
            "target": replay.model.target_text,
            "features": list(replay.model.features),
        },
        "merchants": [_entry(replay, at, lang) for at in range(len(replay.merchants.names))],
        "refused": [
            {
                "file": problem.file,
                "row": problem.row,
                "column": problem.column,
                "value": problem.value,
                "remedy": problem.remedy,
            }
            for problem in replay.merchants.problems
        ],
        "notes": notes_of(replay, lang),
    }


def _entry(replay: CreditReplay, at: int, lang: Language) -> dict[str, Any]:
    made, scores = replay.decisions, replay.scores
    approved, code = bool(made.approved[at]), Refusal(int(made.code[at]))
    return {
        "merchant": replay.merchants.names[at],
        "row": replay.merchants.rows[at],
        "decision": "approved" if approved else "declined",
        "refusal": None if approved else code.name,
        "refusal_text": None if approved else OUTCOME_TEXTS[code][lang],
        "score": int(scores.score[at]),
        "pd_ppm": int(scores.pd_ppm[at]),
        "pd_low_ppm": int(scores.pd_low_ppm[at]),
        "pd_high_ppm": int(scores.pd_high_ppm[at]),
        "limit_fen": int(made.limit_fen[at]) if approved else None,
        "rate_ppm": int(made.rate_ppm[at]) if approved else None,
        "reasons": _reasons(replay, at, lang),
    }


def _reasons(replay: CreditReplay, at: int, lang: Language) -> list[dict[str, Any]]:
    """The features that cost most points, most first."""
    codes = [Reason(int(code)) for code in replay.scores.reasons[at] if int(code) in TEXTS]
    return [{"code": int(code), "name": code.name, "text": TEXTS[code][lang]} for code in codes]


def show_credit_replay(replay: CreditReplay, lang: Language, console: Console) -> None:
    """Print the decisions with their reasons, what was left out, and what to keep in mind."""
    word = _WORDS[lang]
    table = Table(*_HEADS[lang], show_lines=True)
    for at in range(len(replay.merchants.names)):
        entry = _entry(replay, at, lang)
        limit_fen, rate_ppm = entry["limit_fen"], entry["rate_ppm"]
        why = [entry["refusal_text"]] if entry["refusal"] else []
        table.add_row(
            escape(entry["merchant"]),
            word[entry["decision"]],
            str(entry["score"]),
            figure(entry["pd_ppm"] / PPM, "ratio"),
            figure(limit_fen, "fen"),
            figure(rate_ppm / PPM if rate_ppm is not None else None, "ratio"),
            escape("\n".join([*why, *(reason["text"] for reason in entry["reasons"])])),
        )
    console.print(table)
    for problem in replay.merchants.problems:
        place = f"{problem.file}:{problem.row}: {problem.column} = {problem.value}"
        console.print(f"{word['refused']}: {place}: {problem.remedy}", markup=False)
    for note in notes_of(replay, lang):
        console.print(f"  · {note}", markup=False, highlight=False)
