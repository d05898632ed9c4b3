"""Whether the books use each limit as much as contracts have financed and quotes reserve."""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from sim.checks.auditor import HELD

Line = tuple[int, str]
LIMITS: Final = "limits_equal_contracts"
# Lines of a debtor, a supplier, a bank; groups change their members, so that no log sums them up.
DEBTOR, SUPPLIER, BANK = 1, 2, 4
_RESERVING: Final = ("quoted", "splitting", "signing", "disbursing")


class BookedLine(Protocol):
    """A line as the platform keeps it."""

    @property
    def kind(self) -> int: ...
    @property
    def party_id(self) -> str: ...
    @property
    def used_fen(self) -> int: ...


class Request(Protocol):
    """A request for financing."""

    @property
    def receivable_id(self) -> str: ...
    @property
    def supplier_id(self) -> str: ...
    @property
    def bank_id(self) -> str: ...
    @property
    def amount_fen(self) -> int: ...
    @property
    def state(self) -> str: ...


def audit_limits(
    lines: Iterable[BookedLine],
    requests: Iterable[Request],
    used_fen: Mapping[Line, int],
    address_of: Mapping[str, str],
    debtor_of: Mapping[str, str],
) -> str:
    """limits_equal_contracts. used_fen: by kind and address, rebuilt from the contracts' log.

    address_of: of each party.  debtor_of: the party that owes each receivable.
    """
    reserved_fen: dict[Line, int] = {}
    for request in requests:
        if request.state in _RESERVING:
            debtor = debtor_of[request.receivable_id]
            parties = (DEBTOR, debtor), (SUPPLIER, request.supplier_id), (BANK, request.bank_id)
            for line in parties:
                reserved_fen[line] = reserved_fen.get(line, 0) + request.amount_fen
    for row in lines:
        if row.kind not in (DEBTOR, SUPPLIER, BANK):
            continue
        financed_fen = used_fen.get((row.kind, address_of.get(row.party_id, "")), 0)
        expected_fen = financed_fen + reserved_fen.get((row.kind, row.party_id), 0)
        if row.used_fen != expected_fen:
            return (
                f"line {row.kind} of {row.party_id}: {row.used_fen} fen used in the books, "
                f"{financed_fen} financed on chain and {expected_fen - financed_fen} reserved"
            )
    return HELD
