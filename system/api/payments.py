"""Routes of money that leaves and comes in over the payment rail."""

from typing import Any, Final

from system.api import documents, screening
from system.api import payments_shapes as shapes
from system.api.access import READERS, SEE_ALL, Role
from system.api.answers import Document, not_found
from system.api.bodies import Nothing, values
from system.api.pages import QUERY, own_or_all, page, page_of_table
from system.api.problems import Code, Problem
from system.api.rail import take
from system.api.route import Call, Route
from system.api.services import Services
from system.api.unapplied import UNAPPLIED
from system.chain.records import STANDINGS
from system.errors import InputError
from system.payments import desk as payments
from system.payments.records import MESSAGES, PAYMENTS, PayoutAccount, RailPayment

_SCOPE: Final = "payments"
_PAYEES: Final = Role.SUPPLIER | Role.CORE_ENTERPRISE | Role.PLATFORM | Role.LESSOR
_OWN: Final = "paid to the caller's party; officers and supervisors see all"
_STATE: Final = {"state": "held, asked, sent, accepted, settled, rejected or returned"}


def _name_account(desk: Services, call: Call) -> shapes.AccountAnswer:
    assert isinstance(call.body, shapes.NewAccount)
    given: dict[str, Any] = values(call.body, shapes.NewAccount)
    account = PayoutAccount(**given, usable=True, named_at_s=desk.clock.now_s())
    payments.check_account(account)
    if screening.screen_payee(desk, call.key, account):
        detail = (
            "A sanctions list may have the payee: two officers dismiss the case, then ask anew."
        )
        raise Problem(Code.CONFLICT, detail)
    with desk.unit() as unit:
        payments.name_account(unit, account)
        is_party = unit.get(STANDINGS, [(account.owner,)]) != [None]
    if is_party:
        desk.receivables.receivables.pay_out([account.owner])
    return shapes.AccountAnswer(owner=account.owner, account=account.account)


def _answer(row: RailPayment) -> shapes.PaymentAnswer:
    return shapes.PaymentAnswer(
        **{name: getattr(row, name) for name in shapes.PaymentAnswer.model_fields}
    )


def _list(desk: Services, call: Call) -> shapes.Payments:
    where = {"state": call.query["state"]} if call.query.get("state") else {}
    with desk.unit() as unit:
        rows, cursor = own_or_all(unit, PAYMENTS, call, ("owner",), where)
    return shapes.Payments(payments=[_answer(row) for row in rows], next=cursor)


def _payment(desk: Services, call: Call) -> RailPayment:
    """The payment of the path, if the caller may see it. Raises Problem."""
    with desk.unit() as unit:
        [row] = unit.get(PAYMENTS, [(call.path["payment_id"],)])
    if row is None or not (call.caller.sees_all() or call.caller.is_one_of(row.owner)):
        raise not_found()
    return row


def _show(desk: Services, call: Call) -> shapes.PaymentAnswer:
    return _answer(_payment(desk, call))


def _message(desk: Services, call: Call) -> Document:
    row = _payment(desk, call)
    with desk.unit() as unit:
        [message] = unit.get(MESSAGES, [("out", row.message_id)])
    if message is None:
        raise Problem(Code.CONFLICT, f"It has not left yet: the payment is {row.state}.")
    return Document(media_type=documents.XML, text=message.text)


def _ask_again(desk: Services, call: Call) -> shapes.PaymentAnswer:
    row = _payment(desk, call)
    if row.product == "receivables":
        raise Problem(Code.CONFLICT, "It is a deposit again: it leaves when an account is named.")
    with desk.unit() as unit:
        try:
            return _answer(payments.order_again(unit, row, desk.clock.now_s()))
        except InputError as error:
            raise Problem(Code.CONFLICT, error.message()) from None


