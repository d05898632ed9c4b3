"""Where a run happened: versions (recorded with it) and the machine (beside its timings)."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

import numpy as np

# The packages whose change may change a result.
WATCHED = (
    "shapan",
    "numpy",
    "scipy",
    "simpy",
    "Mesa",
    "networkx",
    "holidays",
    "web3",
    "eth-tester",
    "py-evm",
    "pyrevm",
    "SQLAlchemy",
)


def versions() -> dict[str, str]:
    """Package -> version; a package that is absent is left out."""
    found = {"python": platform.python_version()}
    for name in WATCHED:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def machine() -> dict[str, object]:
    """Architecture, cores and the CPU features that floating point may depend on."""
    config = np.show_config(mode="dicts")
    return {
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "cpu_features": config["SIMD Extensions"],
    }
