"""Tariffs by number, with their terms of leaving. They are few, and never change."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from system.canonical import canonical_json
from system.errors import InputError
from system.kernels.columns import I64
from system.leasing.kernels.leaving import LeaveTerms
from system.leasing.kernels.rent import Tariff
from system.leasing.leases.commands import OpenTariff
from system.leasing.leases.desk import Desk, LeaseParts, run_once
from system.leasing.leases.records import TARIFFS, TariffRow
from system.ledger.idempotency import Answered
from system.ports.store import Unit
from system.subledger.inputs import check_text

TARIFFS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Plan:
    """A tariff with its terms of leaving."""

    tariff: Tariff
    leave: LeaveTerms


def open_tariff(parts: LeaseParts, command: OpenTariff) -> int:
    """Name a new tariff; its number. Raises InputError."""
    check_text("command_id", command.command_id)
    check_text("name", command.name)
    text = canonical_json(asdict(Plan(command.tariff, command.leave)))

    def work(desk: Desk) -> str:
        last = desk.unit.rows.last(TARIFFS)
        number = last.tariff + 1 if last is not None else 0
        if number >= TARIFFS_MAX:
            raise InputError("tariff", number, f"one book holds {TARIFFS_MAX} tariffs")
        desk.unit.rows.insert(TARIFFS, [TariffRow(number, command.name, text)])
        return str(number)

    reply = run_once(parts, command, work)
    if reply.answered is Answered.KEY_REUSED:
        raise InputError("command_id", command.command_id, "give a new id to other content")
    return int(reply.response)


def plans(unit: Unit) -> list[Plan]:
    """All plans, by number."""
    return [_plan(row.text) for row in unit.scan(TARIFFS)]


def _plan(text: str) -> Plan:
    found = json.loads(text)
    columns: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in found["tariff"].items()
    }
    return Plan(Tariff(**columns), LeaveTerms(**found["leave"]))


def by_tariff(held: Sequence[Plan], number: I64, work: Callable[[Plan, I64], I64]) -> I64:
    """One value per row, worked out for all rows of a tariff at once.

    number: int64 (n,), tariffs.  work: gets a plan and the rows (k,) that have it.
    """
    if number.size and bool((number == number[0]).all()):
        return work(held[int(number[0])], np.arange(number.size))
    found = np.zeros_like(number)
    for one in np.unique(number).tolist():
        rows = np.flatnonzero(number == one)
        found[rows] = work(held[one], rows)
    return found
