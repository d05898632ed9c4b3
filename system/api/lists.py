"""Lists of receivables, requests, approvals and clients: each caller's own, supervisors all."""

from typing import Final

from system.api import client_changes
from system.api.access import READERS, SEE_ALL, Role
from system.api.answers import Answer, Page, answered
from system.api.approvals import APPROVALS
from system.api.clients import CLIENTS, Client, caller_of
from system.api.pages import QUERY, own_or_all, page_of_table
from system.api.pages import page as page_of
from system.api.route import Call, Route
from system.api.services import Services
from system.chain.records import RECEIVABLES, REQUESTS

_OF_CLIENTS: Final = {route.name for route in client_changes.ROUTES if route.four_eyes}
_PARTIES: Final = Role.SUPPLIER | Role.CORE_ENTERPRISE


class ReceivableRow(Answer):
    model_config = answered(
        receivable_id="8f" * 32,
        seller_id="supplier-1",
        debtor_id="core-1",
        invoice_number="INV-1",
        face_fen=10_000_000,
        paid_fen=0,
        due_at_s=1_777_564_799,
        state="accepted",
    )
    receivable_id: str
    seller_id: str
    debtor_id: str
    invoice_number: str
    face_fen: int
    paid_fen: int
    due_at_s: int
    state: str


class Receivables(Page):
    receivables: list[ReceivableRow]


class RequestRow(Answer):
    model_config = answered(
        request_id="172b54b11b05f0093e2b7064fb4826ab",
        receivable_id="8f" * 32,
        supplier_id="supplier-1",
        bank_id="bank-1",
        amount_fen=10_000_000,
        advance_fen=9_391_466,
        state="disbursed",
    )
    request_id: str
    receivable_id: str
    supplier_id: str
    bank_id: str
    amount_fen: int
    advance_fen: int
    state: str


class Requests(Page):
    requests: list[RequestRow]


class ApprovalRow(Answer):
    """path, body: JSON of what was asked for.  state: asked, approved, declined, refused."""

    model_config = answered(
        approval_id="76a8580a34cfa4089db3770f29758ce1",
        route="liftHold",
        path='{"party_id":"supplier-1"}',
        body='{"bank_id":"bank-1"}',
        maker="teller",
        asked_at_s=1_767_240_060,
        state="asked",
        checker="",
    )
    approval_id: str
    route: str
    path: str
    body: str
    maker: str
    asked_at_s: int
    state: str
    checker: str


class Approvals(Page):
    approvals: list[ApprovalRow]


class ClientRow(Answer):
    """signer: hex of the key with which it signs, empty for none.  revoked_at_s: null while it
    counts."""

    model_config = answered(
        client_id="erp-7",
        party_id="supplier-1",
        roles=["supplier"],
        scopes=["receivables"],
        signer="5a" * 32,
        created_at_s=1_767_240_000,
        revoked_at_s=None,
    )
    client_id: str
    party_id: str
    roles: list[str]
    scopes: list[str]
    signer: str
    created_at_s: int
    revoked_at_s: int | None


class Clients(Page):
    clients: list[ClientRow]


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


def _clients(desk: Services, call: Call) -> Clients:
    with desk.unit() as unit:
        rows, cursor = page_of_table(unit, CLIENTS, call)
    return Clients(clients=[_client_row(row) for row in rows], next=cursor)


def _client_row(row: Client) -> ClientRow:
    caller = caller_of(row)
    return ClientRow(
        client_id=row.client_id,
        party_id=row.party_id,
        roles=[role.name.lower() for role in Role if role & caller.roles and role.name],
        scopes=list(caller.scopes),
        signer=row.signer.hex(),
        created_at_s=row.created_at_s,
        revoked_at_s=row.revoked_at_s,
    )


ROUTES: Final = (
    Route(
        "GET",
        "/clients",
        "listClients",
        "Who may call, as what and with which key",
        "operations",
        READERS | Role.ADMINISTRATOR,
        _clients,
        Clients,
        object_rule="any: administrators answer for all clients, supervisors see them",
        query=QUERY,
    ),
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
        query={"state": "asked, approved, declined or refused"} | QUERY,
    ),
)
