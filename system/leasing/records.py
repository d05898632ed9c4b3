"""The nouns of leased machines: what one is, what the bank knows of it, and what it warns of."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from system.ports.book import Column, Frame
from system.ports.store import AtLeast, Table


class AlertKind(IntEnum):
    """What a machine may be warned of. A machine has at most one open alert of each kind."""

    IDLE = 0  # not at work for longer than its site's open hours explain
    OFFLINE = 1  # nothing heard: its state is unknown, not idle
    GEOFENCE = 2  # outside its site
    FUEL_BURN = 3  # burns more than its load explains
    FUEL_THEFT = 4  # fuel left the tank and not through the engine
    TAMPER = 5  # the terminal was opened, removed, or cut from power
    ROLLBACK = 6  # the hour meter went back
    SPOOF = 7  # positions that no machine can have
    OVERUSE = 8  # more hours than the contract gives
    MAINTENANCE = 9  # service is due
    FUEL_LEAK = 10  # the tank empties while the machine stands


class AlertState(IntEnum):
    """Where an alert stands. CLEARED and CORRECTED are its ends."""

    RAISED = 1
    ACKNOWLEDGED = 2  # somebody has taken it on
    ESCALATED = 3  # nobody did in time, or somebody asked for help
    CLEARED = 4  # its cause is over, or people found it settled
    CORRECTED = 5  # late readings showed that it never was


OPEN_STATES: Final = (AlertState.RAISED, AlertState.ACKNOWLEDGED, AlertState.ESCALATED)


class Severity(IntEnum):
    NOTICE = 1
    WARNING = 2
    CRITICAL = 3


class ActionKind(IntEnum):
    """What the bank does about an alert. From LIMIT_CUT on, a second person has to agree."""

    CALL = 1
    INSPECTION = 2
    LIMIT_CUT = 3  # no further machine for the lessee; done as it is decided
    IMMOBILISE = 4  # a command to the machine, which acknowledges it
    RELEASE = 5  # undoes IMMOBILISE
    REPOSSESSION = 6


class ActionState(IntEnum):
    ORDERED = 1
    DONE = 2  # carried out; for commands to a machine, by its own acknowledgement
    FAILED = 3


# What a machine is and may do, one row per machine; -1 for a site that it has not.
MACHINES: Final = Frame(
    "leased_machine",
    (
        Column("kind"),  # its class, as the fleet numbers them
        Column("site"),
        Column("site_from_ms"),  # it belongs to ``site`` from then on, and before to
        Column("site_before"),
        Column("tank_ml", floor=0),  # 0: not known
        # What its maker says that it burns in an hour at no load and at full load; 0: not known.
        Column("burn_idle_ml", floor=0),
        Column("burn_full_ml", floor=0),
        Column("period_engine_s_max", floor=0),  # of the contract, per period; 0: no bound
        Column("service_every_s", floor=0),  # engine seconds between services; 0: none planned
        # Reconciled engine seconds at which the next one is due, from ``service_from_ms`` on.
        Column("service_due_s"),
        Column("service_from_ms"),
        Column("service_due_before_s"),
        Column("immobilised", floor=0),  # 1 once the machine has said so
        Column("lease", floor=0),  # number of its latest lease, plus one; 0: never leased
    ),
)


@dataclass(frozen=True, slots=True)
class Site:
    """Where machines work, and when.

    fence: GeoJSON in WGS-84, or GCJ-02 where ``datum`` says so; empty for no fence.  week: the
    hours of the week that are worked, one hex digit per four of 168, Monday 00:00 local first.
    """

    site: int
    name: str
    fence: str
    datum: str
    week: str


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A business day on which a site does not work: weather, holiday, standstill."""

    site: int
    day: int
    reason: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One machine's twin as it was before the first reading of a business day.

    The row of day d is written over by that of day d + CHECKPOINT_DAYS.  twin: TWIN_COLUMNS, int64
    little-endian.
    """

    machine: int
    slot: int
    day: int
    twin: bytes


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode of one kind on one machine, and what people did about it.

    alert_id: MACHINE/KIND/START, so that the same episode always has the same.  start_ms: since
    when, in event time.  found_ms: the event time at which it could be known.  raised_at_s: when
    the bank was told.  end_ms: when its cause was over, 0 while it lasts.  closed_at_s: when it
    was cleared or corrected, 0 before.  officer: who took it on.  cleared_by: who found it settled
    before its cause was over.  version: how many events it has had.  evidence: JSON, see
    ``system.leasing.evidence``.
    """

    alert_id: str
    machine: int
    kind: int
    severity: int
    state: int
    start_ms: int
    found_ms: int
    end_ms: int
    raised_at_s: int
    taken_at_s: int
    escalated_at_s: int
    closed_at_s: int
    officer: str
    cleared_by: str
    version: int
    evidence: str


