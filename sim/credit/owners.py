"""What owners decide: when to ask for a line, when to draw, what to pay. They decide, never act.

Good and bad reasons look alike to them: an empty shelf, an opportunity, unpaid wages.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from sim.credit.cash import Books, idle_fen
from sim.credit.columns import I64, Mask, floor_i64, part_floor
from sim.credit.fraudsters import Fraud
from sim.credit.merchants import WEEK_DAYS, Traits
from sim.credit.world_parameters import WorldParameters
from system.kernels.columns import nonzero_at
from system.kernels.compiled import compiled
from system.limits import LINE_FEN_MAX

# What a merchant sees of its own line: int64 (n,) each.
View = Mapping[str, I64]
NO_LINE: Final = 0
# Requests are written in hundreds of yuan.
_REQUEST_STEP_FEN: Final = 10_000
# A reminder reaches even the careless.
_REMINDER_DPD: Final = 7
# A shell shop asks for so much more than its true sales would explain.
_SHELL_REQUEST_RATIO: Final = 4


def has_office_day(t: Traits, day: int, at: I64) -> Mask:
    """Whose day it is to look after money, of the rows ``at``."""
    here: Mask = t.office_weekday[at] == day % WEEK_DAYS
    return here


def wanted_lines(t: Traits, b: Books, p: WorldParameters, day: int, view: View) -> I64:
    """Limits asked for, in fen; 0 for those who do not apply today. Notes the application."""
    asks = np.empty_like(b.open)
    owner = t.office_weekday, t.fraud, t.strike_day, t.takes_credit
    shop = view["state"], b.open, b.applied_on, b.short_fen
    need_fen = max(p.draw_need_fen_min, 1)
    _ask_rows(asks, owner, shop, day, day - p.reapply_days, need_fen)
    at = np.flatnonzero(asks)
    strikes = t.strike_day[at] <= day
    sales_fen = b.wanted[at] * t.ticket_fen[at] * np.where(strikes, _SHELL_REQUEST_RATIO, 1)
    ask_fen = np.maximum(floor_i64(sales_fen * p.request_sales_days), b.short_fen[at])
    b.applied_on[at] = day
    asked_fen = np.zeros(t.cell.size, np.int64)
    stepped_fen = (ask_fen // _REQUEST_STEP_FEN + 1) * _REQUEST_STEP_FEN
    asked_fen[at] = np.minimum(stepped_fen, LINE_FEN_MAX)
    return asked_fen


@compiled
def _ask_rows(
    asks: Mask,
    owner: tuple[I64, I64, I64, Mask],
    shop: tuple[I64, Mask, I64, I64],
    day: int,
    applied_before: int,
    need_fen: int,
) -> None:
    """Honest shops ask out of need; shell shops once they strike."""
    office_weekday, fraud, strike_day, takes_credit = owner
    state, is_open, applied_on, short_fen = shop
    for i in range(asks.size):
        asks[i] = False
        if state[i] != NO_LINE or office_weekday[i] != day % WEEK_DAYS:
            continue
        if is_open[i] and applied_on[i] <= applied_before:
            needs = takes_credit[i] and short_fen[i] >= need_fen
            asks[i] = needs if fraud[i] < Fraud.VANISHER else strike_day[i] <= day


def wanted_draws(t: Traits, b: Books, p: WorldParameters, day: int, view: View) -> I64:
    """fen to draw now, within what is available: what last night lacked; shell shops take all."""
    draw_fen = np.empty(t.cell.size, np.int64)
    wish = t.strike_day, b.open, b.short_fen
    _draw_rows(draw_fen, view["available_fen"], wish, day, p.draw_need_fen_min)
    return draw_fen


@compiled
def _draw_rows(
    draw_fen: I64, available_fen: I64, wish: tuple[I64, Mask, I64], day: int, need_fen_min: int
) -> None:
    strike_day, is_open, short_fen = wish
    for i in range(draw_fen.size):
        if strike_day[i] <= day and is_open[i]:
            draw_fen[i] = available_fen[i]
        else:
            lacks = short_fen[i] >= need_fen_min
            draw_fen[i] = min(available_fen[i], short_fen[i] * lacks)


def offered_fen(t: Traits, b: Books, p: WorldParameters, day: int, view: View) -> I64:
    """fen offered to the bank now.

    Shops pay what is due out of cash above the reserve, in part once a week where it does not
    suffice, and repay early out of idle cash. Former owners pay what they have.
    """
    offered = np.zeros(t.cell.size, np.int64)
    owing = nonzero_at(view["outstanding_fen"])
    office = has_office_day(t, day, owing)
    acts = office | (view["due_fen"][owing] > 0) | ~b.open[owing]
    at, office = owing[acts], office[acts]
    if not at.size:
        return offered
    outstanding_fen = view["outstanding_fen"][at]
    due_fen = np.where(
        b.open[at], np.minimum(view["due_fen"][at], outstanding_fen), outstanding_fen
    )
    spare_fen = np.maximum(b.cash_fen[at] - b.fixed_fen[at] * (p.reserve_days * b.open[at]), 0)
    sees_bill = ~t.is_careless[at] | office | (view["dpd_days"][at] > _REMINDER_DPD)
    pays_now = sees_bill & ((spare_fen >= due_fen) | office)
    regular_fen = np.minimum(due_fen, spare_fen) * pays_now
    left_fen = np.maximum(idle_fen(t, b, at) - regular_fen, 0)
    early_fen = part_floor(left_fen, p.idle_repaid_share) * (office & b.open[at])
    offered[at] = np.minimum(regular_fen + early_fen, outstanding_fen)
    return offered
