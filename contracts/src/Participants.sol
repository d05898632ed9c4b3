// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IParticipants} from "./interfaces/IParticipants.sol";
import {Kinds} from "./Roles.sol";
import {Sequenced} from "./Sequenced.sol";

/// @title Participants, see IParticipants.
contract Participants is IParticipants, AccessManaged, Sequenced {
    uint8 private constant ALL_ROLES = Kinds.DEBTOR | Kinds.SUPPLIER | Kinds.BANK;

    struct Record {
        uint64 kycExpiresAt;
        uint8 roles;
        bool suspended;
        bytes32 group;
    }

    mapping(address account => Record) private _records;

    constructor(address authority_) AccessManaged(authority_) {}

    /// @inheritdoc IParticipants
    function enrolMany(Participant[] calldata items, bytes32 correlationId) external restricted {
        for (uint256 i; i < items.length; ++i) _enrol(items[i], correlationId);
    }

    /// @inheritdoc IParticipants
    function suspend(address account, bytes32 correlationId) external restricted {
        _enrolled(account).suspended = true;
        emit Suspended(account, _next(), correlationId);
    }

    /// @inheritdoc IParticipants
    function reinstate(
        address account,
        uint64 kycExpiresAt,
        bytes32 correlationId
    ) external restricted {
        Record storage record = _enrolled(account);
        if (kycExpiresAt <= block.timestamp) {
            revert InvalidParticipant(account, record.roles, kycExpiresAt);
        }
        record.suspended = false;
        record.kycExpiresAt = kycExpiresAt;
        emit Reinstated(account, _next(), correlationId, kycExpiresAt);
    }

    /// @inheritdoc IParticipants
    function isActive(address account, uint8 role) public view returns (bool) {
        Record storage record = _records[account];
        return
            record.kycExpiresAt > block.timestamp &&
            !record.suspended &&
            record.roles & role == role;
    }

    /// @inheritdoc IParticipants
    function requireActive(address a, uint8 roleA, address b, uint8 roleB) external view {
        if (!isActive(a, roleA)) revert ParticipantInactive(a, roleA);
        if (!isActive(b, roleB)) revert ParticipantInactive(b, roleB);
    }

    /// @inheritdoc IParticipants
    function groupOf(address account) external view returns (bytes32) {
        return _records[account].group;
    }

    /// @inheritdoc IParticipants
    function participant(
        address account
    ) external view returns (bytes32 group, uint8 roles, uint64 kycExpiresAt, bool suspended) {
        Record storage record = _records[account];
        return (record.group, record.roles, record.kycExpiresAt, record.suspended);
    }

    function _enrol(Participant calldata item, bytes32 correlationId) private {
        if (_records[item.account].roles != 0) revert AlreadyEnrolled(item.account);
        if (
            item.account == address(0) ||
            item.roles == 0 ||
            item.roles > ALL_ROLES ||
            item.kycExpiresAt <= block.timestamp
        ) revert InvalidParticipant(item.account, item.roles, item.kycExpiresAt);
        _records[item.account] = Record({
            kycExpiresAt: item.kycExpiresAt,
            roles: item.roles,
            suspended: false,
            group: item.group
        });
        emit Enrolled(
            item.account,
            item.group,
            _next(),
            correlationId,
            item.roles,
            item.kycExpiresAt
        );
    }

    function _enrolled(address account) private view returns (Record storage record) {
        record = _records[account];
        if (record.roles == 0) revert NotEnrolled(account);
    }
}
