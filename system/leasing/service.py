"""Leasing of machines: every use case in one place.

Readings come in any order and more than once; twins and alerts are as if each had come once and in
time. A command commits as a whole with its audit link and its stored answer: sent again, it gets
that answer.
"""

from collections.abc import Sequence

from system.kernels.columns import I64
from system.leasing import service_alerts, service_machines, service_twins
from system.leasing.commands import (
    AcknowledgeAlerts,
    ActOnAlert,
    ClearAlerts,
    CloseSiteDays,
    DefineSite,
    EnrolMachines,
    EscalateAlerts,
    MoveMachines,
    RecordService,
    SetTerms,
    SettleAction,
)
from system.leasing.desk import Parts
from system.leasing.readings import Readings
from system.leasing.records import MACHINES, TWINS, Action, Alert, AlertKind
from system.leasing.rules import Refusal
from system.leasing.service_twins import TakenIn, TwinStates
from system.ports.book import Frame, Rows


class LeasingService:
    """One service over one book. All state is in the book: a new object goes on."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # Machines and sites.

    def enrol_machines(self, command: EnrolMachines) -> slice:
        """Take machines on; their rows. Raises InputError."""
        return service_machines.enrol_machines(self._parts, command)

    def define_site(self, command: DefineSite) -> int:
        """Name a site's fence and hours; its number. Raises InputError."""
        return service_machines.define_site(self._parts, command)

    def close_days(self, command: CloseSiteDays) -> None:
        """Days on which sites do not work. Raises InputError."""
        service_machines.close_days(self._parts, command)

    def move_machines(self, command: MoveMachines) -> None:
        """Machines change sites. Raises InputError."""
        service_machines.move_machines(self._parts, command)

    def set_terms(self, command: SetTerms) -> None:
        """What machines may do by their contract. Raises InputError."""
        service_machines.set_terms(self._parts, command)

    def record_service(self, command: RecordService) -> None:
        """Machines were serviced. Raises InputError."""
        service_machines.record_service(self._parts, command)

    # Readings.

    def take_in(self, readings: Readings) -> TakenIn:
        """Readings as columns: twins and alerts follow. Raises InputError."""
        return service_twins.take_in(self._parts, readings)

    def tick(self, now_ms: int, *, is_linked: bool = True) -> int:
        """Notice what did not come by now; how many alerts that raised or escalated.

        is_linked: whether the line to the broker is up; silence is nobody's while it is not.
        """
        return service_twins.tick(self._parts, now_ms, is_linked=is_linked)

    # Alerts.

    def alerts(
        self, machine: int | None = None, kind: AlertKind | None = None, *, is_open: bool = False
    ) -> list[Alert]:
        """Alerts by id; of one machine, one kind, or only those that are open."""
        return service_alerts.alerts(self._parts, machine, kind, is_open=is_open)

    def acknowledge(self, command: AcknowledgeAlerts) -> list[Refusal]:
        """Take alerts on; one answer each."""
        return service_alerts.acknowledge(self._parts, command)

    def escalate(self, command: EscalateAlerts) -> list[Refusal]:
        """Ask the next in rank; one answer each."""
        return service_alerts.escalate(self._parts, command)

    def clear(self, command: ClearAlerts) -> list[Refusal]:
        """Alerts are settled before their cause is over; one answer each."""
        return service_alerts.clear(self._parts, command)

    def act(self, command: ActOnAlert) -> Refusal:
        """Order something to be done; the action's id is the command's."""
        return service_alerts.act(self._parts, command)

    def settle_action(self, command: SettleAction) -> Refusal:
        """People carried an action out, or could not."""
        return service_alerts.settle_action(self._parts, command)

    def receipt(self, action_id: str, *, done: bool, note: str = "") -> bool:
        """A machine's word on an order that it got. Raises InputError."""
        return service_alerts.receipt(self._parts, action_id, done, note)

    def actions(self, alert_id: str) -> Sequence[Action]:
        """What was ordered about an alert, in order."""
        return service_alerts.actions(self._parts, alert_id)

    def actions_on(self, machine: int) -> Sequence[Action]:
        """What was ordered about a machine, for an alert or for arrears, in order."""
        return service_alerts.actions_on(self._parts, machine)

    # What is known.

    def machines(self, names: Sequence[str], rows: Rows | None = None) -> dict[str, I64]:
        """Columns of MACHINES, copied; of all machines unless some are named."""
        return self._columns(MACHINES, names, rows)

    def twins(self, names: Sequence[str], rows: Rows | None = None) -> dict[str, I64]:
        """Columns of TWINS, copied; of all machines unless some are named."""
        return self._columns(TWINS, names, rows)

    def states(self, now_ms: int, rows: Rows | None = None) -> TwinStates:
        """Engine, place, hours and alerts of machines now, unknown where they are silent."""
        return service_twins.states(self._parts, now_ms, rows)

    def readings(
        self, machine: int, after: tuple[int, int, int], limit: int
    ) -> list[dict[str, int | str]]:
        """A machine's first readings after (event time, boot, sequence): what each said, by column.

        ``faults`` and ``firmware`` as texts. What was not said is left out.
        """
        return service_twins.readings_of(self._parts, machine, after, limit)

    def said(self, machine: int) -> dict[str, str]:
        """The fault codes that a machine listed last, and its firmware; left out if never said."""
        return service_twins.words_said(self._parts, machine)

    def _columns(self, frame: Frame, names: Sequence[str], rows: Rows | None) -> dict[str, I64]:
        with self._parts.book.transaction() as unit:
            every = slice(0, unit.count(MACHINES))
            found = unit.read(frame, names, every if rows is None else rows)
            return {name: column.copy() for name, column in found.items()}
