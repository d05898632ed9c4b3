"""What each request about leases does: tariffs, lessees, contracts, money."""

from collections.abc import Callable
from typing import Any, Final

from system.api import lease_shapes as shapes
from system.api import owners, screening
from system.api.answers import not_found, refusal_problem
from system.api.lessees import LESSEE_NAMES, LesseeName
from system.api.problems import Code, Problem
from system.api.rail import LEASING
from system.api.rail import give_back as payback
from system.api.route import Call
from system.api.services import Services
from system.kernels.columns import I64, MISSING, i64
from system.leasing.kernels.leaving import LeaveTerms
from system.leasing.kernels.rent import FIXED, Tariff
from system.leasing.leases.commands import (
    AdmitLessees,
    FreeBatch,
    HoldBatch,
    OpenTariff,
    PayBatch,
    ReturnBatch,
    StartBatch,
)
from system.leasing.leases.outcome import Done
from system.leasing.leases.rules import Refusal

_VIEW: Final = ("due_fen", "dpd_days", "machine", "lessee", "tariff")


def open_tariff(desk: Services, call: Call) -> shapes.TariffAnswer:
    assert isinstance(call.body, shapes.NewTariff)
    body = call.body
    try:
        tariff = Tariff(
            edges_s=tuple(body.edges_s),
            prices_ppm=tuple(body.prices_ppm),
            least_ppm=body.least_ppm,
            most_ppm=body.most_ppm,
            seasons_ppm=body.seasons_ppm or FIXED.seasons_ppm,
            renewal_ppm=body.renewal_ppm,
            overuse_ppm=body.overuse_ppm,
        )
        leave = LeaveTerms(body.early_days_max, body.notice_days)
    except AssertionError as error:
        # The kernel's own bounds, told to whoever wrote the tariff.
        raise Problem(Code.INVALID, f"The tariff cannot be: {error or 'out of bounds'}.") from None
    opened = desk.leasing.leases.open_tariff(OpenTariff(call.key, body.name, tariff, leave))
    with desk.unit() as unit:
        owners.bind(unit, "tariff", opened, call.caller.party_id)
    return shapes.TariffAnswer(tariff=opened)


def admit_lessee(desk: Services, call: Call) -> shapes.LesseeAnswer:
    assert isinstance(call.body, shapes.NewLessee)
    command = AdmitLessees(call.key, 1, i64([-1]), i64([call.body.limit_fen]))
    lessee, name = desk.leasing.leases.admit(command).start, call.body.name
    with desk.unit() as unit:
        owners.bind(unit, "lessee", lessee, call.caller.party_id)
        unit.insert(LESSEE_NAMES, [LesseeName(lessee, name)])
    listed = screening.screen_lessee(desk, call.key, lessee, name)
    return shapes.LesseeAnswer(lessee=lessee, listed=listed)


def start(desk: Services, call: Call) -> shapes.LeaseStarted:
    assert isinstance(call.body, shapes.NewLease)
    columns = {name: i64([value]) for name, value in call.body if name != "counter_s"}
    counter_s = MISSING if call.body.counter_s is None else call.body.counter_s
    with desk.unit() as unit:
        # A lessee's limit is its lessor's to spend, and a tariff its own terms.
        owners.check(unit, call.caller, "machine", call.body.machine, reading=False)
        owners.check(unit, call.caller, "lessee", call.body.lessee, reading=False)
        owners.check(unit, call.caller, "tariff", call.body.tariff, reading=False)
    started = desk.leasing.leases.start(StartBatch(call.key, **columns, counter_s=i64([counter_s])))
    _check(started.code)
    lease = int(started.lease[0])
    with desk.unit() as unit:
        owners.bind(unit, "lease", lease, call.caller.party_id)
    return shapes.LeaseStarted(lease=lease)


def pay(desk: Services, call: Call) -> shapes.Paid:
    assert isinstance(call.body, shapes.Payment)
    lease = _lease(desk, call)
    paid = desk.leasing.leases.pay(PayBatch(call.key, i64([lease]), i64([call.body.amount_fen])))
    _check(paid.code)
    applied_fen, returned_fen = int(paid.applied_fen[0]), int(paid.returned_fen[0])
    payback(desk, LEASING, [(f"lease/{lease}", call.key, returned_fen)])
    return shapes.Paid(lease=lease, applied_fen=applied_fen, returned_fen=returned_fen)


def give_back(desk: Services, call: Call) -> shapes.Returned:
    assert isinstance(call.body, shapes.Return)
    lease = _lease(desk, call)
    counter_s = MISSING if call.body.counter_s is None else call.body.counter_s
    done = desk.leasing.leases.give_back(ReturnBatch(call.key, i64([lease]), i64([counter_s])))
    _check(done.code)
    amounts = {name: int(getattr(done, name)[0]) for name in ("bill_fen", "fee_fen", "credit_fen")}
    return shapes.Returned(lease=lease, **amounts)


def hold(desk: Services, call: Call) -> shapes.Held:
    return _pressed(desk, call, HoldBatch, desk.leasing.leases.hold)


def free(desk: Services, call: Call) -> shapes.Held:
    return _pressed(desk, call, FreeBatch, desk.leasing.leases.free)


def _pressed(
    desk: Services,
    call: Call,
    command: type[HoldBatch] | type[FreeBatch],
    do: Callable[[Any], Done],
) -> shapes.Held:
    assert isinstance(call.body, shapes.Note)
    lease = _lease(desk, call)
    people = call.caller.client_id, call.checker
    _check(do(command(call.key, i64([lease]), *people, call.body.note)).code)
    return shapes.Held(lease=lease, action_id=f"{call.key}/{lease}")


def show(desk: Services, call: Call) -> shapes.LeaseAnswer:
    lease = _lease(desk, call)
    row = desk.leasing.leases.view(_VIEW, i64([lease]))
    return shapes.LeaseAnswer(lease=lease, **{name: int(row[name][0]) for name in _VIEW})


def _lease(desk: Services, call: Call) -> int:
    """The lease of the path, where the caller may see it. Raises Problem."""
    lease = call.number("lease")
    with desk.unit() as unit:
        owners.check(unit, call.caller, "lease", lease, reading=True)
    if lease >= desk.leasing.leases.leases:
        raise not_found()
    return lease


def _check(code: I64) -> None:
    if code[0]:
        refusal = Refusal(int(code[0]))
        raise refusal_problem(refusal, **_TEXTS.get(refusal, {}))


# What a refusal's name alone does not say.
_TEXTS: Final = {
    Refusal.START_LISTED: {
        "en": "Not leased: the bank has to check first who the lessee is",
        "zh": "暂不出租:银行须先核实承租人身份",
    },
}
