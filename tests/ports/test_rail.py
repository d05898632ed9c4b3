"""The payment rail port: one suite over every adapter."""

from pathlib import Path

import pytest

from system.adapters.rail_embedded import LINES_MAX, RailTerms
from system.errors import InputError
from system.payments.instructions import Initiation, Instruction, write_initiation
from system.payments.reports import (
    DUPLICATE,
    Entry,
    Notification,
    StatusLine,
    StatusReport,
    read_report,
)
from tests.ports.rail_box import NOON_S, RailBox

AGENT = "102100099996"
# Open from eight to five, settling on the hour, confirmed ten minutes later.
TERMS = RailTerms(8 * 3_600, 17 * 3_600, 3_600, 600, 86_400)


@pytest.fixture(params=["embedded", "folder"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> RailBox:
    return RailBox(None if request.param == "embedded" else tmp_path, TERMS)


def message(name: str, *ids: str, account: str = "6222000000000001", agent: str = AGENT) -> bytes:
    parts = tuple(Instruction(one, 12_345, "收款人", account, agent, "text") for one in ids)
    return write_initiation(Initiation(name, parts), NOON_S)


def send(box: RailBox, name: str, raw: bytes) -> None:
    box.rail.submit(name, raw)
    box.carry()


def heard(box: RailBox) -> list[StatusLine | Entry]:
    """What came since, taken note of."""
    box.carry()
    deliveries = box.rail.collect()
    said: list[StatusLine | Entry] = []
    for one in deliveries:
        report = read_report(one.raw, one.delivery_id)
        said += report.lines if isinstance(report, StatusReport) else report.entries
    box.rail.acknowledge([one.delivery_id for one in deliveries])
    return said


def test_a_payment_is_accepted_then_settled_then_confirmed(box: RailBox) -> None:
    box.clock.time_s = NOON_S + 60
    send(box, "M1", message("M1", "P1"))
    assert heard(box) == [StatusLine("P1", "ACSP")]
    box.clock.time_s = NOON_S + 3_600
    assert heard(box) == []  # settled, and the confirmation is late
    box.clock.time_s += 600
    assert heard(box) == [StatusLine("P1", "ACSC"), Entry("P1", 12_345, False)]
    assert heard(box) == []


def test_many_payments_are_told_of_in_few_messages_each_of_them_once(box: RailBox) -> None:
    ids = [f"P{n:03}" for n in range(2 * LINES_MAX + 1)]
    send(box, "M1", message("M1", *ids))
    assert heard(box) == [StatusLine(one, "ACSP") for one in ids]
    box.clock.time_s += 7_200
    box.carry()
    sizes = []
    for one in box.rail.collect():
        report = read_report(one.raw, one.delivery_id)
        told = report.lines if isinstance(report, StatusReport) else report.entries
        sizes.append(len(told))
    assert sizes == [LINES_MAX, LINES_MAX, 1] * 2
    said = heard(box)
    assert said == [
        *(StatusLine(one, "ACSC") for one in ids),
        *(Entry(one, 12_345, False) for one in ids),
    ]


def test_what_comes_after_the_cut_off_waits_for_the_next_opening(box: RailBox) -> None:
    box.clock.time_s = NOON_S + 5 * 3_600
    send(box, "M1", message("M1", "P1"))
    heard(box)
    box.clock.time_s = NOON_S + 20 * 3_600 + 599  # eight in the morning, and almost ten minutes
    assert heard(box) == []
    box.clock.time_s += 1
    assert heard(box)[0] == StatusLine("P1", "ACSC")


def test_the_same_message_again_changes_nothing(box: RailBox) -> None:
    raw = message("M1", "P1")
    for _ in range(3):
        send(box, "M1", raw)
        box.reopen()
    assert heard(box) == [StatusLine("P1", "ACSP")]


def test_a_payment_that_comes_in_a_second_message_is_called_a_duplicate(box: RailBox) -> None:
    send(box, "M1", message("M1", "P1"))
    send(box, "M2", message("M2", "P1", "P2", "P2"))
    told = heard(box)
    assert told[1:] == [
        StatusLine("P1", "RJCT", DUPLICATE),
        StatusLine("P2", "ACSP"),
        StatusLine("P2", "RJCT", DUPLICATE),
    ]
    box.clock.time_s += 7_200
    settled = [one for one in heard(box) if isinstance(one, Entry)]
    assert [one.end_to_end_id for one in settled] == ["P1", "P2"]


@pytest.mark.parametrize(
    ("account", "agent", "reason"), [("1", AGENT, "AC01"), ("6222000000000001", "12", "RC01")]
)
def test_an_account_that_cannot_be_is_rejected(
    box: RailBox, account: str, agent: str, reason: str
) -> None:
    send(box, "M1", message("M1", "P1", account=account, agent=agent))
    assert heard(box) == [StatusLine("P1", "RJCT", reason)]


def test_a_closed_account_is_rejected(box: RailBox) -> None:
    box.far.close_account("6222000000000001")
    send(box, "M1", message("M1", "P1"))
    assert heard(box) == [StatusLine("P1", "RJCT", "AC04")]


def test_a_payment_to_an_account_that_closes_on_the_way_comes_back(box: RailBox) -> None:
    box.clock.time_s = NOON_S + 60
    send(box, "M1", message("M1", "P1"))
    box.far.close_account("6222000000000001")
    box.clock.time_s = NOON_S + 4_200
    assert heard(box)[1:] == [StatusLine("P1", "ACSC"), Entry("P1", 12_345, False)]
    box.clock.time_s += 86_400
    assert heard(box) == [Entry("P1", 12_345, True, "AC04")]
    assert heard(box) == []


def test_what_was_not_acknowledged_comes_again_to_a_new_process(box: RailBox) -> None:
    send(box, "M1", message("M1", "P1"))
    first = box.rail.collect()
    again = box.reopen().collect()
    assert [one.raw for one in again] == [one.raw for one in first]
    assert first
    box.rail.acknowledge([one.delivery_id for one in first])
    box.rail.acknowledge([one.delivery_id for one in first])
    assert not box.rail.collect()


def test_the_embedded_rail_refuses_what_is_no_message_of_this_name(tmp_path: Path) -> None:
    box = RailBox(None, TERMS)
    for name, raw in (("M1", b"<a/>"), ("M2", message("M1", "P1"))):
        with pytest.raises(InputError):
            box.rail.submit(name, raw)
    box.rail.submit("M1", message("M1", "P1"))
    with pytest.raises(InputError, match="new id"):
        box.rail.submit("M1", message("M1", "P2"))


def test_a_notification_says_whose_account_moved(box: RailBox) -> None:
    send(box, "M1", message("M1", "P1"))
    box.clock.time_s += 7_200
    box.carry()
    told = [read_report(one.raw, "m") for one in box.rail.collect()]
    [note] = [one for one in told if isinstance(one, Notification)]
    assert note.account == "SHAPAN-CLEARING"
