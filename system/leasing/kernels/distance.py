"""Metres between fixes, with nothing but sums and products: the same on every machine."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from system.kernels.columns import I64

F64 = NDArray[np.float64]
# Mean radius of the earth, IUGG: 6,371,008.8 m; one 1e-7 degree of a great circle.
M_PER_E7: Final = 6_371_008.8 * 3.141592653589793 / 180 / 1e7
# Coefficients of cos x in x squared, exact to 1e-9 up to 90 degrees.
_COS: Final = (1.0, -1 / 2, 1 / 24, -1 / 720, 1 / 40_320, -1 / 3_628_800, 1 / 479_001_600)


def cosine(lat_e7: NDArray[Any]) -> F64:
    """The cosine of latitudes in 1e-7 degrees: library functions differ in the last digit."""
    square = (lat_e7 * (3.141592653589793 / 180 / 1e7)) ** 2
    total = np.full(square.shape, _COS[-1])
    for coefficient in _COS[-2::-1]:
        total = total * square + coefficient
    return total


def metres(lat_a: I64, lon_a: I64, lat_b: I64, lon_b: I64) -> F64:
    """Distance on a plane that touches halfway: within 0.5 % over 500 km outside polar regions."""
    north = (lat_b - lat_a) * M_PER_E7
    turn = (lon_b - lon_a + 5_400_000_000) % 3_600_000_000 - 1_800_000_000
    east = turn * M_PER_E7 * cosine((lat_a + lat_b) // 2)
    return np.sqrt(north * north + east * east)
