"""Merchant credit under faults: the service over a book and a clock that fail."""

from typing import Any, cast

from sim.faults import Faults
from sim.twins.faulty_clock import FaultyClock
from sim.twins.faulty_transactions import FaultyTransactions
from sim.twins.patient_client import PatientClient
from system.bootstrap_credit import CreditSystem
from system.credit import registry
from system.credit.desk import Parts
from system.credit.policy import DEFAULT_POLICY
from system.credit.service import CreditService
from system.ports.clock import Clock


def under_faults(system: CreditSystem, clock: Clock, faults: Faults) -> CreditService:
    """The service for its users: the system's own where nothing is planned to break."""
    if not faults.windows:
        return system.credit
    book: Any = FaultyTransactions(system.book, faults)
    parts = Parts(FaultyClock(clock, faults), book, DEFAULT_POLICY, registry.champion)
    return cast(CreditService, PatientClient(lambda: CreditService(parts)))
