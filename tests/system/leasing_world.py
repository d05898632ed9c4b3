"""A few machines and their readings, for tests of twins, rules and alerts."""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from system.bootstrap_leasing import LeasingSystem, build_leasing
from system.kernels.columns import MISSING
from system.leasing.calendars import ALWAYS
from system.leasing.commands import DefineSite, EnrolMachines
from system.leasing.policy import DEFAULT_POLICY, LeasingPolicy
from system.leasing.readings import Readings
from system.leasing.records import Alert, AlertState
from tests.system.telemetry_world import CIPHER

# Monday 2026-01-05 00:00 in China.
MONDAY_MS = 1_767_542_400_000
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
LAT_E7, LON_E7 = 345_000_000, 1_132_500_000
CIRCLE = (
    '{"type":"Feature","properties":{"radius_m":300},'
    '"geometry":{"type":"Point","coordinates":[113.25,34.5]}}'
)


class HeldClock:
    """Time that the test sets."""

    def __init__(self, now_s: int = MONDAY_MS // 1_000) -> None:
        self.at_s = now_s

    def now_s(self) -> int:
        return self.at_s


def system_of(
    store_url: str = "memory",
    *,
    machines: int = 3,
    week: str = ALWAYS,
    fence: str = CIRCLE,
    policy: LeasingPolicy = DEFAULT_POLICY,
    clock: HeldClock | None = None,
    **terms: int,
) -> LeasingSystem:
    """Machines on one site."""
    built = build_leasing(
        clock=clock or HeldClock(), store_url=store_url, policy=policy, cipher=CIPHER
    )
    site = built.leasing.define_site(DefineSite("site", "pit", fence, week))
    built.leasing.enrol_machines(enrolment(machines, site=site, **terms))
    return built


def enrolment(n: int, command_id: str = "enrol", **terms: int) -> EnrolMachines:
    """n machines alike."""
    usual = {
        "kind": 0,
        "site": -1,
        "tank_ml": 400_000,
        "burn_idle_ml": 4_000,
        "burn_full_ml": 24_000,
        "period_engine_s_max": 0,
        "service_every_s": 0,
    }
    columns = {name: np.full(n, value) for name, value in (usual | terms).items()}
    return EnrolMachines(command_id, n, **columns)


def readings(
    n: int,
    *,
    device: int = 0,
    start_ms: int = MONDAY_MS,
    every_ms: int = 15 * MINUTE_MS,
    **columns: Any,
) -> Readings:
    """n readings of a machine at its site that works all the time, but for the given columns."""
    step = np.arange(n)
    at_ms = start_ms + step * every_ms
    engine_s = 3_600_000 + step * (every_ms // 1_000)
    usual: dict[str, Any] = {
        "device": device,
        "boot": 1,
        "sequence": step + (start_ms - MONDAY_MS) // 1_000,
        "at_ms": at_ms,
        "received_ms": at_ms + 2_000,
        "lat_e7": LAT_E7 + step % 7,
        "lon_e7": LON_E7 + step % 5,
        "fix_valid": 1,
        "hdop_centi": 90,
        "engine_s": engine_s,
        "idle_s": MISSING,
        "fuel_ml": None,
        "tank_permille": 700,
        "load_permille": 500,
        "voltage_mv": 26_000,
        "running": 1,
        "tamper": 0,
        "faults": MISSING,
        "firmware": MISSING,
    }
    usual |= columns
    if usual["fuel_ml"] is None:
        usual["fuel_ml"] = 10**7 + (usual["engine_s"] - 3_600_000) * 4
    return Readings(
        **{
            f.name: np.array(np.broadcast_to(usual[f.name], (n,)), np.int64)
            for f in fields(Readings)
        }
    )


def joined(*parts: Readings) -> Readings:
    """Several in one, in the order given."""
    return Readings(
        *(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Readings))
    )


def facts(alerts: Sequence[Alert]) -> list[tuple[str, int, int, str]]:
    """What of alerts depends on readings alone."""
    return [
        (alert.alert_id, alert.found_ms, alert.end_ms, alert.evidence)
        for alert in alerts
        if alert.state != AlertState.CORRECTED
    ]


def changed(policy: LeasingPolicy = DEFAULT_POLICY, **numbers: Any) -> LeasingPolicy:
    """The default policy with other numbers."""
    return replace(policy, **numbers)


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'leasing.db'}"
