"""Why points were lost, in words that a merchant can act on (adverse-action reasons).

One reason per feature, so that a code names exactly one fact. Codes are stored with decisions:
never renumber them, never give a retired number to another reason.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final, Literal

from system.errors import InputError

Language = Literal["en", "zh"]


class Reason(IntEnum):
    """``NONE`` (0): no further feature lost points. Members are named after their features."""

    NONE = 0
    HISTORY_PERIODS = 1
    REVENUE_1P_FEN = 2
    REVENUE_3P_FEN = 3
    REVENUE_12P_FEN = 4
    GROWTH_3P_PPM = 5
    VOLATILITY_6P_PPM = 6
    ORDERS_3P = 7
    TICKET_3P_FEN = 8
    BUYERS_PER_ORDER_3P_PPM = 9
    REFUND_RATE_3P_PPM = 10
    RATING_3P_MILLI = 11
    RATING_TREND_MILLI = 12
    STOCK_COVER_DAYS = 13
    COVERAGE_3P_PPM = 14
    TENURE_DAYS = 15


# Models fitted to other people's files have features that no text here knows: their codes count
# from here by position, and the feature's own name is the text.
FOREIGN_REASON_FIRST: Final = 1_001

TEXTS: Final[dict[Reason, dict[Language, str]]] = {
    Reason.HISTORY_PERIODS: {
        "en": "The sales record is short: few complete 30-day periods were received",
        "zh": "经营数据记录较短:收到的完整 30 日周期较少",
    },
    Reason.REVENUE_1P_FEN: {
        "en": "Sales in the latest period",
        "zh": "最近一个周期的销售额",
    },
    Reason.REVENUE_3P_FEN: {
        "en": "Level of sales over the latest three periods",
        "zh": "最近三个周期的销售水平",
    },
    Reason.REVENUE_12P_FEN: {
        "en": "Level of sales over the latest twelve periods",
        "zh": "最近十二个周期的销售水平",
    },
    Reason.GROWTH_3P_PPM: {
        "en": "Change of sales against the three periods before",
        "zh": "销售额较前三个周期的变化",
    },
    Reason.VOLATILITY_6P_PPM: {
        "en": "Sales swing strongly from period to period",
        "zh": "各周期销售额波动较大",
    },
    Reason.ORDERS_3P: {
        "en": "Number of orders over the latest three periods",
        "zh": "最近三个周期的订单数量",
    },
    Reason.TICKET_3P_FEN: {
        "en": "Average order value over the latest three periods",
        "zh": "最近三个周期的客单价",
    },
    Reason.BUYERS_PER_ORDER_3P_PPM: {
        "en": "Orders come from few different buyers",
        "zh": "订单来自较少的不同买家",
    },
    Reason.REFUND_RATE_3P_PPM: {
        "en": "Share of sales that was refunded over the latest three periods",
        "zh": "最近三个周期的退款比例",
    },
    Reason.RATING_3P_MILLI: {
        "en": "Customers' rating over the latest three periods",
        "zh": "最近三个周期的买家评分",
    },
    Reason.RATING_TREND_MILLI: {
        "en": "Change of customers' rating against the three periods before",
        "zh": "买家评分较前三个周期的变化",
    },
    Reason.STOCK_COVER_DAYS: {
        "en": "Days of sales that the stock covers",
        "zh": "库存可支撑的销售天数",
    },
    Reason.COVERAGE_3P_PPM: {
        "en": "Days are missing from the sales record of the latest three periods",
        "zh": "最近三个周期的经营数据有缺失日",
    },
    Reason.TENURE_DAYS: {
        "en": "Time since the shop was enrolled",
        "zh": "店铺入驻时间",
    },
}


def reason_codes(features: Sequence[str]) -> tuple[int, ...]:
    """The code that each feature gives when it loses points, in order.

    A feature that this product does not know gets FOREIGN_REASON_FIRST plus its position.
    """
    known = Reason.__members__
    return tuple(
        int(known[name.upper()]) if name.upper() in known else FOREIGN_REASON_FIRST + position
        for position, name in enumerate(features)
    )


def reason_text(code: int, language: Language) -> str:
    """What to tell the merchant. Raises InputError for a code without text."""
    if code not in TEXTS:
        raise InputError("reason", code, "give a member of Reason above NONE")
    return TEXTS[Reason(code)][language]
