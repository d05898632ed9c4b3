"""Routes of what the bank's core was told: vouchers, and whether its balances are ours."""

import json
from typing import Final

from system.api.access import SEE_ALL
from system.api.answers import Answer, Page, answered
from system.api.pages import QUERY, page_of_table
from system.api.route import Call, Route
from system.api.services import Services
from system.core.vouchers import VOUCHERS, Voucher


class LineAnswer(Answer):
    """What a voucher moves on one account of the general ledger."""

    model_config = answered(account="receivables/deposit", debit_fen=0, credit_fen=10_000_000)
    account: str
    debit_fen: int
    credit_fen: int


class VoucherAnswer(Answer):
    """state: new, booked, agreed, differs, or nothing where nothing moved.  note: what differs, or
    why the core refuses it.  balances_fen: debits less credits after it."""

    model_config = answered(
        voucher_id="GL-2026-05-09",
        made_at_s=1_778_385_620,
        state="booked",
        note="",
        balances_fen={"receivables/deposit": -10_000_000, "receivables/float": 10_000_000},
    )
    voucher_id: str
    made_at_s: int
    state: str
    note: str
    lines: list[LineAnswer]
    balances_fen: dict[str, int]


class Vouchers(Page):
    """One voucher for each business day that was closed."""

    vouchers: list[VoucherAnswer]


def _vouchers(desk: Services, call: Call) -> Vouchers:
    with desk.unit() as unit:
        rows, cursor = page_of_table(unit, VOUCHERS, call)
    return Vouchers(vouchers=[_answer(row) for row in rows], next=cursor)


def _answer(row: Voucher) -> VoucherAnswer:
    lines = [
        LineAnswer(account=account, debit_fen=debit_fen, credit_fen=credit_fen)
        for account, (debit_fen, credit_fen) in json.loads(row.lines).items()
    ]
    return VoucherAnswer(
        voucher_id=row.voucher_id,
        made_at_s=row.made_at_s,
        state=row.state,
        note=row.note,
        lines=lines,
        balances_fen=row.balances_fen(),
    )


ROUTES: Final = (
    Route(
        "GET",
        "/vouchers",
        "listVouchers",
        "What the bank's general ledger was told, day by day, and whether its balances agree",
        "operations",
        SEE_ALL,
        _vouchers,
        Vouchers,
        object_rule="any: officers and supervisors see all",
        query=QUERY,
    ),
)
