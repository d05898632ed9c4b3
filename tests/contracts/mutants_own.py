"""Our own defects, beside those seen in samples; together they are MUTANTS."""

from functools import partial

from tests.contracts import test_financing as financing
from tests.contracts import test_lots as lots
from tests.contracts import test_participants as participants
from tests.contracts import test_payment as payment
from tests.contracts import test_registry as registry
from tests.contracts import test_trouble as trouble
from tests.contracts import test_wiring as wiring
from tests.contracts.cast import ACCEPTED, DEFAULTED, OVERDUE, WRITTEN_OFF
from tests.contracts.mutants import SEEN_IN_SAMPLES, Mutant, late

OWN = (
    Mutant(
        "a split creates value",
        "LotLedger",
        "record.value -= uint96(sum);",
        "sum;",
        lots.test_a_split_shares_value_out_and_the_parent_keeps_the_rest,
    ),
    Mutant(
        "a split takes all from the parent",
        "LotLedger",
        "if (sum == 0 || sum >= value) revert",
        "if (sum == 0 || sum > value) revert",
        partial(lots.test_a_split_that_leaves_the_parent_nothing_is_refused, values=[999_999, 1]),
    ),
    Mutant(
        "an endorsement stays in its tier",
        "LotLedger",
        "uint8 tier = record.tier + 1;",
        "uint8 tier = record.tier;",
        lots.test_an_endorsement_hands_value_one_tier_down,
    ),
    Mutant(
        "an endorsement back merges lineages",
        "LotLedger",
        "        child = _child(fingerprint, id, to, uint96(value), tier);",
        "        if (_records[record.parent].owner == to) {\n"
        "            record.value -= uint96(value);\n"
        "            _records[record.parent].value += uint96(value);\n"
        "            return record.parent;\n"
        "        }\n"
        "        child = _child(fingerprint, id, to, uint96(value), tier);",
        lots.test_lineages_stay_apart_for_one_holder,
    ),
    Mutant(
        "an endorsement reaches unknown parties",
        "LotLedger",
        "participants.requireActive(msg.sender, Kinds.SUPPLIER, to, Kinds.SUPPLIER);",
        "",
        lots.test_both_sides_of_an_endorsement_are_active_suppliers,
    ),
    Mutant(
        "the bank is taken for the endorser",
        "LotStore",
        "return parent.seller == address(0) ? parent.owner : parent.seller;",
        "return parent.owner;",
        lots.test_the_endorser_stays_known_through_splits_and_sales,
        "LotLedger",
    ),
    Mutant(
        "lots multiply until payment fits no block",
        "LotStore",
        "if (count == LOTS_MAX) revert",
        "if (count == 10 * LOTS_MAX) revert",
        lots.test_a_receivable_has_a_bounded_number_of_lots,
        "LotLedger",
    ),
    Mutant(
        "the remainder of the waterfall is lost",
        "Waterfall",
        "++parts[i];",
        "",
        payment.test_odd_fen_go_one_each_to_the_lowest_lots,
        "LotLedger",
    ),
    Mutant(
        "a dead lot takes an odd fen",
        "Waterfall",
        "if (values[i] == 0) continue;",
        "",
        payment.test_a_dead_lot_takes_no_share_and_no_odd_fen,
        "LotLedger",
    ),
    Mutant(
        "the bank takes the holdback",
        "LotLedger",
        "uint96 claim = record.value - holdback;",
        "uint96 claim = record.value;",
        payment.test_the_bank_is_paid_before_the_sellers_holdback,
    ),
    Mutant(
        "overpayment is swallowed",
        "LotLedger",
        "if (amount > outstanding) revert Overpayment(fingerprint, amount, outstanding);",
        "if (amount > outstanding) amount = outstanding;",
        payment.test_overpayment_is_refused,
    ),
    Mutant(
        "a pause stops repayment",
        "Settlement",
        "        _usePaymentId(item);",
        "        if (registry.paused()) revert IRegistry.Paused();\n        _usePaymentId(item);",
        late(ACCEPTED, "paused"),
    ),
    Mutant(
        "a dispute stops repayment",
        "Settlement",
        "        _usePaymentId(item);",
        "        if (claim.disputed) revert NotPayable(fingerprint, claim.state);\n"
        "        _usePaymentId(item);",
        late(OVERDUE, "disputed"),
    ),
    Mutant(
        "suspension stops repayment",
        "DepositToken",
        "if (msg.sender != settlement && msg.sender != desk) {",
        "if (msg.sender != desk) {",
        late(DEFAULTED, "suspended"),
    ),
    Mutant(
        "nothing is recovered after a write-off",
        "Settlement",
        "state == IRegistry.State.Defaulted ||\n            state == IRegistry.State.WrittenOff;",
        "state == IRegistry.State.Defaulted;",
        late(WRITTEN_OFF),
    ),
    Mutant(
        "a pause lets financing through",
        "Registry",
        ") external view whenNotPaused returns (address debtor) {",
        ") external view returns (address debtor) {",
        wiring.test_a_pause_stops_every_kind_of_new_risk,
    ),
    Mutant(
        "a disputed claim is financed",
        "Registry",
        "record.disputed || block.timestamp >= record.dueAt",
        "block.timestamp >= record.dueAt",
        financing.test_nothing_is_financed_on_a_disputed_or_due_receivable,
    ),
    Mutant(
        "an acceptance is used twice",
        "Registry",
        "_useNonce(debtor, item.nonce);",
        "",
        registry.test_a_nonce_accepts_once,
    ),
    Mutant(
        "a debtor signs without the amount",
        "Registry",
        "uint256(record.face),\n                    currency,",
        "uint256(1_000_000),\n                    currency,",
        registry.test_a_signature_over_one_amount_accepts_no_other,
    ),
    Mutant(
        "a quote is replayed",
        "FinancingDesk",
        "        _useNonce(quote.bank, quote.nonce);",
        "",
        financing.test_a_quote_is_used_once,
    ),
    Mutant(
        "an expired quote is good",
        "FinancingDesk",
        "if (block.timestamp > quote.expiresAt) revert QuoteExpired(quote.lot, quote.expiresAt);",
        "",
        financing.test_a_quote_works_until_it_expires,
    ),
    Mutant(
        "a bank is bound by anyone's signature",
        "FinancingDesk",
        "if (!SignatureChecker.isValidSignatureNow(quote.bank, digest, signature)) {",
        "if (digest == 0 || signature.length != 65) {",
        partial(financing.test_only_the_banks_own_signature_binds_it, signer="alpha"),
    ),
    Mutant(
        "anyone signs verdicts",
        "FinancingDesk",
        "if (signer == address(0) || !isSigner) revert",
        "if (signer == address(0) || (isSigner && false)) revert",
        partial(financing.test_only_a_risk_signer_clears_a_lot, risk="north"),
    ),
    Mutant(
        "a refusal by the risk desk is ignored",
        "FinancingDesk",
        "if (!verdict.clear || verdict.lot != lot) revert",
        "if (verdict.lot != lot) revert",
        partial(
            financing.test_a_verdict_must_be_clear_and_about_this_lot, changes={"clear": False}
        ),
    ),
    Mutant(
        "a limit counts single loans only",
        "FinancingDesk",
        "if (uint256(used) + amount > limit) {",
        "if (amount > limit) {",
        partial(financing.test_no_linked_limit_is_passed_by_a_fen, line="bank"),
    ),
    Mutant(
        "the supplier's limit is not linked",
        "FinancingDesk",
        "        _use(Kinds.SUPPLIER, _party(supplier), amount);",
        "",
        partial(financing.test_no_linked_limit_is_passed_by_a_fen, line="supplier"),
    ),
    Mutant(
        "usage is never given back",
        "Settlement",
        "            _releasePaid(claim.debtor, payouts);",
        "",
        payment.test_usage_falls_with_each_payment,
    ),
    Mutant(
        "the lot moves without the cash",
        "FinancingDesk",
        "        token.safeTransferFrom(quote.bank, quote.supplier, quote.advance);",
        "",
        financing.test_a_lot_does_not_move_when_the_cash_does_not,
    ),
    Mutant(
        "a quote leaves part of the value out",
        "LotLedger",
        "if (quoted != record.value) revert",
        "if (quoted > record.value) revert",
        financing.test_advance_discount_and_holdback_make_up_the_value,
    ),
    Mutant(
        "a lot is financed again after recourse",
        "LotLedger",
        "if (state != LotState.Free && state != LotState.Locked) revert",
        "if (state == LotState.Financed) revert",
        financing.test_a_lot_that_came_back_by_recourse_is_never_financed_again,
    ),
    Mutant(
        "a lock binds nobody",
        "FinancingDesk",
        "if (holder != bank) revert LockedForOther(lot, holder);",
        "bank;",
        financing.test_a_lock_reserves_a_lot_for_one_bank,
    ),
    Mutant(
        "the seller's credit note cuts the bank's claim",
        "LotLedger",
        "else if (financed && by == seller) available = record.holdback;",
        "else if (financed && by == seller) available = record.value;",
        trouble.test_the_seller_of_a_financed_lot_credits_only_its_holdback,
    ),
    Mutant(
        "recourse is free",
        "Settlement",
        "        token.safeTransferFrom(lot.seller, lot.owner, price);",
        "",
        trouble.test_recourse_without_the_sellers_cash_leaves_the_lot_with_the_bank,
    ),
    Mutant(
        "recourse comes before any trouble",
        "Settlement",
        "if (!claim.disputed && !_isTroubled(claim.state)) {",
        "if (claim.state == IRegistry.State.None) {",
        trouble.test_recourse_waits_for_trouble,
    ),
    Mutant(
        "a write-off keeps the limits used",
        "Settlement",
        "        desk.release(registry.receivable(fingerprint).debtor, _financed(fingerprint));",
        "",
        trouble.test_a_write_off_releases_usage_and_keeps_the_claim,
    ),
    Mutant(
        "the minter takes deposits",
        "DepositToken",
        "if (account != msg.sender) _spendAllowance(account, msg.sender, amount);",
        "",
        participants.test_the_minter_burns_nothing_without_its_owners_allowance,
    ),
)

MUTANTS = SEEN_IN_SAMPLES + OWN
