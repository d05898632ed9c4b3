"""Before rent runs: lessees, their limits, and the handover of machines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from system.compliance import sandbox
from system.compliance.green import are_green
from system.errors import InputError
from system.kernels.columns import I64, MISSING, Mask
from system.kernels.precedence import refusals
from system.kernels.rounding import mul_div_ceil
from system.leasing.kernels.rent import PERIOD_S
from system.leasing.leases.commands import AdmitLessees, KeepOutBatch, SetLimits, StartBatch
from system.leasing.leases.desk import Desk, LeaseParts, run_once
from system.leasing.leases.events import Kind
from system.leasing.leases.outcome import Done, Started
from system.leasing.leases.records import LEASE_DAYS, LEASES, LESSEES, Ending, LeaseLife
from system.leasing.leases.rules import Refusal
from system.leasing.leases.tariffs import plans
from system.leasing.leases.usage import counters, no_meter
from system.leasing.records import MACHINES
from system.ledger.idempotency import Answered
from system.limits import (
    AMOUNT_FEN_MAX,
    COLUMN_ROWS_MAX,
    ENGINE_S_MAX,
    LEASE_RENT_FEN_MAX,
    LINE_FEN_MAX,
    PPM,
)
from system.ports.book import BookUnit
from system.subledger import closed_days
from system.subledger.desk import four_eyes_missing, repeated_rows
from system.subledger.inputs import check_text, int_column

_TERM_DAYS_MAX: Final = 3_660
# Smallest and largest value of each term.
_BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "rent_fen": (1, LEASE_RENT_FEN_MAX),
    "value_fen": (0, AMOUNT_FEN_MAX),
    "deposit_fen": (0, LINE_FEN_MAX),
    "term_days": (1, _TERM_DAYS_MAX),
    "period_engine_s_max": (0, PERIOD_S),
    "term_engine_s_max": (0, ENGINE_S_MAX),
    "option_fen": (0, LINE_FEN_MAX),
}
_AS_ASKED: Final = (
    "machine",
    "lessee",
    "tariff",
    "rent_fen",
    "value_fen",
    "deposit_fen",
    "period_engine_s_max",
    "term_engine_s_max",
    "option_fen",
)
_BACK: Final = (int(Ending.RETURNED), int(Ending.REPOSSESSED))
_CLAIMS: Final = ("rent_due_fen", "fee_due_fen", "penalty_due_fen", "written_off_fen")


def admit(parts: LeaseParts, command: AdmitLessees) -> slice:
    """Admit lessees; their numbers. Raises InputError."""
    check_text("command_id", command.command_id)
    n = command.n
    if not 1 <= n <= COLUMN_ROWS_MAX:
        raise InputError("n", n, f"give 1 to {COLUMN_ROWS_MAX}")
    group = int_column("group", command.group, n)
    limit_fen = int_column("limit_fen", command.limit_fen, n)
    if int(limit_fen.min()) < 0 or int(limit_fen.max()) > AMOUNT_FEN_MAX:
        raise InputError("limit_fen", int(limit_fen.min()), f"give 0 to {AMOUNT_FEN_MAX} fen")

    def work(desk: Desk) -> str:
        first = desk.unit.count(LESSEES)
        if int(group.max()) >= first + n:
            raise InputError("group", int(group.max()), "give a lessee that exists")
        own = np.where(group < 0, np.arange(first, first + n), group)
        rows = desk.unit.append(LESSEES, n, {"group": own, "limit_fen": limit_fen})
        return f"{rows.start}:{rows.stop}"

    reply = run_once(parts, command, work)
    if reply.answered is Answered.KEY_REUSED:
        raise InputError("command_id", command.command_id, "give a new id to other content")
    start, _, stop = reply.response.partition(":")
    return slice(int(start), int(stop))


def set_limits(desk: Desk, batch: SetLimits) -> Done:
    """Raise or cut limits; leases that run stay as they are."""
    unknown = (batch.lessee < 0) | (batch.lessee >= desk.unit.count(LESSEES))
    bad = (batch.limit_fen < 0) | (batch.limit_fen > AMOUNT_FEN_MAX)
    code = refusals(
        (four_eyes_missing(batch.maker, batch.checker, bad.size), Refusal.NEEDS_FOUR_EYES),
        (repeated_rows(batch.lessee), Refusal.LEASE_REPEATED),
        (unknown, Refusal.START_LESSEE_UNKNOWN),
        (bad, Refusal.LIMIT_OUT_OF_BOUNDS),
    )
    rows = batch.lessee[code == 0]
    desk.unit.write(LESSEES, rows, {"limit_fen": batch.limit_fen[code == 0]})
    return Done(code)


def keep_out(desk: Desk, batch: KeepOutBatch) -> Done:
    """Note whom a sanctions list keeps out, and whom no longer."""
    unknown = (batch.lessee < 0) | (batch.lessee >= desk.unit.count(LESSEES))
    code = refusals(
        (repeated_rows(batch.lessee), Refusal.LEASE_REPEATED),
        (unknown, Refusal.START_LESSEE_UNKNOWN),
    )
    listed = batch.listed[code == 0].astype(np.int64)
    desk.unit.write(LESSEES, batch.lessee[code == 0], {"listed": listed})
    return Done(code)


def start(desk: Desk, batch: StartBatch) -> Started:
    """Hand machines over, take deposits; rent runs from today."""
    code = _start_refusals(desk, batch)
    done = np.flatnonzero(code == 0)
    lease = np.full(code.size, -1)
    if done.size:
        rows = _open(desk, batch, done)
        lease[done] = np.arange(rows.start, rows.stop)
        leases = lease[done]
        desk.unit.write(MACHINES, batch.machine[done], {"lease": leases + 1})
        desk.tell(Kind.STARTED, leases, batch.machine[done])
        desk.tell(Kind.UNTIL_SET, leases, desk.today + batch.term_days[done])
        desk.tell(Kind.DEPOSIT_PAID, leases, batch.deposit_fen[done])
        desk.set_life(leases, LeaseLife.LIVE)
    return Started(code, lease)


def _open(desk: Desk, batch: StartBatch, done: I64) -> slice:
    if desk.unit.count(LEASES) + done.size > COLUMN_ROWS_MAX:
        raise InputError("lease", done.size, f"one book holds {COLUMN_ROWS_MAX} leases")
    counter_s, _ = _meters(desk.unit, batch, done)
    today, until = np.full(done.size, desk.today), desk.today + batch.term_days[done]
    columns = {name: getattr(batch, name)[done] for name in _AS_ASKED}
    columns["rent_fen"] = _rent_fen(desk, batch, done)
    columns |= {
        "from_day": today,
        "until_day": until,
        "first_until_day": until,
        "asset_class": np.ones(done.size, np.int64),
        "counter_from_s": counter_s,
    }
    rows = desk.unit.append(LEASES, done.size, columns)
    closed_days.open_for(desk.unit.rows, LEASE_DAYS, done.size, desk.today - 1)
    return rows


def _rent_fen(desk: Desk, batch: StartBatch, done: I64) -> I64:
    """What was asked for; less for machines with green evidence, down to the fen above."""
    machines = [str(machine) for machine in batch.machine[done].tolist()]
    green = are_green(desk.unit.rows, "machine", machines, desk.now_s)
    rent_fen = batch.rent_fen[done]
    lower_fen = mul_div_ceil(rent_fen, PPM - desk.policy.green_discount_ppm, PPM)
    return np.where(green, lower_fen, rent_fen)


def _meters(unit: BookUnit, batch: StartBatch, rows: I64) -> tuple[I64, I64]:
    """The counters at handover: the machine's own; what people read where it never reported."""
    nothing = np.full(rows.size, MISSING)
    counter_s, seen_ms = counters(unit, batch.machine[rows], nothing)
    silent = counter_s == MISSING
    read_s, read_ms = counters(unit, batch.machine[rows], batch.counter_s[rows])
    return np.where(silent, read_s, counter_s), np.where(silent, read_ms, seen_ms)


