// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {ILotLedger} from "./ILotLedger.sol";
import {IRegistry} from "./IRegistry.sol";

/// @title Due dates, payments, recourse, default, write-off, recoveries, credit notes.
/// @notice Trust: a debtor's cash moves only under its own allowance to this contract. Nothing here
/// can be paused, and neither suspension, dispute, default nor write-off stops a payment. Cash goes
/// straight from payer to holders; this contract never holds any.
interface ISettlement {
    struct Payment {
        bytes32 fingerprint;
        uint128 amount;
        bytes32 paymentId;
    }

    error NotDueYet(bytes32 fingerprint, uint64 notBefore);
    error NotPayable(bytes32 fingerprint, IRegistry.State state);
    error ZeroPayment(bytes32 fingerprint, bytes32 paymentId);
    error DuplicatePayment(bytes32 paymentId, bytes32 fingerprint);
    error NoRecourse(uint256 lot);
    error RecourseTooEarly(uint256 lot, bytes32 fingerprint);
    error InvalidCreditNote(bytes32 fingerprint);

    event BecameDue(bytes32 indexed fingerprint, uint64 sequence, bytes32 indexed correlationId);
    event BecameOverdue(bytes32 indexed fingerprint, uint64 sequence, bytes32 indexed correlationId);
    event Defaulted(
        bytes32 indexed fingerprint,
        uint64 sequence,
        bytes32 indexed correlationId,
        uint128 outstanding
    );
    /// @dev Every payment, recoveries too. payouts: ascending lot, sum = amount.
    event Paid(
        bytes32 indexed fingerprint,
        bytes32 indexed paymentId,
        uint64 sequence,
        bytes32 indexed correlationId,
        address payer,
        uint128 amount,
        uint128 outstanding,
        ILotLedger.Payout[] payouts
    );
    /// @dev A lot reached zero by payment; the amounts are its last payout.
    event Redeemed(
        bytes32 indexed fingerprint,
        uint256 indexed lot,
        uint64 sequence,
        bytes32 indexed correlationId,
        address holder,
        uint128 toHolder,
        address seller,
        uint128 toSeller
    );
    event Settled(bytes32 indexed fingerprint, uint64 sequence, bytes32 indexed correlationId);
    event Recoursed(
        bytes32 indexed fingerprint,
        uint256 indexed lot,
        uint64 sequence,
        bytes32 indexed correlationId,
        address bank,
        address seller,
        uint128 price
    );
    event WrittenOff(
        bytes32 indexed fingerprint,
        uint64 sequence,
        bytes32 indexed correlationId,
        uint128 amount
    );
    /// @dev Follows the Paid event of a payment that came after the write-off.
    event Recovered(
        bytes32 indexed fingerprint,
        bytes32 indexed paymentId,
        uint64 sequence,
        bytes32 indexed correlationId,
        uint128 amount,
        uint128 outstanding
    );
    event CreditNoted(
        bytes32 indexed fingerprint,
        uint256 indexed lot,
        uint64 sequence,
        bytes32 indexed correlationId,
        address by,
        uint128 amount,
        bytes32 reasonHash
    );

    /// @notice Anyone, from the due date. Accepted -> Due.
    function markDueMany(bytes32[] calldata fingerprints, bytes32 correlationId) external;

    /// @notice Anyone, `overdueAfterS` past the due date. Accepted or Due -> Overdue.
    function markOverdueMany(bytes32[] calldata fingerprints, bytes32 correlationId) external;

    /// @notice REGISTRAR, `defaultAfterS` past the due date. Overdue -> Defaulted.
    function markDefaultMany(bytes32[] calldata fingerprints, bytes32 correlationId) external;

    /// @notice REGISTRAR. Defaulted -> WrittenOff; releases usage, keeps every claim.
    function writeOff(bytes32 fingerprint, bytes32 correlationId) external;

    /// @notice The debtor of each item, or the REGISTRAR acting on its allowance. Whole or in part,
    /// early or late. Pro rata over the lots' values; each odd fen to the lowest lot ids.
    function settleMany(Payment[] calldata items, bytes32 correlationId) external;

    /// @notice The bank that holds the lot, if financed with recourse, while the receivable is
    /// disputed, Overdue, Defaulted or WrittenOff. The seller pays the bank's open claim (value less
    /// holdback) from its deposits and owns the lot again.
    function recourse(uint256 lot, bytes32 correlationId) external;

    /// @notice Cuts lots by amounts. Each may be cut only by who would receive the money: the
    /// owner its own claim, the seller of a financed lot its holdback. Locked lots: unlock first.
    function creditNote(
        bytes32 fingerprint,
        uint256[] calldata lots,
        uint128[] calldata amounts,
        bytes32 reasonHash,
        bytes32 correlationId
    ) external;

    /// @notice The receivable that a payment id was used for; 0 when unused.
    function paymentOf(bytes32 paymentId) external view returns (bytes32 fingerprint);

    function overdueAfterS() external view returns (uint64);

    function defaultAfterS() external view returns (uint64);
}
