"""What banks financed outside the platform, so that the same invoice is not financed here too."""

from collections.abc import Sequence

from system.chain.commands import ReportPledge
from system.chain.fingerprint import fingerprint, loose_fingerprint
from system.chain.monitor import Flow
from system.chain.outcome import Outcome, refused, taken
from system.chain.rules import Refusal, first_refusal
from system.chain.session import Session
from system.chain.watch import FLOWS, PLEDGED, Watch
from system.parties.records import Role


def report_pledges(session: Session, watch: Watch, batch: Sequence[ReportPledge]) -> list[Outcome]:
    """Compare pledges with all claims seen. The reference is the pledge.

    A pledge of an invoice that is on the platform raises an alert that gates its disbursement.
    """
    outcomes: list[Outcome] = []
    flows: dict[str, Flow] = {}
    for command in batch:
        flow = _flow(session, command)
        refusal = _refusal(session, command, again=flow.claim_id in flows)
        if refusal:
            outcomes.append(refused(command.command_id, refusal, flow.claim_id))
            continue
        flows[flow.claim_id] = flow
        session.note(command.bank_id, "report pledge", flow.claim_id, flow.fingerprint.hex())
        outcomes.append(taken(command.command_id, flow.claim_id))
    watch.observe(session, list(flows.values()))
    return outcomes


def pledge_id_of(command: ReportPledge) -> str:
    """Under which the claim is known here; two banks may use the same claim id."""
    return f"{PLEDGED}{command.bank_id}/{command.claim_id}"


def _flow(session: Session, command: ReportPledge) -> Flow:
    """The parties' names stay out of it: rules on flows between parties know the platform only."""
    terms = (command.seller_id, command.debtor_id, command.invoice_number, command.currency)
    return Flow(
        claim_id=pledge_id_of(command),
        fingerprint=fingerprint(session.parts.fingerprint_key, *terms),
        loose_fingerprint=loose_fingerprint(session.parts.fingerprint_key, *terms),
        supplier_id="",
        debtor_id="",
        bank_id=command.bank_id,
        supplier_group_id="",
        debtor_group_id="",
        amount_fen=command.amount_fen,
        issued_at_s=command.issued_at_s,
        at_s=session.now_s,
    )


def _refusal(session: Session, command: ReportPledge, *, again: bool) -> Refusal:
    bank = session.party(command.bank_id)
    known = again or bool(session.sheet.find(FLOWS, {"claim_id": pledge_id_of(command)}))
    return first_refusal(
        (bank is None, Refusal.PLEDGE_BANK_UNKNOWN),
        (not session.verified(bank, Role.BANK), Refusal.PLEDGE_BANK_NOT_VERIFIED),
        (known, Refusal.PLEDGE_ALREADY_REPORTED),
    )
