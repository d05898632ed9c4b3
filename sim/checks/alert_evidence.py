"""The auditor of alerts: what each says it rests on is held against the readings as they were sent.

Own arithmetic throughout: it shares no code with the rules, twins and services that it audits.
Each check answers "held" or with one sentence on what broke first.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

HELD: Final = "held"
_OPEN: Final = ("RAISED", "ACKNOWLEDGED", "ESCALATED")
_CORRECTED: Final = "CORRECTED"
I64 = NDArray[np.int64]
# (machine, boot, sequence): what was sent under that name, by column; of a value that a clock's
# correction may move, from and to.
Sent = Mapping[tuple[int, int, int], Mapping[str, int | tuple[int, int]]]
# When each machine was heard: from and to of each reading's time.
Spoke = Mapping[int, tuple[I64, I64]]


class StoredAlert(Protocol):
    """What an alert has to show; kind and state by their numbers."""

    @property
    def alert_id(self) -> str: ...
    @property
    def machine(self) -> int: ...
    @property
    def kind(self) -> int: ...
    @property
    def state(self) -> int: ...
    @property
    def start_ms(self) -> int: ...
    @property
    def found_ms(self) -> int: ...
    @property
    def end_ms(self) -> int: ...
    @property
    def raised_at_s(self) -> int: ...
    @property
    def version(self) -> int: ...
    @property
    def evidence(self) -> str: ...


class Message(Protocol):
    """One message to the bank."""

    @property
    def message_id(self) -> str: ...
    @property
    def payload(self) -> str: ...


def audit_evidence(
    alerts: Iterable[StoredAlert],
    kinds: Mapping[int, str],
    states: Mapping[int, str],
    sent: Sent,
    spoke: Spoke,
) -> str:
    """every_alert_has_evidence: each rests on readings that were sent, and they say what it says.

    kinds, states: the words for their numbers.  sent: at least the readings that alerts name.
    An alert that was withdrawn rested on what was known then: its readings must exist, its figures
    need not stand any more.
    """
    for alert in alerts:
        wrong = _wrong(alert, kinds[alert.kind], states[alert.state], sent, spoke)
        if wrong:
            return f"alert {alert.alert_id} {wrong}"
    return HELD


def _wrong(alert: StoredAlert, kind: str, state: str, sent: Sent, spoke: Spoke) -> str:
    found = json.loads(alert.evidence)
    if not {"measure", "bound", "readings"} <= found.keys() or not found["readings"]:
        return "names no reading or no figure"
    if alert.alert_id != f"{alert.machine}/{kind}/{alert.start_ms}":
        return "has an id of another episode"
    if alert.found_ms < alert.start_ms or 0 < alert.end_ms < alert.start_ms:
        return "was found or over before it began"
    for reading in found["readings"]:
        key = (alert.machine, reading["boot"], reading["sequence"])
        if key not in sent:
            return f"rests on a reading that was never sent: {key}"
        if not all(_agrees(sent[key][name], value) for name, value in reading.items()):
            return f"shows other values than were sent: {key}"
    if state == _CORRECTED:
        return ""
    if kind == "OFFLINE":
        return _wrong_silence(alert, found, spoke)
    if found["readings"][-1]["at_ms"] != alert.found_ms:
        return "was found at another time than its reading says"
    return _wrong_figure(kind, found, alert.machine, sent)


def _agrees(sent: int | tuple[int, int], shown: int) -> bool:
    return sent[0] <= shown <= sent[1] if isinstance(sent, tuple) else sent == shown


def _wrong_silence(alert: StoredAlert, found: Mapping[str, Any], spoke: Spoke) -> str:
    """Nothing was read between the last reading and the moment that it was missed."""
    if found["readings"][-1]["at_ms"] != alert.start_ms:
        return "begins at another time than the last reading before it"
    none = np.zeros(0, np.int64)
    from_ms, until_ms = spoke.get(alert.machine, (none, none))
    if bool(((from_ms > alert.start_ms) & (until_ms <= alert.found_ms)).any()):
        return "tells of silence in which the machine spoke"
    return ""


def _wrong_figure(kind: str, found: Mapping[str, Any], machine: int, sent: Sent) -> str:
    """Whether the figure is beyond its bound, and for facts of a moment, whether it is so."""
    measure, bound, last = found["measure"], found["bound"], found["readings"][-1]
    is_dark = kind == "TAMPER" and last.get("tamper") != 1
    if measure >= bound if is_dark else measure < bound:
        return f"was raised at {measure}, which {bound} allows"
    if is_dark and last.get("voltage_mv") != measure:
        return "tells of a supply that the reading does not show"
    if kind == "ROLLBACK" and len(found["readings"]) > 1:
        first = found["readings"][0]
        before = sent[machine, first["boot"], first["sequence"]].get("engine_s")
        shown = last.get("engine_s", before)
        if isinstance(before, int) and shown < before and before - shown != measure:
            return "tells of another fall than the meter shows"
    return ""


def audit_one_open(alerts: Iterable[StoredAlert], states: Mapping[int, str]) -> str:
    """A machine has at most one open alert of a kind."""
    held: Counter[tuple[int, int]] = Counter()
    for alert in alerts:
        if states[alert.state] in _OPEN and not alert.end_ms:
            held[alert.machine, alert.kind] += 1
            if held[alert.machine, alert.kind] > 1:
                return f"alert {alert.alert_id} is a second one of its kind"
    return HELD


def audit_words(
    alerts: Iterable[StoredAlert], messages: Sequence[Message], states: Mapping[int, str]
) -> str:
    """The bank was told each event of each alert once, in order, and knows where it stands."""
    told: dict[str, dict[int, Mapping[str, Any]]] = {}
    for message in messages:
        name, _, number = message.message_id.rpartition("#")
        words = told.setdefault(name, {})
        if int(number) in words:
            return f"alert {name}: event {number} left twice"
        words[int(number)] = json.loads(message.payload)
    for alert in alerts:
        words = told.pop(alert.alert_id, {})
        if sorted(words) != list(range(1, alert.version + 1)):
            return f"alert {alert.alert_id}: {alert.version} events, {sorted(words)} were told"
        if words[1]["event"] != "raised":
            return f"alert {alert.alert_id}: its first word is {words[1]['event']}"
        if words[alert.version]["state"] != states[alert.state]:
            return f"alert {alert.alert_id}: the bank believes it {words[alert.version]['state']}"
    return f"the bank was told of no alert that exists: {sorted(told)[0]}" if told else HELD


def audit_line(alerts: Iterable[StoredAlert], messages: Sequence[Message], offline: int) -> str:
    """Outages of the line were told from lost to returned, and no machine was silent meanwhile.

    offline: the number of that kind of alert.
    """
    words = [json.loads(message.payload) for message in messages]
    events = [word["event"] for word in words]
    if events != (["lost", "returned"] * len(words))[: len(words)]:
        return f"the line: {events} were told"
    ends_s = [word["at_s"] for word in words[1::2]] + [sys.maxsize] * (len(words) % 2)
    for lost, end_s in zip(words[::2], ends_s, strict=True):
        for alert in alerts:
            if alert.kind == offline and lost["at_s"] < alert.raised_at_s < end_s:
                return f"alert {alert.alert_id} tells of silence while the line was down"
    return HELD