def _take_message(desk: Services, call: Call) -> shapes.MessageTaken:
    taken = take(desk, call.raw)
    changed = list(dict.fromkeys(payment.payment_id for payment in taken.changes))
    return shapes.MessageTaken(message_id=taken.message_id, changed=changed, note=taken.note)


def _messages(desk: Services, call: Call) -> shapes.Messages:
    direction = call.query.get("direction", "in")
    with desk.unit() as unit:
        found = unit.find(MESSAGES, {"direction": direction})
    rows, cursor = page(found, lambda row: row.message_id, call)
    return shapes.Messages(
        messages=[
            shapes.MessageAnswer(
                **{name: getattr(row, name) for name in shapes.MessageAnswer.model_fields}
            )
            for row in rows
        ],
        next=cursor,
    )


def _unapplied(desk: Services, call: Call) -> shapes.UnappliedCash:
    with desk.unit() as unit:
        rows, cursor = page_of_table(unit, UNAPPLIED, call)
    answers = [
        shapes.UnappliedAnswer(
            **{name: getattr(row, name) for name in shapes.UnappliedAnswer.model_fields}
        )
        for row in rows
    ]
    return shapes.UnappliedCash(cash=answers, next=cursor)


ROUTES: Final = (
    Route(
        "POST",
        "/payout-accounts",
        "namePayoutAccount",
        "Where an owner is paid from now on; deposits and payments that waited for it leave",
        _SCOPE,
        Role.BANK_OFFICER,
        _name_account,
        shapes.AccountAnswer,
        body=shapes.NewAccount,
        object_rule="any: the bank answers for where money goes",
        signed=True,
        four_eyes=True,
    ),
    Route(
        "GET",
        "/payments",
        "listPayments",
        "Payments that left, or wait to",
        _SCOPE,
        _PAYEES | SEE_ALL,
        _list,
        shapes.Payments,
        object_rule=_OWN,
        query=_STATE | QUERY,
    ),
    Route(
        "GET",
        "/payments/{payment_id}",
        "showPayment",
        "One payment and how far it came",
        _SCOPE,
        _PAYEES | SEE_ALL,
        _show,
        shapes.PaymentAnswer,
        object_rule=_OWN,
    ),
    Route(
        "GET",
        "/payments/{payment_id}/message",
        "showPaymentMessage",
        "The pain.001 that carries it, byte for byte as it was sent",
        _SCOPE,
        SEE_ALL,
        _message,
        Document,
        object_rule="any: officers and supervisors see all; it may name other payees too",
        shows=documents.PAIN_001,
    ),
    Route(
        "POST",
        "/payments/{payment_id}/again",
        "askForPaymentAgain",
        "A new payment in place of one that was rejected or came back",
        _SCOPE,
        Role.BANK_OFFICER,
        _ask_again,
        shapes.PaymentAnswer,
        body=Nothing,
        object_rule="any: the bank answers for where money goes",
        status=201,
        signed=True,
    ),
    Route(
        "POST",
        "/payment-messages",
        "takePaymentMessage",
        "What the rail says: pacs.002 or camt.054. Each message counts once",
        _SCOPE,
        Role.RAIL,
        _take_message,
        shapes.MessageTaken,
        object_rule="any: the rail speaks of all payments",
        forms=(documents.PACS_002,),
        signed=True,
    ),
    Route(
        "GET",
        "/payment-messages",
        "listPaymentMessages",
        "Messages of the rail, with what of them could not be used",
        _SCOPE,
        READERS | Role.BANK_OFFICER | Role.RISK_OFFICER,
        _messages,
        shapes.Messages,
        object_rule="any: officers and supervisors see all",
        query={"direction": "in or out; in where not given"} | QUERY,
    ),
    Route(
        "GET",
        "/unapplied-cash",
        "listUnappliedCash",
        "Money that came in and named nothing that it could pay",
        _SCOPE,
        SEE_ALL,
        _unapplied,
        shapes.UnappliedCash,
        object_rule="any: officers and supervisors see all",
        query=QUERY,
    ),
)
