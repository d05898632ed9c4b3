"""What stood in the books when a request for cash was decided, kept for who asks why."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from system.api import explained
from system.api.services import Services
from system.chain.commands import RequestFinancing
from system.chain.limits_book import lines_of
from system.chain.outcome import Outcome
from system.chain.records import ALERTS, LIMITS, LOTS, RECEIVABLES, REQUESTS
from system.compliance.green import are_green
from system.parties.records import PARTIES
from system.ports.store import Unit

KIND: Final = "financing-request"
_RECEIVABLE: Final = ("receivable_id", "state", "disputed", "issued_at_s", "due_at_s", "debtor_id")
_LOT: Final = ("lot_id", "value_fen", "redeemed_fen", "tier", "state")
_QUOTE: Final = ("advance_fen", "discount_fen", "holdback_fen", "apr_ppm", "expires_at_s")


def keep(desk: Services, commands: Sequence[RequestFinancing], outcomes: Sequence[Outcome]) -> None:
    """Keep the reasons for each decision, after it was made, under the request's id."""
    with desk.unit() as unit:
        now_s = desk.clock.now_s()
        for command, outcome in zip(commands, outcomes, strict=True):
            refusal = outcome.refusal.name.lower() if outcome.refusal else "none"
            if refusal.startswith("financing_") or refusal == "none":
                facts = {"refusal": refusal, **asdict(command), **_facts(unit, command, now_s)}
                [row] = unit.get(REQUESTS, [(outcome.reference,)])
                facts["quote"] = _some(row, _QUOTE) if row is not None else None
                explained.keep(unit, KIND, outcome.reference, command.supplier_id, now_s, facts)


def _facts(unit: Unit, command: RequestFinancing, now_s: int) -> dict[str, Any]:
    """The claim, its limits and its open alerts. Where two parties could, only its own."""
    [lot] = unit.get(LOTS, [(command.lot_id,)])
    # Somebody else's claim is nothing to explain.
    if lot is None or lot.owner_id != command.supplier_id:
        return {}
    [claim] = unit.get(RECEIVABLES, [(lot.receivable_id,)])
    assert claim is not None, "a lot is a share of a receivable"
    [debtor] = unit.get(PARTIES, [(claim.debtor_id,)])
    group_id = debtor.group_id if debtor is not None else None
    lines = lines_of(claim.debtor_id, command.supplier_id, command.bank_id, group_id)
    rows = [row for row in unit.get(LIMITS, lines) if row is not None]
    alerts = unit.find(ALERTS, {"receivable_id": claim.receivable_id})
    [green] = are_green(unit, "receivable", [claim.receivable_id], now_s).tolist()
    return {
        "receivable": _some(claim, _RECEIVABLE),
        "lot": _some(lot, _LOT),
        "limits": [[row.kind, row.party_id, row.limit_fen, row.used_fen] for row in rows],
        "alerts_open": sum(alert.blocks and not alert.released_at_s for alert in alerts),
        "green": green,
    }


def _some(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
