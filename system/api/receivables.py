"""Routes of receivables financing."""

from dataclasses import fields
from functools import partial
from typing import Any, Final

from system.api import documents, financing_reasons
from system.api.access import SEE_ALL, Caller, Role
from system.api.answers import Answer, Taken, not_found, refusal_problem
from system.api.bodies import body_of, values
from system.api.problems import Code, Problem
from system.api.receivables_shapes import Accept, FinancingAnswer, LotAnswer, ReceivableAnswer
from system.api.route import Call, Route, alone
from system.api.services import Services
from system.chain import commands
from system.chain.intake import read_json
from system.chain.invoice import InvoiceDocument
from system.chain.outcome import Outcome
from system.chain.records import LOTS, RECEIVABLES, REQUESTS, FinancingRequest, Lot, Receivable
from system.chain.ubl import read_ubl
from system.ports.store import Unit

_SCOPE: Final = "receivables"
_PARTIES: Final = Role.SUPPLIER | Role.CORE_ENTERPRISE
_ID = "8f" * 32


def _told(outcome: Outcome) -> Taken | Problem:
    if outcome.refusal:
        return refusal_problem(outcome.refusal, outcome.detail, reference=outcome.reference)
    return Taken(command_id=outcome.command_id, reference=outcome.reference)


def _done(outcome: Outcome) -> Taken:
    told = _told(outcome)
    if isinstance(told, Problem):
        raise told
    return told


def _command(
    path: str, name: str, kind: type, use: str, example: dict[str, Any], **options: Any
) -> Route:
    """A route whose body is the command less its id and what stands in the path.

    tell: keeps the reasons of what was decided.
    """
    in_path = tuple(f.name for f in fields(kind) if f"{{{f.name}}}" in path)
    officers = {f.name for f in fields(kind)} & {"asked_by", "approved_by"}
    known = ("command_id", *in_path, *sorted(officers))

    numbers = {f.name for f in fields(kind) if f.type is int}

    def command_of(call: Call) -> Any:
        given = {f: call.number(f) if f in numbers else call.path[f] for f in in_path}
        signed = {"asked_by": call.caller.client_id, "approved_by": call.checker}
        given |= {name: signed[name] for name in officers}
        assert call.body is not None
        return kind(command_id=call.key, **given, **values(call.body, kind))

    tell = options.pop("tell", None)

    def handle(desk: Services, calls: list[Call]) -> list[Any]:
        commands = [command_of(call) for call in calls]
        outcomes = getattr(desk.receivables.receivables, use)(commands)
        if tell is not None:
            tell(desk, commands, outcomes)
        return [_told(one) for one in outcomes]

    summary = (kind.__doc__ or name).split(".")[0].split(":")[0].strip() + "."
    body = body_of(kind, known, example)
    return Route(
        "POST",
        path,
        name,
        summary,
        _SCOPE,
        handler=alone(handle),
        joined=None if options.get("four_eyes") else handle,
        answer=Taken,
        body=body,
        status=202,
        **options,
    )


def _register_document(desk: Services, call: Call) -> Taken:
    reader = partial(read_ubl, by_schema=True) if call.media_type == documents.XML else read_json
    document = reader(call.raw, "request body")
    if not call.caller.is_one_of(document.seller_id, document.debtor_id):
        raise Problem(Code.FORBIDDEN, "The invoice is between other parties.")
    [outcome] = desk.receivables.receivables.register([_registration(call, document)])
    return _done(outcome)


def _registration(call: Call, document: InvoiceDocument) -> commands.RegisterReceivable:
    given = {field.name: getattr(document, field.name) for field in fields(document)}
    return commands.RegisterReceivable(call.key, **given)


def _accept(desk: Services, call: Call) -> Taken:
    body = call.body
    assert isinstance(body, Accept)
    receivable_id = call.path["receivable_id"]
    with desk.unit() as unit:
        row = _receivable(unit, receivable_id)
    if not call.caller.is_one_of(row.debtor_id):
        raise not_found()
    parts = (body.nonce, body.deadline_s, body.signature)
    service = desk.receivables.receivables
    if parts == (None, None, None):
        return _done(service.accept_held(call.key, receivable_id))
    [outcome] = service.accept([_signed_by_debtor(call, row, body)])
    return _done(outcome)


