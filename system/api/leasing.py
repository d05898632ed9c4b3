"""Routes of machine leasing."""

from typing import Any, Final

from system.api import documents, lease_shapes, leasing_shapes
from system.api import lease_handlers as leases
from system.api import leasing_handlers as machines
from system.api.access import SEE_ALL, Role
from system.api.pages import QUERY
from system.api.route import Route

_SCOPE: Final = "leasing"
_OFFICERS: Final = Role.BANK_OFFICER | Role.RISK_OFFICER
_OWN: Final = "machines of the calling lessor"
_OWN_OR_OFFICER: Final = _OWN + "; officers answer for all"


def _post(path: str, name: str, summary: str, **options: Any) -> Route:
    settings = {"roles": Role.LESSOR, "object_rule": _OWN, **options}
    return Route("POST", f"/leasing{path}", name, summary, _SCOPE, **settings)


def _get(path: str, name: str, summary: str, **options: Any) -> Route:
    roles, rule = Role.LESSOR | SEE_ALL, _OWN + "; officers and supervisors see all"
    return Route(
        "GET", f"/leasing{path}", name, summary, _SCOPE, roles, object_rule=rule, **options
    )


ROUTES: Final = (
    _post(
        "/fleets",
        "enrolFleet",
        "Name a fleet and how its devices speak",
        handler=machines.enrol_fleet,
        answer=leasing_shapes.FleetAnswer,
        body=leasing_shapes.Fleet,
        object_rule="any: a new fleet",
        status=201,
    ),
    _post(
        "/fleets/{fleet}/snapshots",
        "takeFleetSnapshot",
        "One page of a fleet's own system: AEMP 2.0 (ISO/TS 15143-3), XML or JSON",
        handler=machines.take_fleet,
        answer=leasing_shapes.SnapshotTaken,
        forms=(documents.AEMP_XML, documents.AEMP_JSON),
    ),
    _post(
        "/sites",
        "defineSite",
        "Name a site, its fence and its hours",
        handler=machines.define_site,
        answer=leasing_shapes.SiteAnswer,
        body=leasing_shapes.Site,
        object_rule="any: a new site",
        status=201,
    ),
    _post(
        "/machines",
        "enrolMachine",
        "Take a machine on",
        handler=machines.enrol_machine,
        answer=leasing_shapes.MachineAnswer,
        body=leasing_shapes.Machine,
        object_rule="a new machine, on a site of the calling lessor or none",
        status=201,
    ),
    _post(
        "/devices",
        "enrolDevice",
        "Put a terminal into a machine; its broker secret is shown once",
        handler=machines.enrol_device,
        answer=leasing_shapes.DeviceAnswer,
        body=leasing_shapes.Device,
        status=201,
        answers_secret=True,
    ),
    _get(
        "/machines/{machine}",
        "showMachine",
        "What the bank knows of a machine",
        handler=machines.show_machine,
        answer=leasing_shapes.Twin,
    ),
    _get(
        "/machines/{machine}/readings",
        "showReadings",
        "What a machine reported, from a time on",
        handler=machines.show_readings,
        answer=leasing_shapes.ReadingsAnswer,
        query={"from_ms": "event time of the first one, UTC milliseconds"} | QUERY,
    ),
    _get(
        "/alerts",
        "showAlerts",
        "Alerts on machines, by id",
        handler=machines.show_alerts,
        answer=leasing_shapes.Alerts,
        query={"open": "true for open ones alone"} | QUERY,
    ),
    _post(
        "/alert-acknowledgements",
        "acknowledgeAlerts",
        "Take alerts on",
        handler=machines.acknowledge,
        answer=leasing_shapes.Answers,
        body=leasing_shapes.AlertIds,
        roles=Role.LESSOR | _OFFICERS,
        object_rule=_OWN_OR_OFFICER,
    ),
    _post(
        "/alert-clearings",
        "clearAlerts",
        "Alerts are settled before their cause is over",
        handler=machines.clear,
        answer=leasing_shapes.Answers,
        body=leasing_shapes.Clearing,
        roles=Role.LESSOR | _OFFICERS,
        object_rule=_OWN_OR_OFFICER,
    ),
    _post(
        "/actions",
        "actOnAlert",
        "Call, or send somebody to look",
        handler=machines.act,
        answer=leasing_shapes.ActionAnswer,
        body=leasing_shapes.Acts,
        roles=Role.LESSOR | _OFFICERS,
        object_rule=_OWN_OR_OFFICER,
    ),
    _post(
        "/grave-actions",
        "actGravely",
        "Cut a limit, stop or release a machine, take it back",
        handler=machines.act,
        answer=leasing_shapes.ActionAnswer,
        body=leasing_shapes.GraveActs,
        roles=Role.RISK_OFFICER,
        object_rule="any: risk officers answer for all",
        four_eyes=True,
    ),
    _post(
        "/tariffs",
        "openTariff",
        "A new tariff, which never changes",
        handler=leases.open_tariff,
        answer=lease_shapes.TariffAnswer,
        body=lease_shapes.NewTariff,
        object_rule="any: a new tariff",
        status=201,
    ),
    _post(
        "/lessees",
        "admitLessee",
        "Admit a lessee with a limit; its name is screened against the lists",
        handler=leases.admit_lessee,
        answer=lease_shapes.LesseeAnswer,
        body=lease_shapes.NewLessee,
        object_rule="any: a new lessee",
        status=201,
    ),
    _post(
        "/leases",
        "startLease",
        "Hand a machine over, from today on",
        handler=leases.start,
        answer=lease_shapes.LeaseStarted,
        body=lease_shapes.NewLease,
        object_rule="machine, lessee and tariff of the calling lessor",
        status=201,
    ),
    _get(
        "/leases/{lease}",
        "showLease",
        "A lease as of today",
        handler=leases.show,
        answer=lease_shapes.LeaseAnswer,
    ),
    _post(
        "/leases/{lease}/payments",
        "payRent",
        "A lessee's cash, at any time",
        handler=leases.pay,
        answer=lease_shapes.Paid,
        body=lease_shapes.Payment,
        roles=Role.BANK_OFFICER,
        object_rule="any: the bank books what reached it",
        signed=True,
    ),
    *(
        _post(
            f"/leases/{{lease}}/{path}",
            name,
            summary,
            handler=handler,
            answer=lease_shapes.Held,
            body=lease_shapes.Note,
            roles=Role.RISK_OFFICER,
            object_rule="any: risk officers answer for all",
            four_eyes=True,
        )
        for path, name, summary, handler in (
            ("hold", "holdMachine", "A late payer's machine must not start", leases.hold),
            ("release", "freeMachine", "The machine may start again", leases.free),
        )
    ),
    _post(
        "/leases/{lease}/return",
        "returnMachine",
        "The machine comes back today",
        handler=leases.give_back,
        answer=lease_shapes.Returned,
        body=lease_shapes.Return,
    ),
)
