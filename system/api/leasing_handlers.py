"""What each request of machine leasing does."""

import json
from collections.abc import Sequence
from typing import Final

from system.api import leasing_shapes as shapes
from system.api import owners
from system.api.access import Role
from system.api.answers import not_found, refusal_problem
from system.api.bodies import INT_MAX
from system.api.pages import limit_of
from system.api.pages import page as page_of
from system.api.problems import Code, Problem
from system.api.route import Call
from system.api.services import Services
from system.api.telemetry import account_of_device
from system.errors import DuplicateRow
from system.kernels.columns import I64, MISSING, i64
from system.leasing.aemp import Page, read_page
from system.leasing.aemp_intake import machines_of
from system.leasing.commands import (
    AcknowledgeAlerts,
    ActOnAlert,
    ClearAlerts,
    DefineSite,
    EnrolMachines,
)
from system.leasing.devices import Device, Fleet, enrol_devices, enrol_fleets
from system.leasing.records import ActionKind, Alert, AlertKind, AlertState, Severity
from system.leasing.rules import Refusal

_OFFICERS: Final = Role.BANK_OFFICER | Role.RISK_OFFICER
_TWIN: Final = (
    "at_ms",
    "lat_e7",
    "lon_e7",
    "engine_s",
    "fuel_ml",
    "tank_permille",
    "running",
)
_DIGITS: Final = 18
# Where a reading stands in event order.
_PLACE: Final = ("at_ms", "boot", "sequence")


def enrol_fleet(desk: Services, call: Call) -> shapes.FleetAnswer:
    assert isinstance(call.body, shapes.Fleet)
    body = call.body
    try:
        with desk.unit() as unit:
            enrol_fleets(unit, [Fleet(body.fleet, body.unsigned_allowed, body.datum)])
            owners.bind_fleet(unit, body.fleet, call.caller.party_id)
    except DuplicateRow:
        raise Problem(Code.CONFLICT, "There is a fleet of this name.") from None
    return shapes.FleetAnswer(fleet=body.fleet)


def define_site(desk: Services, call: Call) -> shapes.SiteAnswer:
    assert isinstance(call.body, shapes.Site)
    body = call.body
    command = DefineSite(call.key, body.name, body.fence, body.week, body.datum)
    site = desk.leasing.leasing.define_site(command)
    with desk.unit() as unit:
        owners.bind(unit, "site", site, call.caller.party_id)
    return shapes.SiteAnswer(site=site)


def enrol_machine(desk: Services, call: Call) -> shapes.MachineAnswer:
    assert isinstance(call.body, shapes.Machine)
    if call.body.site >= 0:
        with desk.unit() as unit:
            owners.check(unit, call.caller, "site", call.body.site, reading=False)
    columns = {name: i64([value]) for name, value in call.body}
    machine = desk.leasing.leasing.enrol_machines(EnrolMachines(call.key, 1, **columns)).start
    with desk.unit() as unit:
        owners.bind(unit, "machine", machine, call.caller.party_id)
    return shapes.MachineAnswer(machine=machine)


def enrol_device(desk: Services, call: Call) -> shapes.DeviceAnswer:
    assert isinstance(call.body, shapes.Device)
    body = call.body
    try:
        key = bytes.fromhex(body.key)
    except ValueError:
        raise Problem(Code.INVALID, "key: give hex.") from None
    device = Device(body.device_id, body.machine, body.pin, body.fleet, body.key_kind, key)
    with desk.unit() as unit:
        owners.check(unit, call.caller, "machine", body.machine, reading=False)
        owners.check_fleet(unit, call.caller, body.fleet)
        try:
            enrol_devices(unit, [device], desk.leasing.keys)
        except DuplicateRow:
            if not call.repeats:
                raise Problem(Code.CONFLICT, "There is a device of this id.") from None
    secret = desk.clients.secret_of_device(body.device_id)
    desk.admit_device(account_of_device(body.device_id, secret))
    return shapes.DeviceAnswer(
        device_id=body.device_id,
        mqtt_user=body.device_id,
        mqtt_secret=secret,
        topic=f"device/{body.device_id}/data",
    )


def take_fleet(desk: Services, call: Call) -> shapes.SnapshotTaken:
    """A page of a fleet's own system. Machines of other lessors are passed over."""
    page = read_page(call.raw)
    with desk.unit() as unit:
        owners.check_fleet(unit, call.caller, call.path["fleet"])
        own = set(owners.numbers(unit, call.caller, "machine"))
        foreign = [not machines_of(unit, one) <= own for one in page.equipment]
    kept = [one for one, other in zip(page.equipment, foreign, strict=True) if not other]
    taken = desk.leasing.telemetry.take_snapshot(call.path["fleet"], Page(tuple(kept), None))
    return shapes.SnapshotTaken(
        stored=taken.stored,
        repeated=taken.repeated,
        quarantined=taken.quarantined,
        foreign=sum(foreign),
        next=page.next_href or "",
    )


