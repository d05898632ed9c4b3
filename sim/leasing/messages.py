"""What terminals put on the wire: readings as JSON, many to a message of the platform's gateway."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import orjson

from sim.leasing.network import Arrived
from sim.portable import I64
from system.kernels.columns import MISSING
from system.leasing.devices import BOOT_FIRST

# Gateways through which the platform speaks for all terminals.
GATEWAYS: Final = 8
_HOUR_S: Final = 3_600


def device_id(machine: int) -> str:
    return f"m-{machine}"


def gateway_id(gateway: int) -> str:
    return f"g-{gateway}"


def gateways_of(device: I64) -> I64:
    """The gateway by which each terminal speaks, always the same one."""
    return device % GATEWAYS


def messages_of(arrived: Arrived, reverse: Sequence[int] = ()) -> dict[int, tuple[str, bytes]]:
    """Topic and payload of each gateway's message. reverse: those whose readings are turned."""
    gateway = gateways_of(arrived.spoken.device)
    lines = _lines(arrived)
    messages = {}
    for one in np.unique(gateway).tolist():
        rows = np.flatnonzero(gateway == one).tolist()
        payload = b"\n".join(lines[row] for row in (reversed(rows) if one in reverse else rows))
        messages[one] = (f"gateway/{gateway_id(one)}/data", payload)
    return messages


def _lines(arrived: Arrived) -> list[bytes]:
    """Each reading in the full form of the product's intake."""
    spoken = arrived.spoken
    when = np.datetime_as_string(spoken.at_ms.astype("datetime64[ms]")).tolist()
    columns = [
        _listed(column)
        for column in (
            spoken.device,
            spoken.boot,
            spoken.sequence,
            arrived.buffered,
            spoken.lat_e7,
            spoken.lon_e7,
            spoken.fix_valid,
            spoken.hdop_centi,
            spoken.engine_s,
            spoken.idle_s,
            spoken.fuel_ml,
            spoken.tank_permille,
            spoken.load_permille,
            spoken.running,
            spoken.voltage_mv,
            spoken.tamper,
        )
    ]
    return [orjson.dumps(_document(*row)) for row in zip(when, *columns, strict=True)]


def _listed(column: I64) -> list[int]:
    listed: list[int] = column.tolist()
    return listed


def _document(
    when: str,
    device: int,
    boot: int,
    sequence: int,
    buffered: int,
    lat_e7: int,
    lon_e7: int,
    fix_valid: int,
    hdop_centi: int,
    engine_s: int,
    idle_s: int,
    fuel_ml: int,
    tank_permille: int,
    load_permille: int,
    running: int,
    voltage_mv: int,
    tamper: int,
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "device_id": device_id(device),
        "boot_id": boot - BOOT_FIRST,
        "sequence": sequence,
        "datetime": f"{when}Z",
        "buffered": bool(buffered),
        "Location": {
            "Latitude": lat_e7 / 10**7,
            "Longitude": lon_e7 / 10**7,
            "fix_valid": bool(fix_valid),
            "hdop": hdop_centi / 100,
        },
        "CumulativeOperatingHours": {"Hour": engine_s / _HOUR_S},
        "CumulativeIdleHours": {"Hour": idle_s / _HOUR_S},
        "FuelUsed": {"FuelUnits": "litre", "FuelConsumed": fuel_ml / 1_000},
        "FuelRemaining": {"Percent": tank_permille / 10},
        "EngineStatus": {"Running": bool(running)},
        "supply_voltage_v": voltage_mv / 1_000,
        "tamper": bool(tamper),
    }
    if load_permille != MISSING:
        document["EngineLoad"] = {"Percent": load_permille / 10}
    return document
