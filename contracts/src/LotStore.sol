// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {ILotLedger} from "./interfaces/ILotLedger.sol";
import {Sequenced} from "./Sequenced.sol";

/// @dev How lots are stored, created and read; LotLedger says who may change them.
abstract contract LotStore is ILotLedger, Sequenced {
    /// @dev Lots that one receivable may ever have: a payment visits them all, and nobody may make
    /// a claim unpayable by splitting it until its payment no longer fits into a block.
    uint16 public constant LOTS_MAX = 64;

    /// @dev A child costs two new storage slots: its fingerprint is its root's, its endorser is read
    /// off the lineage. The third slot is written only when the lot is sold to a bank.
    struct Record {
        address owner;
        uint96 value;
        uint40 root;
        uint40 parent;
        uint40 older;
        uint8 tier;
        LotState state;
        uint96 holdback;
        bool recourse;
        address seller;
    }

    /// @dev One slot, and a second once something is credited. head: the newest lot.
    struct Account {
        uint96 outstanding;
        uint96 redeemed;
        uint40 head;
        uint16 lots;
        uint96 credited;
    }

    uint40 private _lots;
    mapping(uint256 lot => Record) internal _records;
    mapping(uint256 root => bytes32) internal _fingerprints;
    mapping(bytes32 fingerprint => Account) internal _accounts;

    /// @inheritdoc ILotLedger
    function lot(uint256 id) external view returns (Lot memory) {
        Record storage record = _known(id);
        return
            Lot({
                fingerprint: _fingerprints[record.root],
                owner: record.owner,
                value: record.value,
                parent: record.parent,
                tier: record.tier,
                state: record.state,
                endorser: _endorser(record),
                seller: record.seller,
                holdback: record.holdback,
                recourse: record.recourse
            });
    }

    /// @inheritdoc ILotLedger
    function lotsOf(bytes32 fingerprint) external view returns (uint256[] memory ids) {
        (ids, ) = _walk(_accounts[fingerprint]);
    }

    /// @inheritdoc ILotLedger
    function accountOf(
        bytes32 fingerprint
    ) external view returns (uint128 outstanding, uint128 redeemed, uint128 credited, uint16 lots) {
        Account storage account = _accounts[fingerprint];
        return (account.outstanding, account.redeemed, account.credited, account.lots);
    }

    /// @inheritdoc ILotLedger
    function lotCount() external view returns (uint256) {
        return _lots;
    }

    /// @inheritdoc ILotLedger
    function balanceOf(uint256 id) external view returns (uint256) {
        return _known(id).value;
    }

    /// @inheritdoc ILotLedger
    function slotOf(uint256 id) external view returns (uint256) {
        return uint256(_fingerprints[_known(id).root]);
    }

    /// @inheritdoc ILotLedger
    function ownerOf(uint256 id) external view returns (address) {
        return _known(id).owner;
    }

    /// @inheritdoc ILotLedger
    function valueDecimals() external pure returns (uint8) {
        return 2;
    }

    /// @inheritdoc ILotLedger
    function approve(uint256, address, uint256) external pure {
        revert ApprovalsDisabled();
    }

    /// @inheritdoc ILotLedger
    function approve(address, uint256) external pure {
        revert ApprovalsDisabled();
    }

    /// @inheritdoc ILotLedger
    function setApprovalForAll(address, bool) external pure {
        revert ApprovalsDisabled();
    }

    function _root(
        bytes32 fingerprint,
        address owner,
        uint96 value
    ) internal returns (uint256 id) {
        id = ++_lots;
        _fingerprints[id] = fingerprint;
        _accounts[fingerprint] = Account(value, 0, uint40(id), 1, 0);
        _write(id, owner, value, id, 0, 0, 1);
        _logNew(fingerprint, 0, id, value);
    }

    function _child(
        bytes32 fingerprint,
        uint256 parent,
        address owner,
        uint96 value,
        uint8 tier
    ) internal returns (uint256 id) {
        Account storage account = _accounts[fingerprint];
        uint16 count = account.lots;
        if (count == LOTS_MAX) revert TooManyLots(fingerprint, uint256(count) + 1);
        id = ++_lots;
        _write(id, owner, value, _records[parent].root, parent, account.head, tier);
        account.head = uint40(id);
        account.lots = count + 1;
        _logNew(fingerprint, parent, id, value);
    }

    function _write(
        uint256 id,
        address owner,
        uint96 value,
        uint256 root,
        uint256 parent,
        uint256 older,
        uint8 tier
    ) private {
        Record storage record = _records[id];
        record.owner = owner;
        record.value = value;
        record.root = uint40(root);
        record.parent = uint40(parent);
        record.older = uint40(older);
        record.tier = tier;
        record.state = LotState.Free;
    }

    function _logNew(bytes32 fingerprint, uint256 from, uint256 id, uint256 value) private {
        emit SlotChanged(id, 0, uint256(fingerprint));
        emit TransferValue(from, id, value);
    }

    /// @dev Ids ascending with their values; the list itself runs from the newest to the oldest.
    function _walk(
        Account storage account
    ) internal view returns (uint256[] memory ids, uint128[] memory values) {
        uint256 i = account.lots;
        ids = new uint256[](i);
        values = new uint128[](i);
        for (uint256 id = account.head; i > 0; id = _records[id].older) {
            --i;
            ids[i] = id;
            values[i] = _records[id].value;
        }
    }

    /// @dev Who handed the lineage on to this tier: the parent's first owner where the tier changed.
    function _endorser(Record storage record) private view returns (address) {
        while (record.parent != 0) {
            Record storage parent = _records[record.parent];
            if (parent.tier != record.tier) {
                return parent.seller == address(0) ? parent.owner : parent.seller;
            }
            record = parent;
        }
        return address(0);
    }

    function _known(uint256 id) internal view returns (Record storage record) {
        record = _records[id];
        if (record.state == LotState.None) revert UnknownLot(id);
    }
}
