"""Defects to plant: a line of production code changed while one run lasts, and what it runs under.

``plant`` swaps the compiled code of one function, wherever it was imported to, and puts it back.
A defect whose line is no longer there fails its test: this list stays true to the code.
"""

import inspect
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from tests.sim.faulty import fault


@dataclass(frozen=True)
class Defect:
    """where: ``module:function`` or ``module:Class.method``.  old, new: the line before and after.

    run: what it is run under, see ``tests/simulation/planted_runs.py``.  faults: what breaks.
    """

    name: str
    where: str
    old: str
    new: str
    run: str
    faults: tuple[dict[str, Any], ...] = ()


_DEF = re.compile(r"^(async )?def ", re.MULTILINE)


@contextmanager
def planted(defect: Defect) -> Iterator[None]:
    module_name, _, path = defect.where.partition(":")
    module = import_module(module_name)
    function: Any = module
    for step in path.split("."):
        function = getattr(function, step)
    function = inspect.unwrap(function)
    function = getattr(function, "fget", None) or function
    source = textwrap.dedent(inspect.getsource(function))
    assert defect.old in source, f"{defect.name}: {defect.where} no longer says {defect.old}"
    source = source[_DEF.search(source).start() :].replace(defect.old, defect.new, 1)
    made: dict[str, Any] = {}
    exec(compile(source, f"<planted: {defect.name}>", "exec"), module.__dict__, made)
    sound = function.__code__
    function.__code__ = made[function.__name__].__code__
    try:
        yield
    finally:
        function.__code__ = sound


KILLS = (fault("service_killed", 0.1),)
AWAY = (fault("broker_down", 1, at=12, **{"for": 3}),)
FULL = (fault("disk_full", 0.1),)
LENDING = {"at": 60, "for": 90}
KILLS_LENDING = (fault("service_killed", 0.2, **LENDING),)
FULL_LENDING = (fault("disk_full", 0.4, **LENDING),)
DROPS = (fault("transaction_dropped", 0.3),)
TIMEOUTS = (fault("evm_timeout_after", 0.4), fault("evm_timeout_before", 0.3))
OFTEN = (fault("service_killed", 0.2, at=0, **{"for": 25}),)
LATE = (fault("mqtt_late", 0.1),)
RAIL_CUT = (fault("rail_down", 0.4),)
REORGS = (fault("reorg", 0.3, every=2, **{"for": 0.1}),)


RECEIVABLES = (
    Defect(
        "a command that was answered is handled again",
        "system.ledger.idempotency:once",
        "if key not in stored:", "if True:",
        "receivables", KILLS,
    ),
    Defect(
        "an answer is stored under another key",
        "system.ledger.idempotency:once",
        "*key, command.fingerprint,", "*key, command.fingerprint[::-1],",
        "receivables", KILLS,
    ),
    Defect(
        "a lost transaction is not sent again",
        "system.chain.relay:Relay._not_sent_at",
        "(row.message_id) != head", "(row.message_id) is None",
        "receivables", DROPS,
    ),
    Defect(
        "a message that was sent is signed again with a new nonce",
        "system.ledger.outbox:mark_sent",
        'state="sent"', 'state="new"',
        "receivables", TIMEOUTS,
    ),
    Defect(
        "the next nonce is not written down",
        "system.chain.relay:_Nonces.save",
        "if row.sender in self._known])", "if row.sender in ()])",
        "receivables", TIMEOUTS,
    ),
    Defect(
        "a transaction counts before its confirmations",
        "system.chain.relay:Relay._final",
        "if receipt.block_number <= last_final:", "if True:",
        "confirmed", REORGS,
    ),
    Defect(
        "what the chain confirmed is voided in the books",
        "system.chain.cash:resolve",
        "if done:", "if not done:",
        "receivables", (),
    ),
    Defect(
        "a payout moves in the books to the payer",
        "system.chain.cash:paid_to",
        "deposit(payer_id), deposit(to_id)", "deposit(to_id), deposit(payer_id)",
        "receivables", (),
    ),
    Defect(
        "a payout is booked a fen short",
        "system.chain.cash:paid_to",
        "amount_fen)])", "amount_fen - 1)])",
        "receivables", (),
    ),
    Defect(
        "used limits are never given back",
        "system.chain.limits_book:change_use",
        "used_fen=row.used_fen + change_fen", "used_fen=row.used_fen + abs(change_fen)",
        "repaid", (),
    ),
    Defect(
        "an undone transaction leaves half of its rows",
        "system.adapters.memory_store:_Transaction.__exit__",
        "undo_to(0)", "undo_to(len(self._unit._undo) // 2)",
        "receivables", FULL,
    ),
    Defect(
        "the last event of a transaction is not kept",
        "system.chain.session:append_feed",
        "enumerate(events)", "enumerate(events[:-1])",
        "receivables", KILLS,
    ),
    Defect(
        "the pool takes nonces out of order",
        "system.adapters.evm_pool:Pool.take",
        "if pending.opened.nonce != nonce:", "if False:",
        "receivables", (fault("nonce_gap", 0.5),),
    ),
    Defect(
        "a payout is told to be a fen larger than it is",
        "system.chain.chain_events:ChainEvents._transfer",
        "to_id, amount_fen, self._at_s", "to_id, amount_fen + 1, self._at_s",
        "receivables", (),
    ),
    Defect(
        "new float is booked and the contract gets less",
        "system.chain.service_enrol:top_up",
        "amount_fen)", "amount_fen - 1)",
        "receivables", (),
    ),
)  # fmt: skip