def show_alerts(desk: Services, call: Call) -> shapes.Alerts:
    is_open = call.query.get("open", "") == "true"
    found = desk.leasing.leasing.alerts(is_open=is_open)
    if not call.caller.sees_all():
        with desk.unit() as unit:
            own = set(owners.numbers(unit, call.caller, "machine"))
        found = [alert for alert in found if alert.machine in own]
    rows, cursor = page_of(found, lambda alert: alert.alert_id, call)
    return shapes.Alerts(alerts=[_alert(alert) for alert in rows], next=cursor)


def _alert(alert: Alert) -> shapes.AlertAnswer:
    plain = ("alert_id", "machine", "start_ms", "found_ms", "end_ms", "raised_at_s", "closed_at_s")
    return shapes.AlertAnswer(
        **{name: getattr(alert, name) for name in plain},
        kind=AlertKind(alert.kind).name.lower(),
        severity=Severity(alert.severity).name.lower(),
        state=AlertState(alert.state).name.lower(),
        officer=alert.officer,
        evidence=json.loads(alert.evidence),
    )


def acknowledge(desk: Services, call: Call) -> shapes.Answers:
    assert isinstance(call.body, shapes.AlertIds)
    ids = _own_alerts(desk, call, call.body.alert_ids)
    return _words(
        desk.leasing.leasing.acknowledge(AcknowledgeAlerts(call.key, ids, call.caller.client_id))
    )


def clear(desk: Services, call: Call) -> shapes.Answers:
    assert isinstance(call.body, shapes.Clearing)
    ids = _own_alerts(desk, call, call.body.alert_ids)
    command = ClearAlerts(call.key, ids, call.caller.client_id, call.body.note)
    return _words(desk.leasing.leasing.clear(command))


def _own_alerts(desk: Services, call: Call, alert_ids: Sequence[str]) -> tuple[str, ...]:
    """The ids, once it is sure that the caller may answer for their machines. Raises Problem."""
    if not call.caller.roles & _OFFICERS:
        with desk.unit() as unit:
            own = set(owners.numbers(unit, call.caller, "machine"))
        if not all(_machine_of(alert_id) in own for alert_id in alert_ids):
            raise not_found()
    return tuple(alert_ids)


def _machine_of(alert_id: str) -> int:
    number = alert_id.partition("/")[0]
    return int(number) if number.isascii() and number.isdigit() else -1


def _words(refusals: Sequence[Refusal]) -> shapes.Answers:
    return shapes.Answers(answers=[refusal.name.lower() for refusal in refusals])


def act(desk: Services, call: Call) -> shapes.ActionAnswer:
    assert isinstance(call.body, shapes.Acts | shapes.GraveActs)
    body = call.body
    _own_alerts(desk, call, [body.alert_id])
    command = ActOnAlert(
        call.key,
        body.alert_id,
        ActionKind[body.kind.upper()],
        call.caller.client_id,
        call.checker,
        body.note,
    )
    refusal = desk.leasing.leasing.act(command)
    if refusal:
        raise refusal_problem(refusal)
    return shapes.ActionAnswer(action_id=call.key)


def show_machine(desk: Services, call: Call) -> shapes.Twin:
    machine = call.number("machine")
    with desk.unit() as unit:
        owners.check(unit, call.caller, "machine", machine, reading=True)
    row = i64([machine])
    if not 0 <= machine < desk.leasing.leasing.machines(("kind",))["kind"].size:
        raise not_found()
    said = desk.leasing.leasing.twins(_TWIN, row)
    held = desk.leasing.leasing.machines(("immobilised",), row)
    words = desk.leasing.leasing.said(machine)
    return shapes.Twin(
        machine=machine,
        **{name: _said(said[name]) for name in _TWIN},
        immobilised=bool(held["immobilised"][0]),
        faults=words["faults"].split() if "faults" in words else None,
        firmware=words.get("firmware"),
    )


def show_readings(desk: Services, call: Call) -> shapes.ReadingsAnswer:
    machine = call.number("machine")
    with desk.unit() as unit:
        owners.check(unit, call.caller, "machine", machine, reading=True)
    limit = limit_of(call)
    found = desk.leasing.leasing.readings(machine, _after(call), limit + 1)
    more = len(found) > limit
    last = ".".join(str(found[limit - 1][name]) for name in _PLACE) if more else ""
    return shapes.ReadingsAnswer(machine=machine, readings=found[:limit], next=last)


def _after(call: Call) -> tuple[int, int, int]:
    """After which place in event order the page begins. Raises Problem."""
    from_ms, cursor = call.query.get("from_ms", "0"), call.query.get("after", "")
    if not _is_number(from_ms):
        raise Problem(Code.INVALID, "from_ms: give milliseconds since the epoch, UTC.")
    if not cursor:
        return int(from_ms) - 1, INT_MAX, INT_MAX
    parts = cursor.split(".")
    if len(parts) != len(_PLACE) or not all(map(_is_number, parts)):
        raise Problem(Code.INVALID, "after: give the next of the page before.")
    at_ms, boot, sequence = map(int, parts)
    return at_ms, boot, sequence


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < _DIGITS


def _said(column: I64) -> int | None:
    value = int(column[0])
    return None if value == MISSING else value