def _signed_by_debtor(call: Call, row: Receivable, body: Accept) -> commands.AcceptReceivable:
    if body.nonce is None or body.deadline_s is None or body.signature is None:
        raise Problem(Code.INVALID, "Give nonce, deadline_s and signature together, or none.")
    try:
        signature = bytes.fromhex(body.signature)
    except ValueError:
        raise Problem(Code.INVALID, "Give the signature as hex.") from None
    return commands.AcceptReceivable(
        call.key, row.receivable_id, row.debtor_id, body.nonce, body.deadline_s, signature
    )


def _receivable(unit: Unit, receivable_id: str) -> Receivable:
    [row] = unit.get(RECEIVABLES, [(receivable_id,)])
    if row is None:
        raise not_found()
    return row


def _show_receivable(desk: Services, call: Call) -> ReceivableAnswer:
    with desk.unit() as unit:
        row = _receivable(unit, call.path["receivable_id"])
        lots = unit.find(LOTS, {"receivable_id": row.receivable_id})
    holders = [lot.owner_id for lot in lots]
    if not _sees(call.caller, row.seller_id, row.debtor_id, *holders):
        raise not_found()
    # A holder further down sees the debt and its own lots, not who else holds what.
    all_lots = call.caller.sees_all() or call.caller.is_one_of(row.debtor_id)
    shown = [lot for lot in lots if all_lots or call.caller.is_one_of(lot.owner_id)]
    facts = _facts(ReceivableAnswer, row, "lots") | {"document_hash": row.document_hash.hex()}
    return ReceivableAnswer(**facts, lots=[_lot(lot) for lot in shown])


def _sees(caller: Caller, *party_ids: str) -> bool:
    return caller.sees_all() or caller.is_one_of(*party_ids)


def _lot(lot: Lot) -> LotAnswer:
    return LotAnswer(**_facts(LotAnswer, lot))


def _facts(model: type[Answer], row: Any, *without: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in model.model_fields if name not in without}


def _show_request(desk: Services, call: Call) -> FinancingAnswer:
    with desk.unit() as unit:
        [row] = unit.get(REQUESTS, [(call.path["request_id"],)])
    if not isinstance(row, FinancingRequest) or not _sees(
        call.caller, row.supplier_id, row.bank_id
    ):
        raise not_found()
    return FinancingAnswer(**_facts(FinancingAnswer, row))