RAIL = (
    Defect(
        "a payment whose answer was lost is asked for anew under another name",
        "system.payments.rail_work:RailWork._send",
        "self._rail.submit(message.message_id, message.text.encode())",
        """try:
            self._rail.submit(message.message_id, message.text.encode())
        except OperationalError:
            renamed = message.text.replace("MSG", "MSX").replace("PAY", "PAX")
            self._rail.submit("MSX" + message.message_id[3:], renamed.encode())""",
        "rail", RAIL_CUT,
    ),
    Defect(
        "a payment asks for a fen more than left the deposit",
        "system.payments.desk:_payment",
        "one.amount_fen,", "one.amount_fen + 1,",
        "rail", (),
    ),
    Defect(
        "a payment that has arrived is booked a fen short",
        "system.chain.cash:paid_by_rail",
        "CLEARING, amount_fen)", "CLEARING, amount_fen - 1)",
        "rail", (),
    ),
    Defect(
        "the rail's word is acknowledged before its commit",
        "system.payments.rail_work:RailWork.run",
        "for some in _pieces(deliveries):",
        """self._rail.acknowledge([one.delivery_id for one in deliveries])
    for some in _pieces(deliveries):""",
        "rail", FULL,
    ),
)  # fmt: skip

CREDIT = (
    Defect(
        "a draw is booked twice over",
        "system.credit.service_money:draw",
        "+ amount_fen)[done]", "+ 2 * amount_fen)[done]",
        "credit", (),
    ),
    Defect(
        "interest accrues on the limit of a day too many",
        "system.credit.service_day:_Run._accrue",
        'columns["accrued_raw"] + raw', 'columns["accrued_raw"] + 2 * raw',
        "credit", (),
    ),
    Defect(
        "data are read without consent",
        "system.credit.access:widest_consents",
        "return basis", "return np.full(merchants.size, BASIS_PURPOSE + CLASSES_ALL)",
        "credit", (),
    ),
    Defect(
        "withdrawn consent goes on",
        "system.parties.consent:withdraw",
        "ended.size, now_s,", "ended.size, now_s + 10**8,",
        "credit", (),
    ),
    Defect(
        "a batch that was answered is handled again",
        "system.ledger.idempotency:once",
        "if key not in stored:", "if True:",
        "credit", KILLS_LENDING,
    ),
    Defect(
        "money is journalled and not posted",
        "system.subledger.journal:_transfers",
        "if entry.kind not in chart.money:", "if True:",
        "credit", (),
    ),
    Defect(
        "a posting names another sum than the journal",
        "system.subledger.journal:_transfers",
        "debit, credit, fen)", "debit, credit, fen + 1)",
        "credit", (),
    ),
    Defect(
        "columns keep half of what an undone transaction wrote",
        "system.adapters.memory_store:_Transaction.__exit__",
        "undo_to(0)", "undo_to(len(self._unit._undo) // 2)",
        "credit", FULL_LENDING,
    ),
    Defect(
        "a closed day is closed again",
        "system.subledger.closed_days:close",
        "if low < high and closed < day:", "if low < high:",
        "credit", KILLS_LENDING,
    ),
    Defect(
        "the journal's entry has another total than its rows",
        "system.subledger.journal:_row",
        "count, entry.total,", "count, entry.total + 1,",
        "credit", (),
    ),
    Defect(
        "a repeated command gets an empty answer",
        "system.ledger.idempotency:_reply",
        "return Reply(Answered.BEFORE, row.response)", 'return Reply(Answered.BEFORE, "")',
        "credit", KILLS_LENDING,
    ),
    Defect(
        "half of the accrued interest is told to the journal",
        "system.credit.service_day:_Run.report",
        "(raw + unit_raw // 2) // unit_raw for raw", "(raw // 2) // unit_raw for raw",
        "credit", (),
    ),
    Defect(
        "a draw is paid out and noted for a fen less",
        "system.credit.service_money:draw",
        "DRAWN, rows, amount_fen[done])", "DRAWN, rows, amount_fen[done] - 1)",
        "credit", (),
    ),
)  # fmt: skip