def _start_refusals(desk: Desk, batch: StartBatch) -> I64:
    unit = desk.unit
    no_machine = (batch.machine < 0) | (batch.machine >= unit.count(MACHINES))
    no_lessee = (batch.lessee < 0) | (batch.lessee >= unit.count(LESSEES))
    no_tariff = (batch.tariff < 0) | (batch.tariff >= len(plans(unit.rows)))
    bad = np.zeros(batch.machine.size, np.bool_)
    for name, (low, high) in _BOUNDS.items():
        column = getattr(batch, name)
        bad |= (column < low) | (column > high)
    bad |= no_meter(batch.counter_s)
    known = np.flatnonzero(~no_machine)
    taken, silent = repeated_rows(batch.machine), np.zeros(bad.size, np.bool_)
    fresh = known[~taken[known]]
    taken[fresh] |= _out(unit, batch.machine[fresh])
    silent[fresh] = _meters(unit, batch, fresh)[0] == MISSING
    checks = [
        (no_machine, Refusal.START_MACHINE_UNKNOWN),
        (no_lessee, Refusal.START_LESSEE_UNKNOWN),
        (no_tariff, Refusal.START_TARIFF_UNKNOWN),
        (bad, Refusal.START_TERMS_OUT_OF_BOUNDS),
        (taken, Refusal.START_MACHINE_TAKEN),
        (silent, Refusal.START_COUNTER_UNKNOWN),
    ]
    fit = np.flatnonzero(refusals(*checks) == 0)
    in_default, above = np.zeros(bad.size, np.bool_), np.zeros(bad.size, np.bool_)
    in_default[fit], above[fit] = _credit_worthy(unit, batch.lessee[fit], batch.value_fen[fit])
    checks += [
        (in_default, Refusal.START_LESSEE_IN_DEFAULT),
        (above, Refusal.START_ABOVE_LIMIT),
        (
            np.full(bad.size, sandbox.is_stopped(unit.rows, sandbox.LEASING)),
            Refusal.START_RISK_STOPPED,
        ),
    ]
    code = refusals(*checks)
    fit = np.flatnonzero(code == 0)
    code[fit[_outside(unit, batch, fit)]] = Refusal.START_OUTSIDE_SANDBOX
    fit = np.flatnonzero(code == 0)
    listed = unit.read(LESSEES, ("listed",), batch.lessee[fit])["listed"] != 0
    code[fit[listed]] = Refusal.START_LISTED
    return code


