"""A replay of a machine log as one JSON document, and on the terminal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sim.replay.leasing import LeasingReplay
from system.leasing.records import AlertKind, AlertState, Severity

Language = Literal["en", "zh"]
# (en, zh): what to keep in mind.
_NOTES = (
    (
        "Shadow mode: the site counts as open at all hours, no contract is known, and nobody was "
        "told.",
        "影子模式：视工地全天开放，不知合同内容，也未通知任何人。",
    ),
    (
        "Fuel burn is judged against a machine's own past: short logs say nothing of it.",
        "油耗按该设备自身历史判断：日志太短则无从判断。",
    ),
)
_SHOWN = 5
_HEADS = {
    "en": ("machine", "alert", "severity", "state", "since (UTC)", "known after", "lasted"),
    "zh": ("设备", "告警", "级别", "状态", "起始（UTC）", "发现用时", "持续"),
}
# Milliseconds and the word of each unit, the largest first.
_UNITS = (
    (86_400_000, ("d", "天")),
    (3_600_000, ("h", "小时")),
    (60_000, ("min", "分钟")),
    (1_000, ("s", "秒")),
)
KIND_WORDS: dict[AlertKind, tuple[str, str]] = {
    AlertKind.IDLE: ("idle", "闲置"),
    AlertKind.OFFLINE: ("offline", "失联"),
    AlertKind.GEOFENCE: ("outside its fence", "越出围栏"),
    AlertKind.FUEL_BURN: ("burns too much fuel", "油耗异常"),
    AlertKind.FUEL_THEFT: ("fuel taken", "盗油"),
    AlertKind.TAMPER: ("terminal tampered with", "终端被拆或断电"),
    AlertKind.ROLLBACK: ("hour meter turned back", "工时回拨"),
    AlertKind.SPOOF: ("position cannot be true", "定位造假"),
    AlertKind.OVERUSE: ("used beyond contract", "超时使用"),
    AlertKind.MAINTENANCE: ("service due", "保养到期"),
    AlertKind.FUEL_LEAK: ("tank leaks", "油箱渗漏"),
}
_SEVERITIES = {
    Severity.NOTICE: ("notice", "提示"),
    Severity.WARNING: ("warning", "警告"),
    Severity.CRITICAL: ("critical", "严重"),
}
_STATES = {
    AlertState.RAISED: ("open", "未结"),
    AlertState.ACKNOWLEDGED: ("taken on", "已受理"),
    AlertState.ESCALATED: ("escalated", "已升级"),
    AlertState.CLEARED: ("over", "已解除"),
    AlertState.CORRECTED: ("withdrawn", "已更正"),
}


def leasing_document_of(replay: LeasingReplay, lang: Language) -> dict[str, Any]:
    """What ``replay leasing --json`` prints. Times in UTC; ``until`` is null while it lasts."""
    log, column = replay.log, ("en", "zh").index(lang)
    return {
        "product": "leasing",
        "file": log.file,
        "columns": log.columns,
        "machines": list(log.machines),
        "readings": len(log.readings),
        "from": _iso(int(log.readings.at_ms[0])),
        "to": _iso(int(log.readings.at_ms[-1])),
        "alerts": [_alert(replay, at) for at in range(len(replay.alerts))],
        "fixed_rules": [
            {
                "machine": log.machines[alert.machine],
                "kind": alert.kind.name,
                "found": _iso(alert.told_ms),
                "until": _iso(alert.end_ms) if alert.end_ms else None,
            }
            for alert in replay.fixed
        ],
        "refused": [
            {
                "file": problem.file,
                "row": problem.row,
                "column": problem.column,
                "value": problem.value,
                "remedy": problem.remedy,
            }
            for problem in log.problems
        ],
        "notes": [note[column] for note in _NOTES],
    }


def _alert(replay: LeasingReplay, at: int) -> dict[str, Any]:
    alert = replay.alerts[at]
    return {
        "alert_id": alert.alert_id,
        "machine": replay.log.machines[alert.machine],
        "kind": AlertKind(alert.kind).name,
        "severity": Severity(alert.severity).name,
        "state": AlertState(alert.state).name,
        "since": _iso(alert.start_ms),
        "found": _iso(alert.found_ms),
        "until": _iso(alert.end_ms) if alert.end_ms else None,
        "evidence": json.loads(alert.evidence),
    }


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat().replace("+00:00", "Z")


def show_leasing_replay(replay: LeasingReplay, lang: Language, console: Console) -> None:
    """Print the alerts, what was left out, and what to keep in mind."""
    column = ("en", "zh").index(lang)
    table = Table(*_HEADS[lang][:4], padding=(0, 0))
    for head in _HEADS[lang][4:]:
        table.add_column(head, no_wrap=True)
    for at, alert in enumerate(replay.alerts):
        entry = _alert(replay, at)
        table.add_row(
            escape(entry["machine"]),
            KIND_WORDS[AlertKind(alert.kind)][column],
            _SEVERITIES[Severity(alert.severity)][column],
            _STATES[AlertState(alert.state)][column],
            entry["since"][:16].replace("T", " "),
            _span(alert.found_ms - alert.start_ms, column),
            _span(alert.end_ms - alert.start_ms, column) if alert.end_ms else "…",
        )
    if replay.alerts:
        console.print(table)
    for line in _summary(replay, lang):
        console.print(line, markup=False, highlight=False)
    for line in _left_out(replay, lang):
        console.print(line, markup=False, emoji=False)
    for note in _NOTES:
        console.print(f"  · {note[column]}", markup=False, highlight=False)


def _span(span_ms: int, column: int) -> str:
    """A duration in its largest unit, to one place below ten: "1.5 h"."""
    for unit_ms, words in _UNITS:
        if span_ms >= unit_ms:
            count = span_ms / unit_ms
            return (
                f"{count:.0f} {words[column]}" if count >= 9.95 else f"{count:.1f} {words[column]}"
            )
    return f"0 {_UNITS[-1][1][column]}"


def _summary(replay: LeasingReplay, lang: Language) -> list[str]:
    log = replay.log
    counts = (len(log.readings), len(log.machines), len(replay.alerts), len(replay.fixed))
    if lang == "en":
        return [
            "{} readings of {} machine(s): {} alert(s); the three fixed rules of the commission "
            "would have given {}.".format(*counts)
        ]
    return ["{} 条读数，{} 台设备：{} 条告警；委托方的三条固定规则会给出 {} 条。".format(*counts)]


def _left_out(replay: LeasingReplay, lang: Language) -> list[str]:
    """Rows that were not used: the first few, and how many more there are (--json has all)."""
    problems, word = replay.log.problems, "left out" if lang == "en" else "未采用"
    lines = [
        f"{word}: {one.file}:{one.row}: {one.column} = {one.value}: {one.remedy}"
        for one in problems[:_SHOWN]
    ]
    more = len(problems) - _SHOWN
    if more > 0:
        lines.append(f"{word}: +{more} (--json)")
    return lines
