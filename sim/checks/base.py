"""The invariants: named sentences that must hold in every run, whatever the arm or the fault."""

from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Invariant:
    """A sentence that always holds. A scenario expects it by name."""

    name: str
    text_en: str
    text_zh: str


_SENTENCES = (
    (
        "money_is_conserved",
        "No fen appears or disappears: balances rebuilt from events equal the books.",
        "资金守恒：由事件重建的余额与账簿一致，一分不多、一分不少。",
    ),
    (
        "no_receivable_financed_twice",
        "On the platform, at most one live financing stands on any part of a receivable.",
        "在平台链上，任一应收账款的任一部分同一时间至多只有一笔有效融资。",
    ),
    (
        "nothing_paid_twice",
        "No business command moves money more than once, however often it is sent.",
        "同一业务指令无论发送多少次，资金至多划转一次。",
    ),
    (
        "ledger_equals_chain",
        "The bank's ledger and the contracts agree on every balance.",
        "银行账簿与合约上的每一笔余额一致。",
    ),
    (
        "lots_conserve_face",
        "Live, redeemed, credited and written-off lots add up to the accepted face.",
        "存续、兑付、冲减与核销的份额之和等于已确权的票面金额。",
    ),
    (
        "limits_hold",
        "Use of every limit equals its live financings and never exceeds the limit.",
        "各项额度的占用等于存续融资之和，且从不超限。",
    ),
    (
        "limits_equal_contracts",
        "Use of each limit in the books is what contracts have financed and open quotes reserve.",
        "平台账上各项额度的占用等于合约上的存续融资加未结报价所预留的金额。",
    ),
    (
        "every_alert_has_evidence",
        "Every alert names the records and the figures that raised it.",
        "每一条预警都附有触发它的记录与数字。",
    ),
    (
        "no_data_without_consent",
        "No row of a merchant's data is read without a consent that is valid at that moment.",
        "未经当时有效的授权，不读取商户的任何一行数据。",
    ),
    (
        "no_loan_over_limit",
        "No draw takes a merchant's principal above the limit that stands at that moment.",
        "任何一笔支用都不使商户本金超过当时的授信额度。",
    ),
    (
        "group_exposure_adds_up",
        "A group's exposure is the sum of what its members owe in each product, by its own events.",
        "集团敞口等于其成员在各产品中（由各产品自身事件重建的）欠款之和。",
    ),
    (
        "nothing_bought_against_a_hold",
        "A bank pays for no claim on or of a party on which it has put a hold.",
        "银行不为其已暂停买入的当事人所欠或所持的债权付款。",
    ),
    (
        "wirings_agree",
        "The same seed gives the same events on the full wiring and on the fast one.",
        "同一种子在完整装配与快速装配下产生相同的事件。",
    ),
    (
        "every_reading_arrives",
        "Whatever gateways have sent is taken in once, within a day after the last fault.",
        "网关已发送的每条读数都在最后一次故障后一日内入库，且仅入库一次。",
    ),
    (
        "every_accepted_request_completes",
        "Every request that was accepted ends in a final state before the run ends.",
        "每一个被受理的请求在运行结束前都到达终态。",
    ),
)

INVARIANTS: dict[str, Invariant] = {row[0]: Invariant(*row) for row in _SENTENCES}


def advice(name: str) -> str:
    """What to write instead of an unknown invariant name."""
    near = get_close_matches(name, sorted(INVARIANTS), n=1)
    known = ", ".join(sorted(INVARIANTS))
    return f"did you mean {near[0]}?" if near else f"use one of the invariants: {known}"
