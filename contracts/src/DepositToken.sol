// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IDepositToken} from "./interfaces/IDepositToken.sol";
import {IParticipants} from "./interfaces/IParticipants.sol";
import {Kinds} from "./Roles.sol";
import {Sequenced} from "./Sequenced.sol";

/// @title Deposit token, see IDepositToken.
contract DepositToken is IDepositToken, ERC20, AccessManaged, Sequenced {
    IParticipants public immutable participants;
    address public desk;
    address public settlement;

    constructor(
        address authority_,
        IParticipants participants_
    ) ERC20("Shapan deposit", "SPD") AccessManaged(authority_) {
        participants = participants_;
    }

    /// @notice ADMIN, once: names the two contracts that may move allowances between any parties.
    function connect(address desk_, address settlement_) external restricted {
        if (settlement != address(0)) revert AlreadyConnected();
        if (desk_ == address(0) || settlement_ == address(0)) revert ZeroPeer();
        desk = desk_;
        settlement = settlement_;
    }

    /// @inheritdoc IDepositToken
    function mintMany(Credit[] calldata items, bytes32 correlationId) external restricted {
        for (uint256 i; i < items.length; ++i) {
            _mint(items[i].account, items[i].amount);
            emit Minted(items[i].account, _next(), correlationId, items[i].amount);
        }
    }

    /// @inheritdoc IDepositToken
    function burn(address account, uint256 amount, bytes32 correlationId) external restricted {
        if (account != msg.sender) _spendAllowance(account, msg.sender, amount);
        _burn(account, amount);
        emit Burned(account, _next(), correlationId, amount);
    }

    function decimals() public pure override returns (uint8) {
        return 2;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (from == address(0)) {
            // Cash that a suspended debtor hands in must reach those whom it owes.
            _requireEnrolled(to);
        } else if (msg.sender != settlement && msg.sender != desk) {
            _requireActive(from);
            if (to != address(0)) _requireActive(to);
        }
        super._update(from, to, amount);
    }

    function _requireEnrolled(address account) private view {
        (, uint8 roles, , ) = participants.participant(account);
        if (roles == 0) revert IParticipants.NotEnrolled(account);
    }

    function _requireActive(address account) private view {
        if (!participants.isActive(account, Kinds.ANY)) {
            revert IParticipants.ParticipantInactive(account, Kinds.ANY);
        }
    }
}
