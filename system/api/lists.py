"""Lists of receivables, requests and approvals: each caller's own, officers and supervisors all."""

from typing import Final

from system.api import client_changes
from system.api.access import SEE_ALL, Role
from system.api.answers import Answer
from system.api.approvals import APPROVALS
from system.api.pages import QUERY, own_or_all, page_of_table
from system.api.pages import page as page_of
from system.api.route import Call, Route
from system.api.services import Services
from system.chain.records import RECEIVABLES, REQUESTS

_OF_CLIENTS: Final = {route.name for route in client_changes.ROUTES if route.four_eyes}
_PARTIES: Final = Role.SUPPLIER | Role.CORE_ENTERPRISE


class ReceivableRow(Answer):
    receivable_id: str
    seller_id: str
    debtor_id: str
    invoice_number: str
    face_fen: int
    paid_fen: int
    due_at_s: int
    state: str


class Receivables(Answer):
    receivables: list[ReceivableRow]
    next: str


class RequestRow(Answer):
    request_id: str
    receivable_id: str
    supplier_id: str
    bank_id: str
    amount_fen: int
    advance_fen: int
    state: str


class Requests(Answer):
    requests: list[RequestRow]
    next: str


class ApprovalRow(Answer):
    """path, body: JSON of what was asked for.  state: asked, approved, declined."""

    approval_id: str
    route: str
    path: str
    body: str
    maker: str
    asked_at_s: int
    state: str
    checker: str


class Approvals(Answer):
    approvals: list[ApprovalRow]
    next: str


def _receivables(desk: Services, call: Call) -> Receivables:
    where = {"state": call.query["state"]} if call.query.get("state") else {}
    with desk.unit() as unit:
        rows, cursor = own_or_all(unit, RECEIVABLES, call, ("seller_id", "debtor_id"), where)
    names = ReceivableRow.model_fields
    shown = [ReceivableRow(**{name: getattr(row, name) for name in names}) for row in rows]
    return Receivables(receivables=shown, next=cursor)


def _requests(desk: Services, call: Call) -> Requests:
    with desk.unit() as unit:
        if call.caller.sees_all():
            rows, cursor = page_of_table(unit, REQUESTS, call)
        else:
            own = [
                request
                for row in unit.find(RECEIVABLES, {"seller_id": call.caller.party_id})
                for request in unit.find(REQUESTS, {"receivable_id": row.receivable_id})
                if call.caller.is_one_of(request.supplier_id)
            ]
            rows, cursor = page_of(own, lambda row: row.request_id, call)
    names = RequestRow.model_fields
    shown = [RequestRow(**{name: getattr(row, name) for name in names}) for row in rows]
    return Requests(requests=shown, next=cursor)


def _approvals(desk: Services, call: Call) -> Approvals:
    state = call.query.get("state")
    with desk.unit() as unit:
        if call.caller.sees_all() and not state:
            rows, cursor = page_of_table(unit, APPROVALS, call)
        else:
            found = unit.find(APPROVALS, {"state": state}) if state else unit.scan(APPROVALS)
            seen = [row for row in found if call.caller.sees_all() or row.route in _OF_CLIENTS]
            rows, cursor = page_of(seen, lambda row: row.approval_id, call)
    names = ApprovalRow.model_fields
    shown = [ApprovalRow(**{name: getattr(row, name) for name in names}) for row in rows]
    return Approvals(approvals=shown, next=cursor)


ROUTES: Final = (
    Route(
        "GET",
        "/receivables",
        "listReceivables",
        "Receivables of which the caller is seller or debtor",
        "receivables",
        _PARTIES | SEE_ALL,
        _receivables,
        Receivables,
        object_rule="seller or debtor; officers and supervisors see all",
        query={"state": "of the receivable"} | QUERY,
    ),
    Route(
        "GET",
        "/financing-requests",
        "listFinancingRequests",
        "Requests for cash on receivables that the caller sold",
        "receivables",
        Role.SUPPLIER | SEE_ALL,
        _requests,
        Requests,
        object_rule="supplier and seller; officers and supervisors see all",
        query=QUERY,
    ),
    Route(
        "GET",
        "/approvals",
        "listApprovals",
        "What waits for a second officer, and what was decided",
        "operations",
        SEE_ALL | Role.ADMINISTRATOR,
        _approvals,
        Approvals,
        object_rule="any: officers and supervisors see all, administrators what concerns clients",
        query={"state": "asked, approved or declined"} | QUERY,
    ),
)