def _outside(unit: BookUnit, batch: StartBatch, fit: I64) -> Mask:
    """True for each wish that the regulator's sandbox does not admit, in order."""
    terms = sandbox.terms_of(unit.rows, sandbox.LEASING)
    if terms is None:
        return np.zeros(fit.size, np.bool_)
    held_fen = exposure(unit).total_fen
    lessee = batch.lessee[fit]
    asks = sandbox.Asks(lessee, held_fen[lessee], batch.value_fen[fit], batch.term_days[fit])
    return sandbox.outside(terms, asks, int(held_fen.sum()), int((held_fen > 0).sum()))


def _out(unit: BookUnit, machine: I64) -> Mask:
    """True for machines whose latest lease does not give them back."""
    latest = unit.read(MACHINES, ("lease",), machine)["lease"] - 1
    out = np.zeros(machine.size, np.bool_)
    leased = np.flatnonzero(latest >= 0)
    columns = unit.read(LEASES, ("ending", "sold_day"), latest[leased])
    back = np.isin(columns["ending"], _BACK) & (columns["sold_day"] == 0)
    out[leased] = ~back
    return out


@dataclass(frozen=True, slots=True)
class Exposure:
    """By lessee, int64 (m,): machines out at their handover value, and claims, written off or not.

    in_default: bool (m,), a lease in default of which something is still owed.
    """

    total_fen: I64
    in_default: Mask


def exposure(unit: BookUnit) -> Exposure:
    """What each lessee has of the lessor's. One pass over all leases."""
    names = ("lessee", "life", "value_fen", "default_day", *_CLAIMS)
    leases = unit.read(LEASES, names, slice(0, unit.count(LEASES)))
    owed_fen = np.zeros(leases["lessee"].size, np.int64)
    for name in _CLAIMS:
        owed_fen += leases[name]
    out_fen = np.where(leases["life"] == LeaseLife.LIVE, leases["value_fen"], 0)
    total_fen = np.zeros(unit.count(LESSEES), np.int64)
    np.add.at(total_fen, leases["lessee"], owed_fen + out_fen)
    bad = np.zeros(total_fen.size, np.bool_)
    bad[leases["lessee"][(leases["default_day"] > 0) & (owed_fen > 0)]] = True
    return Exposure(total_fen, bad)


def _credit_worthy(unit: BookUnit, lessee: I64, value_fen: I64) -> tuple[Mask, Mask]:
    """For each wish, in order: its group is in default; it goes above a limit.

    A wish that is refused takes no room from those after it.
    """
    held = exposure(unit)
    columns = unit.read(LESSEES, ("group", "limit_fen"), slice(0, held.total_fen.size))
    group, limit_fen = columns["group"], columns["limit_fen"]
    group_fen, bad = np.zeros_like(limit_fen), np.zeros(limit_fen.size, np.bool_)
    np.add.at(group_fen, group, held.total_fen)
    bad[group[held.in_default]] = True
    in_default = bad[group[lessee]]
    own_room, group_room = limit_fen - held.total_fen, limit_fen - group_fen
    above = np.zeros(lessee.size, np.bool_)
    for at in np.flatnonzero(~in_default).tolist():
        who, value = int(lessee[at]), int(value_fen[at])
        head = int(group[who])
        if value > own_room[who] or value > group_room[head]:
            above[at] = True
        else:
            own_room[who] -= value
            group_room[head] -= value
    return in_default, above
