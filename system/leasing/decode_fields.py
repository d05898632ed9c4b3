"""Which member of a message becomes which column, in which unit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from system.kernels.columns import I64, MISSING, Mask
from system.leasing.quarantine import Fault

HOUR_S: Final = 3_600
# Source: NIST Handbook 44, appendix C: one US gallon, exactly.
GALLON_ML: Final = 3_785.411784
_LITRE_ML: Final = 1_000
Columns = dict[str, I64]
TextsOf = Callable[[str, str], list[str]]
FaultWhere = Callable[[Mask, Fault], None]


@dataclass(frozen=True, slots=True)
class Column:
    """A member of a message (``group`` "" for its top) and the column that it fills, x scale."""

    name: str
    group: str
    member: str
    scale: float = 1
    is_required: bool = False
    is_whole: bool = False
    is_flag: bool = False
    is_time: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """columns: those read as they are.  finish: adds what follows from several members.

    A group's required members must be there where the group is, or always if it is required.
    has_words: it may list fault codes and name its firmware.
    """

    columns: tuple[Column, ...]
    groups_required: frozenset[str]
    pin: tuple[str, str] | None
    finish: Callable[[Columns, TextsOf, FaultWhere], None]
    has_words: bool


def _finish_brief(columns: Columns, _texts_of: TextsOf, _fault_where: FaultWhere) -> None:
    """It counts nothing: its time is its sequence. Its position counts as a fix."""
    n = columns["at_ms"].size
    columns["sequence"] = columns["at_ms"]
    columns["boot"] = np.zeros(n, np.int64)
    columns["timed"] = np.ones(n, np.int64)
    columns["fix_valid"] = np.ones(n, np.int64)
    columns["buffered"] = np.zeros(n, np.int64)


def _finish_full(columns: Columns, texts_of: TextsOf, fault_where: FaultWhere) -> None:
    columns["timed"] = np.zeros(columns["at_ms"].size, np.int64)
    _fuel_in_ml(columns, texts_of("FuelUsed", "FuelUnits"), fault_where)
    _datum(columns, texts_of("Location", "datum"), fault_where)
    is_placed = columns["lat_e7"] != MISSING
    unsaid = columns["fix_valid"] == MISSING
    columns["fix_valid"] = np.where(unsaid, is_placed.astype(np.int64), columns["fix_valid"])
    columns["buffered"] = np.where(columns["buffered"] == 1, 1, 0)


def _fuel_in_ml(columns: Columns, units: list[str], fault_where: FaultWhere) -> None:
    """FuelUsed comes in litres or in US gallons, and must say which."""
    given = columns["fuel_ml"] != MISSING
    kinds = set(units)
    if kinds <= {"litre", ""}:
        unknown = given & np.array([unit == "" for unit in units], np.bool_)
    else:
        is_gallon = np.array([unit == "gallon" for unit in units], np.bool_)
        micro = columns["fuel_ml"] * (GALLON_ML / _LITRE_ML)
        columns["fuel_ml"] = np.where(
            given & is_gallon, np.rint(micro).astype(np.int64), columns["fuel_ml"]
        )
        unknown = given & np.array([unit not in ("litre", "gallon") for unit in units], np.bool_)
    if unknown.any():
        fault_where(unknown, Fault.FIELD_WRONG)


def _datum(columns: Columns, names: list[str], fault_where: FaultWhere) -> None:
    codes = {"": MISSING, "WGS-84": 0, "GCJ-02": 1}
    columns["gcj02"] = np.array([codes.get(name, -1) for name in names], np.int64)
    unknown = columns["gcj02"] == -1
    if unknown.any():
        fault_where(unknown, Fault.FIELD_WRONG)


BRIEF: Final = Form(
    columns=(
        Column("at_ms", "", "timestamp", 1_000, is_required=True),
        Column("lat_e7", "location", "lat", 1e7, is_required=True),
        Column("lon_e7", "location", "lon", 1e7, is_required=True),
        Column("engine_s", "", "working_hours", HOUR_S, is_required=True),
        Column("fuel_ml", "", "fuel_consumption", _LITRE_ML, is_required=True),
    ),
    groups_required=frozenset({"location"}),
    pin=None,
    finish=_finish_brief,
    has_words=False,
)
FULL: Final = Form(
    columns=(
        Column("boot", "", "boot_id", is_required=True, is_whole=True),
        Column("sequence", "", "sequence", is_required=True, is_whole=True),
        Column("at_ms", "", "datetime", is_required=True, is_time=True),
        Column("buffered", "", "buffered", is_flag=True),
        Column("lat_e7", "Location", "Latitude", 1e7, is_required=True),
        Column("lon_e7", "Location", "Longitude", 1e7, is_required=True),
        Column("fix_valid", "Location", "fix_valid", is_flag=True),
        Column("hdop_centi", "Location", "hdop", 100),
        Column("engine_s", "CumulativeOperatingHours", "Hour", HOUR_S, is_required=True),
        Column("idle_s", "CumulativeIdleHours", "Hour", HOUR_S, is_required=True),
        Column("fuel_ml", "FuelUsed", "FuelConsumed", _LITRE_ML, is_required=True),
        Column("tank_permille", "FuelRemaining", "Percent", 10, is_required=True),
        Column("load_permille", "EngineLoad", "Percent", 10, is_required=True),
        Column("running", "EngineStatus", "Running", is_flag=True, is_required=True),
        Column("voltage_mv", "", "supply_voltage_v", 1_000),
        Column("tamper", "", "tamper", is_flag=True),
    ),
    groups_required=frozenset(),
    pin=("EquipmentHeader", "PIN"),
    finish=_finish_full,
    has_words=True,
)
