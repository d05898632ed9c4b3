// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

/// @dev Numbers a contract's events 1, 2, 3…, so that a reader of logs notices a missing one.
abstract contract Sequenced {
    uint64 private _sequence;

    /// @notice The number of the last event.
    function sequence() external view returns (uint64) {
        return _sequence;
    }

    function _next() internal returns (uint64) {
        return ++_sequence;
    }
}
