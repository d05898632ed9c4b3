"""Fleet snapshots of AEMP 2.0: both formats, what real feeds do to them, what attackers would."""

from typing import Any

import numpy as np
import orjson
import pytest

from system.errors import InputError
from system.kernels.columns import MISSING
from system.leasing import history
from system.leasing.aemp import Page, read_fleet, read_page
from system.leasing.aemp_intake import Snapshot, take_page
from system.leasing.devices import NO_KEYS, Device, enrol_devices
from system.leasing.quarantine import Fault
from system.limits import DOCUMENT_BYTES_MAX
from system.ports.book import Book
from tests.system.telemetry_world import NOW_MS, open_book

NAMESPACE = "http://standards.iso.org/iso/15143/-3"
PLACE = 'Location datetime="'
NOW, TEN_DAYS_AGO = "2026-01-01T07:50:00Z", "2025-12-22T07:50:00Z"
HEADER = (
    "<EquipmentHeader><UnitInstallDateTime>0001-01-01T00:00:00Z</UnitInstallDateTime>"
    "<OEMName>Maker</OEMName><Model>M1</Model><EquipmentID>d-0</EquipmentID>"
    "<SerialNumber>missing</SerialNumber><PIN>{pin}</PIN></EquipmentHeader>"
)
BODY = (
    f'<Location datetime="{NOW}"><Latitude>34.5</Latitude><Longitude>113.25</Longitude>'
    "<Altitude>0.00</Altitude><AltitudeUnits>metre</AltitudeUnits></Location>"
    f"<CumulativeOperatingHours><Hour>1053.80</Hour><datetime>{TEN_DAYS_AGO}</datetime>"
    "</CumulativeOperatingHours>"
    f'<EngineStatus datetime="{NOW}"><EngineNumber/><Running>false</Running></EngineStatus>'
    f'<FuelUsed datetime="{TEN_DAYS_AGO}"><FuelUnits>litre</FuelUnits>'
    "<FuelConsumed>5965</FuelConsumed></FuelUsed>"
    f'<FuelRemaining datetime="{NOW}"><Percent>67.20</Percent>'
    "<FuelTankCapacityUnits>litre</FuelTankCapacityUnits><FuelTankCapacity>0</FuelTankCapacity>"
    "</FuelRemaining>"
)


def xml(body: str = BODY, *, pin: str = "PIN0", links: str = "") -> bytes:
    machine = f"<Equipment>{HEADER.format(pin=pin)}{body}</Equipment>"
    return f'<Fleet xmlns="{NAMESPACE}" version="1">{links}{machine}</Fleet>'.encode()


def link(rel: str, href: str) -> str:
    return f"<Links><rel>{rel}</rel><href>{href}</href></Links>"


def as_json(**elements: Any) -> bytes:
    header = {"EquipmentID": "d-0", "PIN": "PIN0", "UnitInstallDateTime": "0001-01-01T00:00:00Z"}
    return orjson.dumps({"Equipment": [{"EquipmentHeader": header, **elements}], "Links": []})


def take(book: Book, body: bytes, fleet: str = "open") -> Snapshot:
    with book.transaction() as unit:
        return take_page(unit.rows, fleet, read_page(body), NOW_MS)


def faults(taken: Snapshot) -> list[Fault]:
    return [item.fault for item in taken.quarantined]


def test_each_time_of_a_snapshot_is_a_reading_with_what_was_said_for_it() -> None:
    readings = take(open_book(), xml()).readings.in_event_order()
    assert readings.at_ms.tolist() == [NOW_MS - 600_000 - 10 * 86_400_000, NOW_MS - 600_000]
    assert readings.engine_s.tolist() == [3_793_680, MISSING]
    assert readings.fuel_ml.tolist() == [5_965_000, MISSING]
    assert readings.lat_e7.tolist() == [MISSING, 345_000_000]
    assert readings.fix_valid.tolist() == [0, 1]
    assert readings.tank_permille.tolist() == [MISSING, 672]
    assert readings.running.tolist() == [MISSING, 0]


def test_json_says_the_same_as_xml() -> None:
    body = as_json(
        Location={"Latitude": 34.5, "Longitude": 113.25, "datetime": NOW},
        CumulativeOperatingHours={"Hour": 1053.8, "datetime": TEN_DAYS_AGO},
        EngineStatus={"Running": False, "datetime": NOW},
        FuelUsed={"FuelUnits": "litre", "FuelConsumed": 5965, "datetime": TEN_DAYS_AGO},
        FuelRemaining={"Percent": 67.2, "datetime": NOW},
    )
    one, two = (take(open_book(), text).readings.in_event_order() for text in (body, xml()))
    for name in one.__slots__:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_a_stale_element_that_comes_again_is_a_repeat_though_others_moved_on() -> None:
    book = open_book()
    take(book, xml())
    again = take(book, xml(BODY.replace(NOW, "2026-01-01T07:55:00Z")))
    assert (len(again.readings), again.repeated) == (1, 1)
    assert faults(again) == []
    without = take(book, xml(BODY[: BODY.index("<FuelUsed")]))
    assert faults(without) == []
    with book.transaction() as unit:
        assert len(history.since(unit.rows, 0, 0)) == 5


