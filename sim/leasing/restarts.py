"""Machine leasing under faults: its services over a book and a clock that fail."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from sim.faults import Faults
from sim.twins.faulty_clock import FaultyClock
from sim.twins.faulty_transactions import FaultyTransactions
from sim.twins.patient_client import PatientClient
from system.bootstrap_leasing import LeasingSystem
from system.leasing.desk import Parts
from system.leasing.leases.desk import LeaseParts
from system.leasing.leases.policy import LeasePolicy
from system.leasing.leases.service import LeaseService
from system.leasing.policy import LeasingPolicy
from system.leasing.service import LeasingService
from system.leasing.service_telemetry import TelemetryDesk
from system.ports.clock import Clock

_FACTS: Final = ("leases", "lessees", "today")


@dataclass(frozen=True, slots=True)
class Services:
    """For their users. desk: puts a telemetry desk together, as a service that starts does."""

    leasing: LeasingService
    leases: LeaseService
    desk: Callable[[], TelemetryDesk]


def under_faults(
    system: LeasingSystem,
    clock: Clock,
    policies: tuple[LeasingPolicy, LeasePolicy],
    faults: Faults,
) -> Services:
    """The system's own services where nothing is planned to break."""
    if not faults.windows:
        return Services(system.leasing, system.leases, lambda: system.telemetry)
    book: Any = FaultyTransactions(system.book, faults)
    wrong = FaultyClock(clock, faults)
    parts = Parts(wrong, book, policies[0], system.keys)
    leases = LeaseParts(wrong, book, policies[1])
    return Services(
        cast(LeasingService, PatientClient(lambda: LeasingService(parts))),
        cast(LeaseService, PatientClient(lambda: LeaseService(leases), _FACTS)),
        lambda: TelemetryDesk(parts),
    )