@dataclass(frozen=True, slots=True)
class Action:
    """Something that the bank does about an alert; ``checker`` is empty where one person may.

    number: counts a machine's actions, the order in which commands leave for it.  alert_id: empty
    where a contract's arrears are the reason.
    """

    action_id: str
    alert_id: str
    machine: int
    number: int
    kind: int
    state: int
    maker: str
    checker: str
    ordered_at_s: int
    settled_at_s: int
    note: str


SITES: Final = Table("leasing_site", Site, key=("site",))
CLOSED_DAYS: Final = Table("leasing_closed_day", ClosedDay, key=("site", "day"), append_only=True)
CHECKPOINTS: Final = Table("leasing_checkpoint", Checkpoint, key=("machine", "slot"))
ALERTS: Final = Table(
    "leasing_alert",
    Alert,
    key=("alert_id",),
    index=(("machine",), ("state",)),
    checks=(AtLeast("found_ms", "start_ms"),),
)
ACTIONS: Final = Table(
    "leasing_action", Action, key=("action_id",), index=(("alert_id",), ("machine",))
)
TWIN_TABLES: Final = (SITES, CLOSED_DAYS, CHECKPOINTS, ALERTS, ACTIONS)

# What the bank knows of a machine after its newest reading: what rules carry from one reading to
# the next. MISSING where nothing was said yet; ``*_since_ms`` is 0 while no episode is on.
CARRIED_KINDS: Final = tuple(kind for kind in AlertKind if kind is not AlertKind.OFFLINE)
TWIN_COLUMNS: Final = (
    "boot",
    "sequence",
    "at_ms",
    "received_ms",
    # The newest valid fix, and what counters and gauges said last.
    "fix_at_ms",
    "lat_e7",
    "lon_e7",
    "engine_s",
    "idle_s",
    "fuel_ml",
    "tank_permille",
    "voltage_mv",
    "running",
    "load_permille",
    "tamper",
    "faults",
    "firmware",
    # Counters start anew: what was on them before. Reconciled hours = engine_s + engine_before_s.
    "engine_before_s",
    "fuel_before_ml",
    # Hour meter: fuel burnt since it last moved, and when that was.
    "stalled_ml",
    "stalled_from_ms",
    # Idle: last work, and open hours since.
    "work_at_ms",
    "idle_open_ms",
    # Fence: fixes outside in a row, and the first of them.
    "outside_fixes",
    "outside_from_ms",
    # The fix before the newest.
    "fix_before_ms",
    "lat_before_e7",
    "lon_before_e7",
    # Spoof: engine seconds on a fix that does not stir; a leap that waits for a second fix.
    "frozen_s",
    "frozen_from_ms",
    "leap_ms",
    # Supply: readings in a row without power.
    "dark_readings",
    "dark_from_ms",
    # Tank: what would be in it had nothing been burnt, at the last readings, newest first.
    "tank_1_ml",
    "tank_2_ml",
    "tank_3_ml",
    "tank_4_ml",
    # Leak: in the tank when it last stood, and the sum of what was lost at rest.
    "parked_ml",
    "leak_sum",
    "leak_from_ms",
    # Burn: the sum that grows with each unexplained litre, and what this machine's past says;
    # ``load`` sums are seconds x permille. See ``kernels.fuel_burn``.
    "burn_sum",
    "burn_from_ms",
    "burn_day",
    "burn_s",
    "burn_load",
    "burn_load2",
    "burn_ml",
    "burn_ml_load",
    "burn_days",
    "burn_stray",
    "burn_stray_day",
    "burn_readings",
    "today_s",
    "today_load",
    "today_load2",
    "today_ml",
    "today_ml_load",
    "today_stray",
    "today_rest",
    "today_readings",
    # Hours of the contract's running period.
    "period",
    "period_from_s",
    *(f"{kind.name.lower()}_since_ms" for kind in CARRIED_KINDS),
    *(f"{kind.name.lower()}_true_ms" for kind in CARRIED_KINDS),
)
# Columns that begin as MISSING, all others as 0.
TWIN_UNKNOWN: Final = (
    *TWIN_COLUMNS[: TWIN_COLUMNS.index("engine_before_s")],
    "work_at_ms",
    "fix_before_ms",
    "lat_before_e7",
    "lon_before_e7",
    "tank_1_ml",
    "tank_2_ml",
    "tank_3_ml",
    "tank_4_ml",
    "parked_ml",
    "period",
)
# ``silence_told_ms``: of which newest reading it was told that nothing came after; not a matter of
# readings, so no checkpoint has it.
TWINS: Final = Frame(
    "machine_twin", tuple(Column(name) for name in (*TWIN_COLUMNS, "silence_told_ms"))
)
TWIN_FRAMES: Final = (MACHINES, TWINS)
