"""Datum: where a Chinese map's coordinates (GCJ-02) lie on the world's (WGS-84).

The shift is defined by a published formula and is some hundred metres: more than most site fences.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from system.kernels.columns import I64, Mask

F64 = NDArray[np.float64]

_E7 = 10_000_000
# Krasovsky 1940, as the formula has it.
_SEMI_MAJOR_M = 6_378_245.0
_ECCENTRICITY_2 = 0.006_693_421_622_965_943
# Rounds of the inverse: each divides the error by hundreds; two reach a centimetre.
_ROUNDS = 4


def wgs84_from_gcj02(lat_e7: I64, lon_e7: I64) -> tuple[I64, I64]:
    """The WGS-84 position of each GCJ-02 position, degrees x 10**7, rounded to even.

    lat_e7, lon_e7: int64 (n,), within the globe.  Outside China the datums agree.
    The inverse has no closed form; it is iterated to below a centimetre.
    Source: the formula of GCJ-02 as published with eviltransform and PROJ discussions;
    offsets of five cities in tests/system/test_leasing_datum.py.
    """
    return _moved(lat_e7, lon_e7, _unshifted)


def gcj02_from_wgs84(lat_e7: I64, lon_e7: I64) -> tuple[I64, I64]:
    """The GCJ-02 position of each WGS-84 position, degrees x 10**7, rounded to even."""
    return _moved(lat_e7, lon_e7, _shifted)


def _moved(
    lat_e7: I64, lon_e7: I64, move: Callable[[F64, F64], tuple[F64, F64]]
) -> tuple[I64, I64]:
    assert lat_e7.shape == lon_e7.shape
    rows = np.flatnonzero(in_china(lat_e7, lon_e7))
    lat, lon = move(lat_e7[rows] / _E7, lon_e7[rows] / _E7)
    moved = lat_e7.copy(), lon_e7.copy()
    moved[0][rows] = np.rint(lat * _E7)
    moved[1][rows] = np.rint(lon * _E7)
    return moved


def in_china(lat_e7: I64, lon_e7: I64) -> Mask:
    """Whether the formula applies: the box that goes with it, not a border."""
    inside: Mask = (
        (lat_e7 >= 8_293_000)
        & (lat_e7 <= 558_271_000)
        & (lon_e7 >= 720_040_000)
        & (lon_e7 <= 1_378_347_000)
    )
    return inside


def _shifted(lat: F64, lon: F64) -> tuple[F64, F64]:
    lat_shift, lon_shift = _shift(lat, lon)
    return lat + lat_shift, lon + lon_shift


def _unshifted(lat_goal: F64, lon_goal: F64) -> tuple[F64, F64]:
    lat, lon = lat_goal, lon_goal
    for _ in range(_ROUNDS):
        lat_shift, lon_shift = _shift(lat, lon)
        lat, lon = lat_goal - lat_shift, lon_goal - lon_shift
    return lat, lon


def _shift(lat: F64, lon: F64) -> tuple[F64, F64]:
    """Degrees that GCJ-02 adds to a WGS-84 position."""
    x, y = lon - 105.0, lat - 35.0
    north, east = _metres_north(x, y), _metres_east(x, y)
    radians = np.radians(lat)
    flattening = 1 - _ECCENTRICITY_2 * np.sin(radians) ** 2
    root = np.sqrt(flattening)
    lat_metres = np.radians(_SEMI_MAJOR_M * (1 - _ECCENTRICITY_2) / (flattening * root))
    lon_metres = np.radians(_SEMI_MAJOR_M / root * np.cos(radians))
    return north / lat_metres, east / lon_metres


def _metres_north(x: F64, y: F64) -> F64:
    smooth = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    waves = _waves(x, ((20, 6), (20, 2))) + _waves(y, ((20, 1), (40, 1 / 3)))
    return smooth + waves + _waves(y, ((160, 1 / 12), (320, 1 / 30)))


def _metres_east(x: F64, y: F64) -> F64:
    smooth = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    waves = _waves(x, ((20, 6), (20, 2), (20, 1), (40, 1 / 3)))
    return smooth + waves + _waves(x, ((150, 1 / 12), (300, 1 / 30)))


def _waves(along: F64, terms: tuple[tuple[float, float], ...]) -> F64:
    total = np.zeros_like(along)
    for size, frequency in terms:
        total += size * np.sin(frequency * np.pi * along)
    return total * (2 / 3)
