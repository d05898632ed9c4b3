"""A replay as one JSON document, and on the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sim.replay.documents import Recorded
from sim.replay.receivables import BANK, Decision, Replay
from sim.reports.figures import figure, plain_number
from sim.reports.words import words
from system.chain.events import AlertRaised, QuoteMade
from system.limits import PPM

_STYLE = {"quoted": "green", "declined": "yellow", "refused": "bold red"}
# (en, zh): what stands in for people and for history in shadow mode.
_NOTES = {
    "parties": (
        "{parties} parties on the invoices were enrolled as verified, each outside any group, with "
        "a yearly default probability of {pd}: related parties cannot be seen.",
        "发票上的 {parties} 个主体按已核验登记，均不属于任何集团，"
        "年违约概率取 {pd}：关联关系无法识别。",
    ),
    "acceptance": (
        "Each registered invoice was accepted at once by the debtor's hosted wallet; no debtor "
        "confirmed anything.",
        "每张登记的发票都由付款方的托管钱包当即签署确权；没有任何付款方真正确认。",
    ),
    "time": (
        "The clock followed the issue dates; invoices of one date came in the order of the data.",
        "时钟按开票日期推进；同日发票按数据中的次序处理。",
    ),
    "quotes": (
        'Whole claims were offered to one bank ("{bank}") without recourse. No quote was taken: no '
        "money moved, and limits counted open quotes only.",
        "整笔债权以无追索方式向一家银行（“{bank}”）申请；未接受任何报价：没有资金划转，"
        "额度只计入未到期的报价。",
    ),
    "passed_over": (
        "Files in the folders that are no invoices by their suffix, passed over: {passed_over}.",
        "目录中另有 {passed_over} 个其他文件未读取。",
    ),
}


def document_of(replay: Replay, lang: str) -> dict[str, Any]:
    """What ``replay --json`` prints. Money in fen; a refusal is a code's name."""
    return {
        "product": "receivables",
        "documents": len(replay.decisions),
        "invoices": [_entry(one) for one in replay.decisions],
        "alerts": [_alert(alert) for alert in replay.alerts],
        "notes": notes_of(replay, lang),
    }


def notes_of(replay: Replay, lang: str) -> list[str]:
    """What to keep in mind when reading the decisions."""
    facts = {
        "parties": replay.parties_count,
        "pd": figure(replay.terms.debtor_pd_ppm / PPM, "ratio"),
        "bank": BANK,
        "passed_over": replay.recording.passed_over,
    }
    column = ("en", "zh").index(lang)
    keys = [key for key in _NOTES if key != "passed_over" or facts[key]]
    return [_NOTES[key][column].format(**facts) for key in keys]


def _entry(one: Decision) -> dict[str, Any]:
    quote = one.quote
    return {
        "file": one.recorded.file,
        "line": one.recorded.line,
        "receivable_id": one.receivable_id,
        "decision": one.decision,
        "refusal": one.refusal,
        "advance_fen": quote.advance_fen if quote else None,
        "discount_fen": quote.discount_fen if quote else None,
        "holdback_fen": quote.holdback_fen if quote else None,
        "apr_ppm": quote.apr_ppm if quote else None,
        "alerts": [_alert(alert) for alert in one.alerts],
    }


def _alert(alert: AlertRaised) -> dict[str, Any]:
    return {
        "rule": alert.rule,
        "receivable_id": alert.receivable_id,
        "evidence": json.loads(alert.evidence),
    }


def show_replay(replay: Replay, lang: str, console: Console) -> None:
    """Print the decisions, the alerts with their evidence, and what shadow mode assumed."""
    word = words(lang)
    console.print(_decisions(replay, word))
    if replay.alerts:
        console.print(_alerts(replay, word))
    else:
        console.print(word["no_alert"])
    console.print(f"{word['notes']}:")
    for note in notes_of(replay, lang):
        console.print(f"  · {note}", markup=False, highlight=False)


def _decisions(replay: Replay, word: Mapping[str, str]) -> Table:
    table = Table(title=word["decisions"], title_justify="left", show_lines=True)
    table.add_column(word["invoice"], overflow="fold")
    table.add_column(word["amount"], justify="right", no_wrap=True)
    table.add_column(word["decision"], overflow="fold")
    for one in replay.decisions:
        decided = f"[{_STYLE[one.decision]}]{word[one.decision]}[/] "
        why = escape(one.refusal or "") if one.quote is None else _quote(one.quote, word)
        amount = figure(one.recorded.invoice.amount_fen, "fen")
        table.add_row(_invoice(one.recorded), amount, decided + why)
    return table


def _invoice(recorded: Recorded) -> str:
    return f"{escape(recorded.invoice.invoice_number)}\n[dim]{escape(recorded.place)}[/dim]"


def _quote(quote: QuoteMade, word: Mapping[str, str]) -> str:
    terms = (
        ("advance", figure(quote.advance_fen, "fen")),
        ("discount", figure(quote.discount_fen, "fen")),
        ("holdback", figure(quote.holdback_fen, "fen")),
        ("apr", figure(quote.apr_ppm / PPM, "ratio")),
    )
    return ", ".join(f"{word[key]} {shown}" for key, shown in terms)


def _alerts(replay: Replay, word: Mapping[str, str]) -> Table:
    """An alert names the invoice that set it off, the figures, and the invoices beside it."""
    table = Table(title=word["alerts"], title_justify="left", show_lines=True)
    for key in ("alert", "invoice", "evidence"):
        table.add_column(word[key], overflow="fold")
    by_claim = {one.claim_id: one.recorded for one in replay.decisions}
    for alert in replay.alerts:
        evidence = json.loads(alert.evidence)
        beside = ", ".join(by_claim[claim_id].place for claim_id, *_ in evidence["others"])
        shown = [_named_figure(*item) for item in sorted(evidence["figures"].items())]
        if beside:
            shown.append(f"{word['beside']} {beside}")
        invoice = _invoice(by_claim[evidence["claim"]])
        table.add_row(alert.rule, invoice, escape("; ".join(shown)))
    return table


def _named_figure(name: str, value: int) -> str:
    """ "sum ¥1.00" for sum_fen = 100: the unit ends the name."""
    what, _, unit = name.rpartition("_")
    if unit in ("fen", "s"):
        return f"{what.replace('_', ' ')} {figure(value, unit)}"
    if unit == "ppm":
        return f"{what.replace('_', ' ')} {figure(value / PPM, 'ratio')}"
    return f"{name.replace('_', ' ')} {plain_number(value)}"
