// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Bank deposits as a permissioned ERC-20; 2 decimals, unit fen.
/// @notice Trust: the minter issues against deposits that it really holds. No key can take a
/// participant's deposit: burning another's needs its allowance. FinancingDesk and Settlement move
/// allowances between any enrolled parties (the desk checks activity itself; settlement must not).
interface IDepositToken is IERC20 {
    struct Credit {
        address account;
        uint256 amount;
    }

    error AlreadyConnected();
    error ZeroPeer();

    event Minted(address indexed account, uint64 sequence, bytes32 indexed correlationId, uint256 amount);
    event Burned(address indexed account, uint64 sequence, bytes32 indexed correlationId, uint256 amount);

    /// @notice MINTER. Accounts must be enrolled; a suspended one is credited too, so that it can
    /// pay what it owes, but may not use the deposit otherwise.
    function mintMany(Credit[] calldata items, bytes32 correlationId) external;

    /// @notice MINTER. Spends the account's allowance to the caller, unless it is the caller's own.
    function burn(address account, uint256 amount, bytes32 correlationId) external;
}
