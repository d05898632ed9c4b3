"""Messages of devices become readings once, and what cannot be used harms nothing else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from system.adapters.sql_book import frame_tables
from system.adapters.sql_store import SqlStore
from system.kernels.columns import MISSING
from system.leasing import history
from system.leasing.devices import Device, enrol_devices
from system.leasing.intake import Receipt
from system.leasing.quarantine import QUARANTINE, STRANGER, Fault, counts
from system.leasing.signatures import is_genuine, sign, split_signed
from system.limits import HISTORY_MS, MESSAGE_BYTES_MAX
from system.ports.broker import Delivery
from tests.system.telemetry_world import (
    FRAMES,
    KEYS,
    NOW_MS,
    SECRET,
    TABLES,
    brief,
    full,
    message,
    open_book,
    payload,
    take,
)

YEAR_MS = 365 * 86_400_000


def at_d0(reading: dict[str, Any] | bytes) -> Delivery:
    return message(reading, "device/d-0/data")


def without(reading: dict[str, Any], member: str) -> dict[str, Any]:
    return {name: value for name, value in reading.items() if name != member}


CASES: dict[Fault, list[Delivery]] = {
    Fault.TOPIC_UNKNOWN: [message(brief(), "device/d-0/status"), message(brief(), "d-0")],
    Fault.TOO_LARGE: [
        at_d0(b'{"a":"' + b"x" * 1_048_576 + b'"}'),
        at_d0(payload(brief(note="x" * 9_000))),
    ],
    Fault.TOO_COMPLEX: [at_d0(b"[" * 4_000), at_d0(b'{"a":' * 300)],
    Fault.NOT_JSON: [at_d0(b""), at_d0(b"working_hours=8"), at_d0(b'{"a":NaN}'), at_d0(b"\xff")],
    Fault.NOT_AN_OBJECT: [at_d0(b"[1]"), at_d0(b"null"), at_d0(b"7")],
    Fault.FIELD_MISSING: [
        at_d0(b"{}"),
        *(
            at_d0(without(brief(), member))
            for member in ("device_id", "location", "working_hours", "fuel_consumption")
        ),
        *(at_d0(without(full(), member)) for member in ("boot_id", "sequence", "datetime")),
        at_d0(full(Location={"Latitude": 1.0})),
        at_d0(brief(working_hours=None)),
    ],
    Fault.FIELD_WRONG: [
        at_d0(brief(working_hours="8")),
        at_d0(brief(location=[34.5, 113.2])),
        at_d0(brief(working_hours=True)),
        at_d0(full(sequence=1.5)),
        at_d0(full(sequence=-1)),
        at_d0(full(sequence=2**60)),
        at_d0(full(boot_id=2**30)),
        at_d0(full(datetime="2026-01-01T08:00:00")),
        at_d0(full(datetime="yesterday")),
        at_d0(full(datetime=1_767_254_400)),
        at_d0(full(FuelUsed={"FuelUnits": "barrel", "FuelConsumed": 3})),
        at_d0(full(FuelUsed={"FuelConsumed": 3})),
        at_d0(full(Location={"Latitude": 1, "Longitude": 2, "datum": "BD-09"})),
        at_d0(full(tamper=1)),
        at_d0(brief(device_id=7)),
    ],
    Fault.DEVICE_UNKNOWN: [message(brief("d-99"))],
    Fault.DEVICE_FOREIGN: [
        message(brief("d-4"), "device/d-0/data"),
        message(brief("d-3"), "gateway/g-open/data"),
        message(brief("d-0"), "gateway/g-none/data"),
    ],
    Fault.PIN_WRONG: [message(full("d-0", EquipmentHeader={"PIN": "PIN9"}))],
    Fault.UNSIGNED: [message(full("d-1")), message(full("d-2"))],
    Fault.SIGNATURE_WRONG: [
        message(payload(full("d-1"), bytes(32)), "device/d-1/data"),
        message(payload(full("d-1"), SECRET).replace(b"401.25", b"400.25"), "device/d-1/data"),
        message(payload(full("d-1"))[:-1] + b',"signature":"zz"}', "device/d-1/data"),
    ],
    Fault.TIME_IMPOSSIBLE: [message(brief(at_ms=0)), message(brief(at_ms=-1))],
    Fault.TIME_IN_FUTURE: [
        message(brief(at_ms=NOW_MS + 74 * YEAR_MS)),
        message(full(datetime="2100-01-01T00:00:00Z")),
        message(brief(at_ms=NOW_MS + 86_401_000)),
    ],
    Fault.TIME_TOO_LATE: [message(brief(at_ms=NOW_MS - HISTORY_MS - 1_000))],
    Fault.POSITION_IMPOSSIBLE: [
        message(brief(location={"lat": 200, "lon": 113})),
        message(brief(location={"lat": 34, "lon": -180.1})),
        message(brief(location={"lat": 1e300, "lon": 0})),
    ],
    Fault.COUNTER_NEGATIVE: [
        message(brief(working_hours=-1)),
        message(brief(fuel_consumption=-0.5)),
        message(full(CumulativeIdleHours={"Hour": -3})),
    ],
    Fault.COUNTER_IMPOSSIBLE: [
        message(brief(working_hours=1e7)),
        message(brief(working_hours=1e99)),
    ],
    Fault.VALUE_OUT_OF_RANGE: [
        message(full(FuelRemaining={"Percent": 130})),
        message(full(supply_voltage_v=-1)),
        message(full(EngineLoad={"Percent": 1e9})),
    ],
    Fault.KEY_REUSED: [message(full(FuelRemaining={"Percent": 12}))],
}


@pytest.mark.parametrize("fault", CASES, ids=lambda fault: fault.name)
def test_every_fault_is_reached_named_counted_and_harmless(fault: Fault) -> None:
    for case in CASES[fault]:
        book = open_book()
        take(book, message(full()))
        good = message(full("d-4", sequence=5))
        result = take(book, case, good)
        assert [item.fault for item in result.quarantined] == [fault], case.payload[:200]
        assert result.readings.device.tolist() == [4]
        assert result.receipts == (Receipt(0, 0, 1), Receipt(1, 0, 0))
        with book.transaction() as unit:
            assert [(name, n) for (_, name), n in counts(unit.rows).items()] == [(fault, 1)]


def test_no_fault_of_a_reading_is_left_out() -> None:
    others = {Fault.NONE, Fault.ORDER_UNKNOWN, Fault.UNPROCESSABLE}
    assert set(CASES) == set(Fault) - others


def test_the_briefs_five_fields_are_taken_as_they_are() -> None:
    readings = take(open_book(), message(brief())).readings
    values = {name: getattr(readings, name).tolist() for name in readings.__slots__}
    expected = {name: [MISSING] for name in values} | {
        "device": [0],
        "boot": [0],
        "sequence": [NOW_MS],
        "at_ms": [NOW_MS],
        "received_ms": [NOW_MS],
        "lat_e7": [345_000_000],
        "lon_e7": [1_132_500_000],
        "fix_valid": [1],
        "engine_s": [4_444_200],
        "fuel_ml": [8_123_250],
    }
    assert values == expected


def test_the_full_form_comes_in_its_own_units() -> None:
    readings = take(open_book(), message(full())).readings
    values = {name: getattr(readings, name).tolist()[0] for name in readings.__slots__}
    assert values == {
        "device": 0,
        "boot": 5,
        "sequence": 1,
        "at_ms": NOW_MS,
        "received_ms": NOW_MS,
        "lat_e7": 345_000_000,
        "lon_e7": 1_132_500_000,
        "fix_valid": 1,
        "hdop_centi": 90,
        "engine_s": 4_444_200,
        "idle_s": 1_444_500,
        "fuel_ml": 15_234_700,
        "tank_permille": 635,
        "load_permille": 410,
        "voltage_mv": 27_400,
        "running": 1,
        "tamper": 0,
        "faults": 1,
        "firmware": 2,
    }


def test_what_a_device_does_not_say_is_missing_not_zero() -> None:
    said = {name: full()[name] for name in ("device_id", "boot_id", "sequence", "datetime")}
    readings = take(open_book(), message(said)).readings
    for name in ("lat_e7", "engine_s", "idle_s", "fuel_ml", "tank_permille", "running", "tamper"):
        assert getattr(readings, name).tolist() == [MISSING]
    assert readings.fix_valid.tolist() == [0]


def test_gallons_become_millilitres() -> None:
    fuel = {"FuelUnits": "gallon", "FuelConsumed": 100}
    readings = take(open_book(), message(full(FuelUsed=fuel))).readings
    assert readings.fuel_ml.tolist() == [378_541]


def test_gcj02_is_told_apart_by_what_the_message_says_and_else_by_its_fleet() -> None:
    book = open_book()
    place = {"Latitude": 31.23, "Longitude": 121.47}
    by_fleet = take(book, message(full("d-3", Location=place))).readings
    stated = take(
        book, message(full("d-3", sequence=2, Location=place | {"datum": "WGS-84"}))
    ).readings
    said = take(book, message(full("d-0", Location=place | {"datum": "GCJ-02"}))).readings
    assert stated.lat_e7.tolist() == [312_300_000]
    assert abs(by_fleet.lon_e7[0] - 1_214_700_000) > 30_000
    assert by_fleet.lon_e7.tolist() == said.lon_e7.tolist()


def test_a_gateway_sends_many_readings_of_its_fleet_one_per_line() -> None:
    lines = [payload(full(device, sequence=n)) for n in range(3) for device in ("d-0", "d-4")]
    lines.insert(1, b"not json")
    lines.append(payload(full("d-1"), SECRET))
    result = take(open_book(), message(b"\n".join(lines), "gateway/g-open/data"))
    assert result.receipts == (Receipt(7, 0, 1),)
    assert sorted(result.readings.device.tolist()) == [0, 0, 0, 1, 4, 4, 4]


def test_a_device_may_write_its_reading_over_several_lines() -> None:
    text = json.dumps(full(), indent=2).encode()
    assert take(open_book(), message(text)).receipts == (Receipt(1, 0, 0),)


def test_a_message_larger_than_a_brokers_usual_is_put_aside_whole() -> None:
    line = payload(full())
    many = b"\n".join([line] * (MESSAGE_BYTES_MAX // len(line) + 2))
    result = take(open_book(), message(many, "gateway/g-open/data"))
    assert [item.fault for item in result.quarantined] == [Fault.TOO_LARGE]


def test_a_repeat_changes_nothing_even_within_one_message() -> None:
    book = open_book()
    both = message(payload(full()) + b"\n" + payload(full()), "gateway/g-open/data")
    assert take(book, both).receipts == (Receipt(1, 1, 0),)
    again = take(book, message(full(buffered=True), received_ms=NOW_MS + 5_000), both)
    assert again.receipts == (Receipt(0, 1, 0), Receipt(0, 2, 0))
    assert len(again.readings) == 0
    with book.transaction() as unit:
        assert len(history.since(unit.rows, 0, 0)) == 1


def test_a_key_with_other_content_is_put_aside_though_its_time_is_another_days() -> None:
    book = open_book()
    take(book, message(full()))
    other = full(datetime="2025-12-20T08:00:00Z")
    assert [item.fault for item in take(book, message(other)).quarantined] == [Fault.KEY_REUSED]


def test_a_second_terminal_of_a_machine_is_not_a_repeat_of_the_first() -> None:
    book = open_book()
    with book.transaction() as unit:
        second = Device("d-9", 0, "PIN0", "open", "none", b"", boot_base=100)
        enrol_devices(unit.rows, [second], KEYS)
    first = take(book, message(full("d-0"))).readings
    other = full("d-9") | {"EquipmentHeader": {"PIN": "PIN0"}}
    later = take(book, message(other)).readings
    assert (first.device.tolist(), later.device.tolist()) == ([0], [0])
    assert later.boot[0] == first.boot[0] + 100


def test_each_device_signs_with_its_own_key_and_kind() -> None:
    private = Ed25519PrivateKey.from_private_bytes(SECRET)
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    book = open_book()
    with book.transaction() as unit:
        enrol_devices(unit.rows, [Device("d-5", 5, "", "strict", "ed25519", public)], KEYS)
    reading = payload(without(full("d-5"), "EquipmentHeader"))
    signed = sign("ed25519", SECRET, reading)
    forged = sign("hmac-sha256", public, reading)
    topic = "device/d-5/data"
    result = take(book, message(forged, topic), message(signed, topic))
    assert [item.fault for item in result.quarantined] == [Fault.SIGNATURE_WRONG]
    assert result.readings.device.tolist() == [5]


@given(st.binary(max_size=200), st.binary(min_size=32, max_size=32))
def test_what_was_signed_is_what_is_checked(body: bytes, key: bytes) -> None:
    reading = b'{"a":"' + body.hex().encode() + b'"}'
    parts = split_signed(sign("hmac-sha256", key, reading))
    assert parts is not None
    assert is_genuine("hmac-sha256", key, *parts)
    assert not is_genuine("hmac-sha256", key, parts[0] + b" ", parts[1])


def test_strangers_share_one_place_in_quarantine_and_floods_are_only_counted() -> None:
    book = open_book()
    for n in range(40):
        take(book, message(brief(f"x-{n}")), message(f"garbage {n}".encode()))
    with book.transaction() as unit:
        assert counts(unit.rows) == {
            (STRANGER, Fault.DEVICE_UNKNOWN): 40,
            (STRANGER, Fault.NOT_JSON): 40,
        }
        assert len(unit.rows.scan(QUARANTINE)) == 18


@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes) -> None:
    result = take(open_book(), at_d0(body))
    assert len(result.readings) == 0
    assert result.quarantined


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("form", [brief, full])
def test_any_value_in_any_member_is_a_reading_or_a_named_fault(
    form: Callable[[], dict[str, Any]],
) -> None:
    members = sorted(form())

    @given(st.sampled_from(members), JSON)
    def check(member: str, value: Any) -> None:
        text = json.dumps(form() | {member: value}, allow_nan=False).encode()
        result = take(open_book(), at_d0(text))
        assert len(result.readings) + len(result.quarantined) == 1

    check()


def test_it_is_the_same_on_disk(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path}/l.db", (*TABLES, *frame_tables(FRAMES)))
    on_disk, in_memory = open_book(store), open_book()
    messages = [message(full("d-0", sequence=n % 50, note=n)) for n in range(200)]
    messages += [message(brief("d-4", at_ms=NOW_MS - n * 300_000)) for n in range(200)]
    for start in range(0, 400, 37):
        part = messages[start : start + 37]
        assert take(on_disk, *part).receipts == take(in_memory, *part).receipts
    for device in (0, 4):
        with on_disk.transaction() as one, in_memory.transaction() as two:
            held = [history.since(unit.rows, device, 0) for unit in (one, two)]
        for name in held[0].__slots__:
            np.testing.assert_array_equal(getattr(held[0], name), getattr(held[1], name))
    store.close()