LEASING = (
    Defect(
        "an alert names a figure and no reading",
        "system.leasing.evidence:evidence_text",
        '"readings": readings', '"readings": []',
        "leasing", (),
    ),
    Defect(
        "an alert names the reading after the one it saw",
        "system.leasing.evidence:_said",
        "name: int(values[name])", "name: int(values[name]) + 10**6 * (name == 'sequence')",
        "leasing", (),
    ),
    Defect(
        "a reading that is known is stored again",
        "system.leasing.history:_new_ones",
        "if not known.size:", "if True:",
        "leasing", LATE,
    ),
    Defect(
        "the page of the first machine of a batch is not kept",
        "system.leasing.history:keep",
        "unit.replace(OPEN, known)", "unit.replace(OPEN, known[1:])",
        "leasing", LATE,
    ),
    Defect(
        "the first line of a gateway's message is skipped",
        "system.leasing.decode:_lines",
        "if part] or", "if part][1:] or",
        "broker", LATE,
    ),
    Defect(
        "a message is acknowledged before its commit",
        "system.adapters.mqtt_consumer:Consumer._take_in",
        "await self._commit", "self._link.acknowledge(deliveries); await self._commit",
        "broker", KILLS,
    ),
    Defect(
        "rent is paid and still owed",
        "system.leasing.leases.service_money:take",
        'debt["rent_due_fen"] - taken.rent_fen,', 'debt["rent_due_fen"],',
        "leasing", (),
    ),
    Defect(
        "rent is owed twice over",
        "system.leasing.leases.billing:issue",
        'columns["rent_due_fen"] + bill_fen', 'columns["rent_due_fen"] + 2 * bill_fen',
        "leasing", (),
    ),
    Defect(
        "a command that was answered is handled again",
        "system.ledger.idempotency:once",
        "if key not in stored:", "if True:",
        "leasing", OFTEN,
    ),
    Defect(
        "machines are silent while the broker is away",
        "system.leasing.service_twins:tick",
        "if is_linked else []", "",
        "leasing", AWAY,
    ),
)  # fmt: skip

JOINT = (
    Defect(
        "a hold stops nothing",
        "system.chain.service_holds:is_held",
        "row is not None and", "False and row is not None and",
        "joint", (),
    ),
)  # fmt: skip

ALL = (*RECEIVABLES, *RAIL, *CREDIT, *LEASING, *JOINT)
