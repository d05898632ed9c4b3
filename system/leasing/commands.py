"""What is asked of the leasing product. Imperative; machines are named by their rows.

``command_id`` is made by the client: the same id with the same content gets the same answer, with
other content a refusal. Columns are int64 (n,) NumPy arrays, 1 to COLUMN_ROWS_MAX rows.
"""

from dataclasses import dataclass

from system.kernels.columns import I64
from system.leasing.records import ActionKind

# Machines, their sites, and alerts on them.


@dataclass(frozen=True, slots=True)
class EnrolMachines:
    """Take on n machines: they get the next n rows. Columns as in ``records.MACHINES``.

    site: number of a site that is defined, -1 for none.
    """

    command_id: str
    n: int
    kind: I64
    site: I64
    tank_ml: I64
    burn_idle_ml: I64
    burn_full_ml: I64
    period_engine_s_max: I64
    service_every_s: I64


@dataclass(frozen=True, slots=True)
class DefineSite:
    """Name a new site's fence and hours; see ``records.Site``. Its number is the answer."""

    command_id: str
    name: str
    fence: str
    week: str
    datum: str = "WGS-84"


@dataclass(frozen=True, slots=True)
class CloseSiteDays:
    """The sites do not work on these days. Readings of days already seen are judged again."""

    command_id: str
    site: I64
    day: I64
    reason: str


@dataclass(frozen=True, slots=True)
class MoveMachines:
    """The machines belong to other sites from a moment on; not before one told earlier."""

    command_id: str
    machine: I64
    site: I64
    from_ms: I64


@dataclass(frozen=True, slots=True)
class SetTerms:
    """What machines may do from now on: hours per period and service plan of their contract."""

    command_id: str
    machine: I64
    period_engine_s_max: I64
    service_every_s: I64


@dataclass(frozen=True, slots=True)
class RecordService:
    """The machines were serviced: the next service is due one interval later."""

    command_id: str
    machine: I64
    officer: str


@dataclass(frozen=True, slots=True)
class AcknowledgeAlerts:
    command_id: str
    alert_ids: tuple[str, ...]
    officer: str


@dataclass(frozen=True, slots=True)
class EscalateAlerts:
    command_id: str
    alert_ids: tuple[str, ...]
    officer: str


@dataclass(frozen=True, slots=True)
class ClearAlerts:
    """People found these settled. A cause that goes on raises no second alert until it was over."""

    command_id: str
    alert_ids: tuple[str, ...]
    officer: str
    note: str


@dataclass(frozen=True, slots=True)
class ActOnAlert:
    """Do something about an alert. checker: a second person, from LIMIT_CUT on."""

    command_id: str
    alert_id: str
    kind: ActionKind
    maker: str
    checker: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class SettleAction:
    """An action was carried out, or failed. Machines settle theirs by acknowledging the command."""

    command_id: str
    action_id: str
    done: bool
    officer: str
    note: str = ""