ROUTES: Final = (
    Route(
        "POST",
        "/receivables",
        "registerReceivable",
        "Put one invoice on the chain: UBL 2.1 as XML, or its fields as JSON",
        _SCOPE,
        _PARTIES,
        _register_document,
        Taken,
        object_rule="seller or debtor of the invoice",
        status=202,
        forms=(documents.INVOICE, documents.UBL),
    ),
    Route(
        "GET",
        "/receivables/{receivable_id}",
        "showReceivable",
        "One receivable and those of its lots that the caller may see",
        _SCOPE,
        _PARTIES | SEE_ALL,
        _show_receivable,
        ReceivableAnswer,
        object_rule="seller, debtor or holder; banks and supervisors see all",
    ),
    Route(
        "POST",
        "/receivables/{receivable_id}/acceptance",
        "acceptReceivable",
        "The debtor acknowledges the debt, by its own EIP-712 signature or by the key held for it",
        _SCOPE,
        Role.CORE_ENTERPRISE,
        _accept,
        Taken,
        body=Accept,
        object_rule="debtor of the receivable",
        status=202,
        signed=True,
    ),
    _command(
        "/receivables/{receivable_id}/rejection",
        "rejectReceivable",
        commands.RejectReceivable,
        "reject",
        {"debtor_id": "core-1", "reason": "goods not received"},
        roles=Role.CORE_ENTERPRISE,
        owns=("debtor_id",),
    ),
    _command(
        "/lots/{lot_id}/financing-requests",
        "requestFinancing",
        commands.RequestFinancing,
        "request_financing",
        {
            "supplier_id": "supplier-1",
            "bank_id": "bank-1",
            "amount_fen": 5_000_000,
            "with_recourse": True,
        },
        roles=Role.SUPPLIER,
        owns=("supplier_id",),
        tell=financing_reasons.keep,
    ),
    Route(
        "GET",
        "/financing-requests/{request_id}",
        "showFinancingRequest",
        "A request for cash and the bank's answer",
        _SCOPE,
        Role.SUPPLIER | SEE_ALL,
        _show_request,
        FinancingAnswer,
        object_rule="supplier or bank of the request; supervisors see all",
    ),
    _command(
        "/financing-requests/{request_id}/acceptance",
        "takeQuote",
        commands.TakeQuote,
        "take_quotes",
        {"supplier_id": "supplier-1"},
        roles=Role.SUPPLIER,
        owns=("supplier_id",),
        signed=True,
    ),
    _command(
        "/financing-requests/{request_id}/withdrawal",
        "declineQuote",
        commands.DeclineQuote,
        "decline_quotes",
        {"supplier_id": "supplier-1"},
        roles=Role.SUPPLIER,
        owns=("supplier_id",),
    ),
    _command(
        "/lots/{lot_id}/endorsements",
        "endorseLot",
        commands.EndorseLot,
        "endorse",
        {"holder_id": "supplier-1", "to_id": "supplier-2", "amount_fen": 1_000_000},
        roles=Role.SUPPLIER,
        owns=("holder_id",),
        signed=True,
    ),
    _command(
        "/receivables/{receivable_id}/payments",
        "payReceivable",
        commands.PayReceivable,
        "pay",
        {"debtor_id": "core-1", "amount_fen": 5_000_000},
        roles=Role.BANK_OFFICER,
        object_rule="any: the bank books what reached it",
        signed=True,
    ),
    _command(
        "/receivables/{receivable_id}/disputes",
        "openDispute",
        commands.OpenDispute,
        "open_disputes",
        {"debtor_id": "core-1", "reason": "two pallets short"},
        roles=Role.CORE_ENTERPRISE,
        owns=("debtor_id",),
    ),
    _command(
        "/receivables/{receivable_id}/dispute-resolution",
        "resolveDispute",
        commands.ResolveDispute,
        "resolve_disputes",
        {"supplier_id": "supplier-1", "credit_fen": 0},
        roles=Role.SUPPLIER,
        owns=("supplier_id",),
        # The credit is money given up.
        signed=True,
    ),
    _command(
        "/lots/{lot_id}/recourse",
        "callRecourse",
        commands.CallRecourse,
        "call_recourse",
        {"bank_id": "bank-1"},
        roles=Role.BANK_OFFICER,
        owns=("bank_id",),
        signed=True,
    ),
    _command(
        "/receivables/{receivable_id}/write-off",
        "writeOffReceivable",
        commands.WriteOff,
        "write_off",
        {"bank_id": "bank-1"},
        roles=Role.BANK_OFFICER,
        owns=("bank_id",),
        four_eyes=True,
    ),
    _command(
        "/receivable-alerts/{alert_id}/release",
        "releaseAlert",
        commands.ReleaseAlert,
        "release_alerts",
        {},
        roles=Role.RISK_OFFICER,
        object_rule="any: risk officers answer for all",
        four_eyes=True,
    ),
    _command(
        "/receivables-pauses",
        "pauseNewRisk",
        commands.PauseNewRisk,
        "pause",
        {"reason": "a contract behaves as it should not"},
        roles=Role.RISK_OFFICER,
        object_rule="any: risk officers answer for all",
        four_eyes=True,
    ),
    _command(
        "/purchase-holds",
        "holdPurchases",
        commands.HoldPurchases,
        "hold_purchases",
        {"bank_id": "bank-1", "party_id": "supplier-1", "reason": "late on its lease"},
        roles=Role.BANK_OFFICER,
        owns=("bank_id",),
    ),
    _command(
        "/purchase-holds/{party_id}/lift",
        "liftHold",
        commands.LiftHold,
        "lift_holds",
        {"bank_id": "bank-1"},
        roles=Role.BANK_OFFICER,
        owns=("bank_id",),
        four_eyes=True,
    ),
    _command(
        "/pledges",
        "reportPledge",
        commands.ReportPledge,
        "report_pledges",
        {
            "bank_id": "bank-1",
            "claim_id": "C-7",
            "seller_id": "supplier-1",
            "debtor_id": "core-1",
            "invoice_number": "INV-1",
            "amount_fen": 5_000_000,
            "currency": "CNY",
            "issued_at_s": 1_790_000_000,
        },
        roles=Role.BANK_OFFICER,
        owns=("bank_id",),
    ),
)
