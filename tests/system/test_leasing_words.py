"""Fault codes and firmware: said by terminals or a maker's feed, seen in twin and history."""

from typing import Any

import orjson
import pytest

from system.leasing import words
from system.leasing.aemp import read_page
from system.leasing.quarantine import Fault
from system.leasing.words import numbers_of, texts_of
from tests.system.telemetry_desk import clock_at, delivery, desk_of
from tests.system.telemetry_world import full, message, open_book, take
from tests.system.test_leasing_aemp import xml

CODE = (
    '<FaultCode datetime="2026-01-05T01:00:00Z"><CodeIdentifier>{}</CodeIdentifier>'
    "<CodeDescription>oil pressure low</CodeDescription></FaultCode>"
)


def said(sequence: int, **more: Any) -> dict[str, Any]:
    reading = full(sequence=sequence, datetime=f"2026-01-05T0{sequence}:00:00Z", **more)
    del reading["EquipmentHeader"]
    return reading


def test_what_a_machine_listed_last_is_in_its_twin_and_all_of_it_in_its_history() -> None:
    built = desk_of(clock_at(12))
    both = [{"spn": 190, "fmi": 0}, {"spn": 100, "fmi": 3}, {"spn": 100, "fmi": 3}]
    readings = [said(1, faults=both), said(2, faults=[], firmware="2.5.0"), said(3)]
    del readings[2]["faults"], readings[2]["firmware"]
    built.telemetry.take([delivery("device/d-0/data", one) for one in readings])
    assert built.leasing.said(0) == {"faults": "", "firmware": "2.5.0"}
    assert built.leasing.said(1) == {}
    shown = built.leasing.readings(0, (0, 0, 0), limit=10)
    assert [(one.get("faults"), one.get("firmware")) for one in shown] == [
        ("100/3 190/0", "2.4.1"),
        ("", "2.5.0"),
        (None, None),
    ]


def test_a_feed_names_faults_by_spn_and_fmi_or_in_its_makers_words() -> None:
    built = desk_of(clock_at(12))
    codes = "".join(CODE.format(name) for name in ("SPN 100 FMI 3", "190-16", "E 04 low"))
    page = read_page(xml(codes, pin="").replace(b"<PIN></PIN>", b""))
    assert built.telemetry.take_snapshot("open", page).stored == 1
    assert built.leasing.said(0)["faults"] == "100/3 190/16 E_04_low"
    assert built.telemetry.take_snapshot("open", page).repeated == 1


@pytest.mark.parametrize("code", ["", "x" * 40, "\u0000"])
def test_a_feeds_code_that_names_nothing_is_put_aside(code: str) -> None:
    built = desk_of(clock_at(12))
    body = {"datetime": "2026-01-05T01:00:00Z", "CodeIdentifier": code}
    header = {"EquipmentHeader": {"EquipmentID": "d-0"}, "FaultCode": body}
    taken = built.telemetry.take_snapshot("open", read_page(orjson.dumps({"Equipment": [header]})))
    assert (taken.stored, taken.quarantined) == (0, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"faults": [{"spn": 2**19, "fmi": 0}]},
        {"faults": [{"spn": 1}]},
        {"faults": "100/3"},
        {"faults": [{"spn": 1, "fmi": 1}] * 17},
        {"firmware": "v" * 65},
        {"firmware": "1\n2"},
    ],
)
def test_codes_and_names_that_cannot_be_are_put_aside(wrong: dict[str, Any]) -> None:
    [rejected] = take(open_book(), message(full(**wrong))).quarantined
    assert rejected.fault is Fault.FIELD_WRONG


def test_a_terminal_that_invents_words_fills_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "WORDS_MAX", 3)
    with open_book().transaction() as unit:
        numbers = numbers_of(unit.rows, ["a", "b", "c", None, "a"])
        assert texts_of(unit.rows, numbers) == ["a", "b", "other", None, "a"]
