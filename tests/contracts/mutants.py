"""Defects put into our contracts on purpose, and the test that must notice each.

Here are defects seen in published samples of receivables contracts. A mutant is a piece of source
that is replaced; its killer passes on the original.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.contracts import test_financing as financing
from tests.contracts import test_lots as lots
from tests.contracts import test_payment as payment
from tests.contracts import test_registry as registry
from tests.contracts import test_trouble as trouble
from tests.contracts import test_wiring as wiring
from tests.contracts.cast import DUE, OVERDUE


@dataclass(frozen=True)
class Mutant:
    """In contracts/src/<file>.sol, ``old`` becomes ``new``. contract: what is built from it."""

    name: str
    file: str
    old: str
    new: str
    killer: Callable[..., Any]
    contract: str = ""

    @property
    def built(self) -> str:
        return self.contract or self.file


def guarded(role: str, contract: str, function: str) -> Callable[..., Any]:
    test = wiring.test_a_guarded_function_is_closed_to_all_but_its_role
    return partial(test, role=role, contract=contract, function=function)


def late(target: int, trouble: str = "none") -> Callable[..., Any]:
    return partial(payment.test_late_payment_is_always_possible, target=target, trouble=trouble)


SEEN_IN_SAMPLES = (
    Mutant(
        "anyone becomes a core enterprise",
        "Participants",
        "enrolMany(Participant[] calldata items, bytes32 correlationId) external restricted",
        "enrolMany(Participant[] calldata items, bytes32 correlationId) external",
        guarded("REGISTRAR", "Participants", "enrolMany"),
    ),
    Mutant(
        "anyone registers receivables",
        "Registry",
        "external restricted whenNotPaused",
        "external whenNotPaused",
        guarded("REGISTRAR", "Registry", "registerMany"),
    ),
    Mutant(
        "pays twice: a payment id is never looked up",
        "Settlement",
        "if (used != 0) revert DuplicatePayment(item.paymentId, used);",
        "if (used != 0 && item.amount == 0) revert DuplicatePayment(item.paymentId, used);",
        payment.test_a_payment_id_works_once,
    ),
    Mutant(
        "pays twice: a settled receivable is payable",
        "Settlement",
        "!_isTroubled(claim.state)\n        ) revert NotPayable",
        "!_isTroubled(claim.state) && claim.state != IRegistry.State.Settled\n"
        "        ) revert NotPayable",
        payment.test_only_accepted_and_unsettled_receivables_are_paid,
    ),
    Mutant(
        "late payment reverts",
        "Settlement",
        "        _usePaymentId(item);",
        "        if (block.timestamp > claim.dueAt) revert NotPayable(fingerprint, claim.state);\n"
        "        _usePaymentId(item);",
        late(DUE),
    ),
    Mutant(
        "an overdue receivable cannot be repaid",
        "Settlement",
        "state == IRegistry.State.Overdue ||\n            state == IRegistry.State.Defaulted ||",
        "state == IRegistry.State.Defaulted ||",
        late(OVERDUE),
    ),
    Mutant(
        "anyone confirms",
        "Registry",
        "if (!SignatureChecker.isValidSignatureNow(record.debtor, digest, item.signature)) {",
        "if (digest == 0 || item.signature.length != 65) {",
        partial(registry.test_only_the_debtors_own_signature_accepts, signer="alpha"),
    ),
    Mutant(
        "the creditor's check passes when unset",
        "LotLedger",
        "if (record.owner != holder) revert",
        "if (record.seller != address(0) && record.owner != holder) revert",
        partial(lots.test_only_the_holder_moves_a_lot, by="beta"),
    ),
    Mutant(
        "the zero account passes as a risk signer",
        "FinancingDesk",
        "if (signer == address(0) || !isSigner) revert",
        "if (signer != address(0) && !isSigner) revert",
        financing.test_a_verdict_without_a_signature_clears_nothing,
    ),
    Mutant(
        "a fingerprint is not unique",
        "Registry",
        "if (record.state != State.None) revert AlreadyRegistered(fingerprint);",
        "",
        registry.test_a_fingerprint_is_registered_once_whoever_its_parties_are,
    ),
    Mutant(
        "a rejected fingerprint is free again",
        "Registry",
        "if (record.state != State.None) revert AlreadyRegistered",
        "if (record.state != State.None && record.state != State.Rejected) "
        "revert AlreadyRegistered",
        partial(registry.test_a_fingerprint_stays_used_after_its_receivable_ended, end="rejected"),
    ),
    Mutant(
        "repayment moves no cash",
        "Settlement",
        "        _payOut(claim.debtor, payouts);",
        "",
        payment.test_repayment_moves_cash_or_does_not_happen,
    ),
    Mutant(
        "the last record is written instead of the one asked for",
        "Settlement",
        "lots.putBack(id);",
        "lots.putBack(lots.lotCount());",
        trouble.test_recourse_is_exercised_once_and_on_live_lots_only,
    ),
)
