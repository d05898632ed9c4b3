// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {IDepositToken} from "./interfaces/IDepositToken.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {ILotLedger} from "./interfaces/ILotLedger.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {Sequenced} from "./Sequenced.sol";

/// @title Settlement, see ISettlement.
contract Settlement is ISettlement, AccessManaged, ReentrancyGuard, Sequenced {
    using SafeERC20 for IDepositToken;

    IRegistry public immutable registry;
    ILotLedger public immutable lots;
    IFinancingDesk public immutable desk;
    IDepositToken public immutable token;
    uint64 public immutable overdueAfterS;
    uint64 public immutable defaultAfterS;
    mapping(bytes32 paymentId => bytes32 fingerprint) public paymentOf;

    constructor(
        address authority_,
        IRegistry registry_,
        ILotLedger lots_,
        IFinancingDesk desk_,
        IDepositToken token_,
        uint64 overdueAfterS_,
        uint64 defaultAfterS_
    ) AccessManaged(authority_) {
        registry = registry_;
        lots = lots_;
        desk = desk_;
        token = token_;
        overdueAfterS = overdueAfterS_;
        defaultAfterS = defaultAfterS_;
    }

    /// @inheritdoc ISettlement
    function markDueMany(bytes32[] calldata fingerprints, bytes32 correlationId) external {
        for (uint256 i; i < fingerprints.length; ++i) {
            _mark(fingerprints[i], 0, IRegistry.State.Due);
            emit BecameDue(fingerprints[i], _next(), correlationId);
        }
    }

    /// @inheritdoc ISettlement
    function markOverdueMany(bytes32[] calldata fingerprints, bytes32 correlationId) external {
        for (uint256 i; i < fingerprints.length; ++i) {
            _mark(fingerprints[i], overdueAfterS, IRegistry.State.Overdue);
            emit BecameOverdue(fingerprints[i], _next(), correlationId);
        }
    }

    /// @inheritdoc ISettlement
    function markDefaultMany(
        bytes32[] calldata fingerprints,
        bytes32 correlationId
    ) external restricted {
        for (uint256 i; i < fingerprints.length; ++i) {
            _mark(fingerprints[i], defaultAfterS, IRegistry.State.Defaulted);
            (uint128 outstanding, , , ) = lots.accountOf(fingerprints[i]);
            emit Defaulted(fingerprints[i], _next(), correlationId, outstanding);
        }
    }

    /// @inheritdoc ISettlement
    function writeOff(bytes32 fingerprint, bytes32 correlationId) external restricted {
        registry.advance(fingerprint, IRegistry.State.WrittenOff);
        desk.release(registry.receivable(fingerprint).debtor, _financed(fingerprint));
        (uint128 outstanding, , , ) = lots.accountOf(fingerprint);
        emit WrittenOff(fingerprint, _next(), correlationId, outstanding);
    }

    /// @inheritdoc ISettlement
    function settleMany(Payment[] calldata items, bytes32 correlationId) external nonReentrant {
        for (uint256 i; i < items.length; ++i) _settle(items[i], correlationId);
    }

    /// @inheritdoc ISettlement
    function recourse(uint256 id, bytes32 correlationId) external nonReentrant {
        ILotLedger.Lot memory lot = lots.lot(id);
        if (msg.sender != lot.owner) revert ILotLedger.NotHolder(id, msg.sender, lot.owner);
        if (lot.state != ILotLedger.LotState.Financed || !lot.recourse) revert NoRecourse(id);
        IRegistry.Receivable memory claim = registry.receivable(lot.fingerprint);
        if (!claim.disputed && !_isTroubled(claim.state)) {
            revert RecourseTooEarly(id, lot.fingerprint);
        }
        lots.putBack(id);
        if (claim.state != IRegistry.State.WrittenOff) {
            _releaseOne(claim.debtor, lot.owner, lot.seller, lot.value);
        }
        uint128 price = lot.value - lot.holdback;
        emit Recoursed(
            lot.fingerprint,
            id,
            _next(),
            correlationId,
            lot.owner,
            lot.seller,
            price
        );
        // The bank's holder call and the seller's standing allowance are the two consents.
        token.safeTransferFrom(lot.seller, lot.owner, price);
    }

    /// @inheritdoc ISettlement
    function creditNote(
        bytes32 fingerprint,
        uint256[] calldata ids,
        uint128[] calldata amounts,
        bytes32 reasonHash,
        bytes32 correlationId
    ) external nonReentrant {
        if (ids.length == 0 || ids.length != amounts.length) revert InvalidCreditNote(fingerprint);
        IRegistry.Receivable memory claim = _payable(fingerprint);
        bool live = claim.state != IRegistry.State.WrittenOff;
        for (uint256 i; i < ids.length; ++i) {
            _cut(fingerprint, claim.debtor, ids[i], amounts[i], live);
            emit CreditNoted(
                fingerprint,
                ids[i],
                _next(),
                correlationId,
                msg.sender,
                amounts[i],
                reasonHash
            );
        }
        (uint128 outstanding, , , ) = lots.accountOf(fingerprint);
        if (live && outstanding == 0) _close(fingerprint, correlationId);
    }

    function _settle(Payment calldata item, bytes32 correlationId) private {
        bytes32 fingerprint = item.fingerprint;
        IRegistry.Receivable memory claim = _payable(fingerprint);
        if (msg.sender != claim.debtor) _checkCanCall(msg.sender, msg.data);
        _usePaymentId(item);
        (ILotLedger.Payout[] memory payouts, uint128 outstanding) = lots.redeem(
            fingerprint,
            item.amount
        );
        emit Paid(
            fingerprint,
            item.paymentId,
            _next(),
            correlationId,
            claim.debtor,
            item.amount,
            outstanding,
            payouts
        );
        _logRedeemed(fingerprint, payouts, correlationId);
        if (claim.state == IRegistry.State.WrittenOff) {
            emit Recovered(
                fingerprint,
                item.paymentId,
                _next(),
                correlationId,
                item.amount,
                outstanding
            );
        } else {
            _releasePaid(claim.debtor, payouts);
            if (outstanding == 0) _close(fingerprint, correlationId);
        }
        _payOut(claim.debtor, payouts);
    }

    function _usePaymentId(Payment calldata item) private {
        if (item.amount == 0) revert ZeroPayment(item.fingerprint, item.paymentId);
        bytes32 used = paymentOf[item.paymentId];
        if (used != 0) revert DuplicatePayment(item.paymentId, used);
        paymentOf[item.paymentId] = item.fingerprint;
    }

    /// @dev From the debtor straight to each holder and seller, under the debtor's allowance.
    function _payOut(address debtor, ILotLedger.Payout[] memory payouts) private {
        for (uint256 i; i < payouts.length; ++i) {
            ILotLedger.Payout memory payout = payouts[i];
            if (payout.toHolder != 0) {
                token.safeTransferFrom(debtor, payout.holder, payout.toHolder);
            }
            if (payout.toSeller != 0) {
                token.safeTransferFrom(debtor, payout.seller, payout.toSeller);
            }
        }
    }

    function _logRedeemed(
        bytes32 fingerprint,
        ILotLedger.Payout[] memory payouts,
        bytes32 correlationId
    ) private {
        for (uint256 i; i < payouts.length; ++i) {
            ILotLedger.Payout memory payout = payouts[i];
            if (!payout.closed) continue;
            emit Redeemed(
                fingerprint,
                payout.lot,
                _next(),
                correlationId,
                payout.holder,
                payout.toHolder,
                payout.seller,
                payout.toSeller
            );
        }
    }

    function _releasePaid(address debtor, ILotLedger.Payout[] memory payouts) private {
        uint256 count;
        for (uint256 i; i < payouts.length; ++i) if (payouts[i].financed) ++count;
        if (count == 0) return;
        IFinancingDesk.Release[] memory items = new IFinancingDesk.Release[](count);
        uint256 k;
        for (uint256 i; i < payouts.length; ++i) {
            ILotLedger.Payout memory payout = payouts[i];
            if (!payout.financed) continue;
            uint128 amount = payout.toHolder + payout.toSeller;
            items[k++] = IFinancingDesk.Release(payout.holder, payout.seller, amount);
        }
        desk.release(debtor, items);
    }

    function _releaseOne(address debtor, address bank, address seller, uint128 amount) private {
        IFinancingDesk.Release[] memory items = new IFinancingDesk.Release[](1);
        items[0] = IFinancingDesk.Release(bank, seller, amount);
        desk.release(debtor, items);
    }

    function _cut(
        bytes32 fingerprint,
        address debtor,
        uint256 id,
        uint128 amount,
        bool live
    ) private {
        (bool financed, address owner, address seller) = lots.cut(
            fingerprint,
            id,
            msg.sender,
            amount
        );
        if (financed && live) _releaseOne(debtor, owner, seller, amount);
    }

    function _mark(bytes32 fingerprint, uint64 afterS, IRegistry.State to) private {
        uint64 notBefore = registry.receivable(fingerprint).dueAt + afterS;
        if (block.timestamp < notBefore) revert NotDueYet(fingerprint, notBefore);
        registry.advance(fingerprint, to);
    }

    function _close(bytes32 fingerprint, bytes32 correlationId) private {
        registry.advance(fingerprint, IRegistry.State.Settled);
        emit Settled(fingerprint, _next(), correlationId);
    }

    /// @dev One entry per lot; lots that are not financed release nothing.
    function _financed(
        bytes32 fingerprint
    ) private view returns (IFinancingDesk.Release[] memory items) {
        uint256[] memory ids = lots.lotsOf(fingerprint);
        items = new IFinancingDesk.Release[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            ILotLedger.Lot memory lot = lots.lot(ids[i]);
            bool financed = lot.state == ILotLedger.LotState.Financed;
            items[i] = IFinancingDesk.Release(lot.owner, lot.seller, financed ? lot.value : 0);
        }
    }

    function _payable(
        bytes32 fingerprint
    ) private view returns (IRegistry.Receivable memory claim) {
        claim = registry.receivable(fingerprint);
        if (
            claim.state != IRegistry.State.Accepted &&
            claim.state != IRegistry.State.Due &&
            !_isTroubled(claim.state)
        ) revert NotPayable(fingerprint, claim.state);
    }

    function _isTroubled(IRegistry.State state) private pure returns (bool) {
        return
            state == IRegistry.State.Overdue ||
            state == IRegistry.State.Defaulted ||
            state == IRegistry.State.WrittenOff;
    }
}
