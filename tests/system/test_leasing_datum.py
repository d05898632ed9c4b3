"""GCJ-02 is told from WGS-84 by some hundred metres, and turned into it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.leasing.kernels.datum import gcj02_from_wgs84, wgs84_from_gcj02

# Offsets that the leasing anchors measured with another program.
CITIES = {
    "Shanghai": (31.2304, 121.4737, 481),
    "Beijing": (39.9042, 116.4074, 555),
    "Shenzhen": (22.5431, 114.0579, 606),
    "Chengdu": (30.5728, 104.0668, 362),
    "Urumqi": (43.8256, 87.6168, 265),
}


def metres(lat_1: np.ndarray, lon_1: np.ndarray, lat_2: np.ndarray, lon_2: np.ndarray) -> float:
    north = (lat_2 - lat_1) / 1e7 * 111_195
    east = (lon_2 - lon_1) / 1e7 * 111_195 * np.cos(np.radians(lat_1 / 1e7))
    return float(np.hypot(north, east)[0])


def place(lat: float, lon: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array([round(lat * 1e7)], np.int64), np.array([round(lon * 1e7)], np.int64)


@pytest.mark.parametrize("city", CITIES)
def test_the_shift_of_a_city_is_what_others_compute(city: str) -> None:
    lat, lon, shift_m = CITIES[city]
    here = place(lat, lon)
    assert metres(*here, *gcj02_from_wgs84(*here)) == pytest.approx(shift_m, abs=6)


@given(st.floats(3.5, 53.5), st.floats(73.5, 135.0))
def test_there_and_back_is_the_same_place_to_a_centimetre(lat: float, lon: float) -> None:
    here = place(lat, lon)
    back = wgs84_from_gcj02(*gcj02_from_wgs84(*here))
    assert abs(int(back[0][0] - here[0][0])) <= 1
    assert abs(int(back[1][0] - here[1][0])) <= 1


@pytest.mark.parametrize("lat_lon", [(48.1, 11.6), (-33.9, 151.2), (0.0, 0.0), (90.0, -180.0)])
def test_outside_china_nothing_is_shifted(lat_lon: tuple[float, float]) -> None:
    here = place(*lat_lon)
    there = wgs84_from_gcj02(*here)
    assert (there[0].tolist(), there[1].tolist()) == (here[0].tolist(), here[1].tolist())
