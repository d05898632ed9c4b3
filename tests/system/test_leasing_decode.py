"""Messages read into typed fields and those read member by member say the same."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.leasing import decode as module
from system.leasing.decode import Decoded, decode
from system.ports.broker import Delivery
from tests.system.telemetry_world import brief, full

VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "litre", "gallon", "GCJ-02", "2026-01-01T08:00:00Z", "1", "x"])
    | st.dictionaries(
        st.sampled_from(["Hour", "Latitude", "datum", "lat"]), st.integers(), max_size=2
    )
    | st.lists(st.integers(), max_size=2)
    | st.lists(
        st.fixed_dictionaries(
            {
                "spn": st.integers(-1, 2**19) | st.sampled_from([1.0, True]),
                "fmi": st.integers(0, 32),
            }
        ),
        max_size=17,
    )
)
FORMS = [brief, full]
PLACES = [
    (form, group, member)
    for form in FORMS
    for group, members in [("", form()), *((k, v) for k, v in form().items() if type(v) is dict)]
    for member in [*members, "timestamp", "datum", "FuelUnits", "buffered"]
]


def changed(form: Any, group: str, member: str, value: Any) -> bytes:
    reading = form()
    (reading[group] if group else reading)[member] = value
    return json.dumps(reading).encode()


def slowly(deliveries: list[Delivery]) -> Decoded:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PLAIN_BYTES", 0)
        return decode(deliveries)


def assert_same(one: Decoded, two: Decoded) -> None:
    assert one.faults.tolist() == two.faults.tolist()
    good = np.flatnonzero(one.faults == 0)
    assert [one.device_ids[n] for n in good] == [two.device_ids[n] for n in good]
    assert [one.pins[n] for n in good] == [two.pins[n] for n in good]
    for name, said in one.words.items():
        assert [said[n] for n in good] == [two.words[name][n] for n in good]
    for name, values in one.columns.items():
        np.testing.assert_array_equal(values[good], two.columns[name][good], err_msg=name)


@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=5))
def test_both_ways_of_reading_give_the_same_columns_and_faults(cases: list[Any]) -> None:
    texts = [changed(*place, value) for place, value in cases]
    deliveries = [Delivery("device/d-0/data", text, 0) for text in texts]
    assert_same(decode(deliveries), slowly(deliveries))


@given(st.lists(st.sampled_from([*FORMS, dict]), max_size=6))
def test_a_mixture_of_forms_is_read_as_each_alone(forms: list[Any]) -> None:
    deliveries = [Delivery("t", json.dumps(form()).encode(), 0) for form in forms]
    mixed = decode(deliveries)
    for row, delivery in enumerate(deliveries):
        alone = decode([delivery])
        assert mixed.faults[row] == alone.faults[0]
        if not alone.faults[0]:
            assert {n: c[row] for n, c in mixed.columns.items()} == {
                n: c[0] for n, c in alone.columns.items()
            }