def test_gallons_are_told_from_litres() -> None:
    body = BODY.replace("<FuelUnits>litre", "<FuelUnits>gallon")
    assert 22_579_981 in take(open_book(), xml(body)).readings.fuel_ml.tolist()


def test_what_feeds_write_for_not_known_is_not_known() -> None:
    [machine] = read_page(xml(pin="missing")).equipment
    assert (machine.pin, machine.equipment_id, machine.installed_ms) == ("", "d-0", None)
    nowhere = BODY.replace("34.5", "0.0").replace("113.25", "0.0")
    readings = take(open_book(), xml(nowhere, pin="missing")).readings
    assert (readings.lat_e7 == MISSING).all()
    assert len(take(open_book(), xml("")).readings) == 0
    empty = BODY.replace("<Hour>1053.80</Hour>", "<Hour/>")
    assert (take(open_book(), xml(empty)).readings.engine_s == MISSING).all()


def test_a_machine_is_found_by_its_pin_only_within_the_feeds_own_fleet() -> None:
    book = open_book()
    assert faults(take(book, xml(pin="PIN9"))) == [Fault.DEVICE_UNKNOWN]
    assert faults(take(book, xml(pin="PIN2"))) == [Fault.DEVICE_FOREIGN]
    with book.transaction() as unit:
        enrol_devices(unit.rows, [Device("d-7", 7, "PIN0", "open", "none", b"")], NO_KEYS)
    assert faults(take(book, xml())) == [Fault.DEVICE_UNKNOWN]
    with pytest.raises(InputError, match="fleet"):
        take(book, xml(), "nobody's")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("1053.80", "-3", Fault.COUNTER_NEGATIVE),
        ("1053.80", "1e9", Fault.COUNTER_IMPOSSIBLE),
        ("1053.80", "nan", Fault.FIELD_WRONG),
        ("1053.80", "1e400", Fault.FIELD_WRONG),
        ("34.5", "134.5", Fault.POSITION_IMPOSSIBLE),
        ("67.20", "167", Fault.VALUE_OUT_OF_RANGE),
        ("false", "perhaps", Fault.FIELD_WRONG),
        ("litre</FuelUnits>", "barrel</FuelUnits>", Fault.FIELD_WRONG),
        (f"<datetime>{TEN_DAYS_AGO}</datetime>", "", Fault.FIELD_MISSING),
        (f'FuelUsed datetime="{TEN_DAYS_AGO}"', 'FuelUsed datetime="yesterday"', Fault.FIELD_WRONG),
        (PLACE + NOW, PLACE + "2100-01-01T00:00:00Z", Fault.TIME_IN_FUTURE),
        (PLACE + NOW, PLACE + "1970-01-01T00:00:00Z", Fault.TIME_IMPOSSIBLE),
    ],
)  # fmt: skip
def test_an_unusable_element_is_put_aside_and_the_others_are_taken(
    old: str, new: str, fault: Fault
) -> None:
    taken = take(open_book(), xml(BODY.replace(old, new)))
    assert faults(taken) == [fault]
    assert len(taken.readings)


BOMB = b'<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><Fleet>&z;</Fleet>'


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (BOMB, "page"),
        (b"<!DOCTYPE Fleet SYSTEM 'file:///etc/passwd'><Fleet/>", "page"),
        (b"<Fleet>", "page"),
        (b"<Other/>", "page"),
        (b"<Fleet>" + b"<a>" * 50 + b"</a>" * 50 + b"</Fleet>", "page"),
        (b"{", "page"),
        (b"[]", "page"),
        (b"", "page"),
        (b'{"Equipment":' + b"[" * 500 + b"]" * 500 + b"}", "page"),
        (b'{"Equipment":[' + b"{}," * 60_000 + b"{}]}", "page"),
        (b"<Fleet>" + b"<Equipment/>" * 1_001 + b"</Fleet>", "Equipment"),
        (b" " * (DOCUMENT_BYTES_MAX + 1), "page"),
        (b"\xff\xfe<\x00F\x00", "page"),
        (b'<?xml version="1.0" encoding="no-such"?><Fleet/>', "page"),
    ],
)
def test_a_hostile_page_is_an_input_error(body: bytes, field: str) -> None:
    with pytest.raises(InputError) as refused:
        read_page(body)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "body", [b'{"Equipment":[1,null,"x",[]]}', b'{"Equipment":{"Location":3}}']
)
def test_equipment_that_is_none_is_of_no_known_machine(body: bytes) -> None:
    assert set(faults(take(open_book(), body))) == {Fault.DEVICE_UNKNOWN}


def fleet(pages: dict[str, bytes]) -> list[Page]:
    return list(read_fleet(pages.__getitem__, "https://maker.example/Fleet/1"))


def test_pages_are_followed_to_the_last_which_may_name_itself() -> None:
    first, second = "https://maker.example/Fleet/1", "https://maker.example/Fleet/2"
    own = link("self", second) + link("next", second)
    assert len(fleet({first: xml(links=link("next", "/Fleet/2")), second: xml(links=own)})) == 2


@pytest.mark.parametrize(
    "href", ["https://elsewhere.example/Fleet/2", "file:///etc/passwd", "/Fleet/1"]
)
def test_links_that_leave_or_turn_back_are_refused(href: str) -> None:
    with pytest.raises(InputError, match="Links"):
        fleet({"https://maker.example/Fleet/1": xml(links=link("next", href))})
