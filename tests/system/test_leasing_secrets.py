"""Secrets that devices share with the bank lie sealed in its store."""

from dataclasses import replace
from pathlib import Path

import pytest

from system.adapters.field_cipher import AesGcmCipher
from system.errors import InputError, IntegrityError
from system.leasing.devices import DEVICES, NO_KEYS, DeviceKeys, enrol_devices
from tests.system.leasing_world import sqlite_url
from tests.system.telemetry_desk import clock_at, delivery, desk_of, reading
from tests.system.telemetry_world import DEVICES as FLEET
from tests.system.telemetry_world import SECRET, open_book

NEWER = AesGcmCipher({1: b"k" * 32, 2: b"n" * 32}, b"i" * 32)


def test_no_byte_of_a_secret_is_on_disk_and_its_device_is_believed(tmp_path: Path) -> None:
    built = desk_of(clock_at(12), sqlite_url(tmp_path))
    [taken] = [built.telemetry.take([delivery("device/d-1/data", reading(1, "d-1"), SECRET)])]
    assert (taken.stored, taken.quarantined) == (1, 0)
    built.close()
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"leasing_device" in files
    assert SECRET not in files
    assert SECRET.hex().encode() not in files


def test_secrets_are_sealed_again_under_a_new_key_after_which_the_old_one_is_not_needed() -> None:
    book = open_book()
    with book.transaction() as unit:
        assert DeviceKeys(NEWER).seal_again(unit.rows) == 1
        [device] = unit.rows.get(DEVICES, [("d-1",)])
    assert device is not None
    alone = DeviceKeys(AesGcmCipher({2: b"n" * 32}, b"i" * 32))
    assert alone.key_of(device) == SECRET


def test_a_secret_that_was_copied_to_another_device_opens_nothing() -> None:
    book = open_book()
    with book.transaction() as unit:
        [device] = unit.rows.get(DEVICES, [("d-1",)])
    assert device is not None
    with pytest.raises(IntegrityError):
        DeviceKeys(NEWER).key_of(replace(device, device_id="d-2"))


def test_without_a_cipher_no_device_with_a_secret_is_enrolled() -> None:
    signing = replace(FLEET[1], device_id="d-9")
    with open_book().transaction() as unit, pytest.raises(InputError, match="cipher"):
        enrol_devices(unit.rows, [signing], NO_KEYS)
