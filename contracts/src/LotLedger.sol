// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ILotLedger} from "./interfaces/ILotLedger.sol";
import {IParticipants} from "./interfaces/IParticipants.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {LotStore} from "./LotStore.sol";
import {Kinds} from "./Roles.sol";
import {Waterfall} from "./Waterfall.sol";

/// @title Lot ledger, see ILotLedger.
contract LotLedger is LotStore, AccessManaged {
    /// @dev Enterprises below the debtor, as TIER_MAX in system/limits.py.
    uint8 public constant TIER_MAX = 8;
    IRegistry public immutable registry;
    IParticipants public immutable participants;
    address public desk;
    address public settlement;

    constructor(
        address authority_,
        IParticipants participants_,
        IRegistry registry_
    ) AccessManaged(authority_) {
        participants = participants_;
        registry = registry_;
    }

    /// @notice ADMIN, once.
    function connect(address desk_, address settlement_) external restricted {
        if (settlement != address(0)) revert AlreadyConnected();
        if (desk_ == address(0) || settlement_ == address(0)) revert ZeroPeer();
        desk = desk_;
        settlement = settlement_;
    }

    modifier onlyPeer(address peer) {
        if (msg.sender != peer) revert NotPeer(msg.sender);
        _;
    }

    /// @inheritdoc ILotLedger
    function split(
        uint256 id,
        uint128[] calldata values,
        bytes32 correlationId
    ) external returns (uint256[] memory children) {
        Record storage record = _heldFree(id, msg.sender);
        bytes32 fingerprint = _fingerprints[record.root];
        registry.requireMovable(fingerprint);
        uint256 sum = _sum(id, record.value, values);
        children = new uint256[](values.length);
        for (uint256 i; i < values.length; ++i) {
            children[i] = _child(fingerprint, id, msg.sender, uint96(values[i]), record.tier);
        }
        record.value -= uint96(sum);
        emit Split(
            fingerprint,
            id,
            _next(),
            correlationId,
            msg.sender,
            record.tier,
            children,
            values
        );
    }

    /// @inheritdoc ILotLedger
    function endorse(
        uint256 id,
        address to,
        uint128 value,
        bytes32 correlationId
    ) external returns (uint256 child) {
        Record storage record = _heldFree(id, msg.sender);
        bytes32 fingerprint = _fingerprints[record.root];
        address debtor = registry.requireMovable(fingerprint);
        uint8 tier = record.tier + 1;
        if (tier > TIER_MAX) revert TierTooDeep(id, tier);
        if (to == msg.sender || to == debtor) revert InvalidEndorsee(id, to);
        participants.requireActive(msg.sender, Kinds.SUPPLIER, to, Kinds.SUPPLIER);
        if (value == 0 || value > record.value) revert InvalidSplit(id, record.value, value);
        child = _child(fingerprint, id, to, uint96(value), tier);
        record.value -= uint96(value);
        if (record.value == 0) record.state = LotState.Spent;
        emit Endorsed(
            fingerprint,
            id,
            _next(),
            correlationId,
            child,
            msg.sender,
            to,
            value,
            tier
        );
    }

    /// @inheritdoc ILotLedger
    function mintRoot(
        bytes32 fingerprint,
        address owner,
        uint128 value
    ) external onlyPeer(address(registry)) returns (uint256) {
        return _root(fingerprint, owner, uint96(value));
    }

    /// @inheritdoc ILotLedger
    function lock(
        uint256 id,
        address holder
    ) external onlyPeer(desk) returns (bytes32 fingerprint) {
        Record storage record = _heldFree(id, holder);
        record.state = LotState.Locked;
        return _fingerprints[record.root];
    }

    /// @inheritdoc ILotLedger
    function unlock(uint256 id) external onlyPeer(desk) returns (bytes32 fingerprint) {
        Record storage record = _records[id];
        if (record.state != LotState.Locked) revert WrongLotState(id, record.state);
        record.state = LotState.Free;
        return _fingerprints[record.root];
    }

    /// @inheritdoc ILotLedger
    function finance(
        uint256 id,
        address holder,
        address bank,
        uint256 quoted,
        uint128 holdback,
        bool withRecourse
    ) external onlyPeer(desk) returns (bytes32 fingerprint) {
        Record storage record = _held(id, holder);
        LotState state = record.state;
        if (state != LotState.Free && state != LotState.Locked) revert WrongLotState(id, state);
        if (quoted != record.value) revert ValueMismatch(id, quoted, record.value);
        if (bank == holder) revert InvalidEndorsee(id, bank);
        record.state = LotState.Financed;
        record.holdback = uint96(holdback);
        record.recourse = withRecourse;
        record.seller = holder;
        record.owner = bank;
        return _fingerprints[record.root];
    }

    /// @inheritdoc ILotLedger
    function redeem(
        bytes32 fingerprint,
        uint128 amount
    ) external onlyPeer(settlement) returns (Payout[] memory payouts, uint128 outstanding) {
        Account storage account = _accounts[fingerprint];
        outstanding = account.outstanding;
        if (amount > outstanding) revert Overpayment(fingerprint, amount, outstanding);
        (uint256[] memory ids, uint128[] memory values) = _walk(account);
        uint128[] memory parts = Waterfall.shares(amount, values, outstanding);
        payouts = new Payout[](_countNonZero(parts));
        uint256 k;
        for (uint256 i; i < ids.length; ++i) {
            if (parts[i] != 0) payouts[k++] = _payLot(ids[i], uint96(parts[i]));
        }
        outstanding -= amount;
        account.outstanding = uint96(outstanding);
        account.redeemed += uint96(amount);
    }

    /// @inheritdoc ILotLedger
    function cut(
        bytes32 fingerprint,
        uint256 id,
        address by,
        uint128 amount
    )
        external
        onlyPeer(settlement)
        returns (bool financed, address owner, address seller)
    {
        Record storage record = _cuttable(fingerprint, id);
        (owner, seller) = (record.owner, record.seller);
        financed = record.state == LotState.Financed;
        uint96 available;
        if (by == owner) available = record.value - record.holdback;
        else if (financed && by == seller) available = record.holdback;
        else revert NotHolder(id, by, owner);
        if (amount == 0 || amount > available) revert CutTooLarge(id, amount, available);
        if (by != owner) record.holdback -= uint96(amount);
        _fall(id, record, uint96(amount));
        Account storage account = _accounts[fingerprint];
        account.outstanding -= uint96(amount);
        account.credited += uint96(amount);
    }

    /// @inheritdoc ILotLedger
    function putBack(uint256 id) external onlyPeer(settlement) {
        Record storage record = _records[id];
        record.state = LotState.Recoursed;
        record.holdback = 0;
        record.recourse = false;
        record.owner = record.seller;
    }

    function _sum(
        uint256 id,
        uint128 value,
        uint128[] calldata values
    ) private pure returns (uint256 sum) {
        for (uint256 i; i < values.length; ++i) {
            if (values[i] == 0) revert InvalidSplit(id, value, 0);
            sum += values[i];
        }
        if (sum == 0 || sum >= value) revert InvalidSplit(id, value, sum);
    }

    /// @dev The holder first, up to its own claim; what is above goes to the seller's holdback.
    function _payLot(uint256 id, uint96 part) private returns (Payout memory payout) {
        Record storage record = _records[id];
        payout.lot = id;
        payout.holder = record.owner;
        payout.toHolder = part;
        if (record.state == LotState.Financed) {
            payout.financed = true;
            payout.seller = record.seller;
            uint96 holdback = record.holdback;
            uint96 claim = record.value - holdback;
            if (part > claim) {
                payout.toHolder = claim;
                payout.toSeller = part - claim;
                record.holdback = holdback - uint96(payout.toSeller);
            }
        }
        payout.closed = _fall(id, record, part);
    }

    function _fall(uint256 id, Record storage record, uint96 amount) private returns (bool closed) {
        uint96 value = record.value - amount;
        record.value = value;
        closed = value == 0;
        if (closed) record.state = LotState.Redeemed;
        emit TransferValue(id, 0, amount);
    }

    function _held(uint256 id, address holder) private view returns (Record storage record) {
        record = _known(id);
        if (record.owner != holder) revert NotHolder(id, holder, record.owner);
    }

    function _heldFree(uint256 id, address holder) private view returns (Record storage record) {
        record = _held(id, holder);
        if (record.state != LotState.Free) revert WrongLotState(id, record.state);
    }

    function _cuttable(
        bytes32 fingerprint,
        uint256 id
    ) private view returns (Record storage record) {
        record = _known(id);
        if (_fingerprints[record.root] != fingerprint) revert LotOfOther(id, fingerprint);
        LotState state = record.state;
        if (
            state != LotState.Free && state != LotState.Financed && state != LotState.Recoursed
        ) revert WrongLotState(id, state);
    }

    function _countNonZero(uint128[] memory parts) private pure returns (uint256 count) {
        for (uint256 i; i < parts.length; ++i) if (parts[i] != 0) ++count;
    }
}
