// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

/// @dev Pro-rata shares with a deterministic remainder. Pure arithmetic, no state.
library Waterfall {
    /// @notice Shares of `amount` over `values`, floored; one odd fen each to the first non-zero
    /// values. Needs 0 < amount <= total = sum of values, total < 2^128. Shares sum to `amount` and
    /// none exceeds its value: below the total every floored share leaves at least one fen free.
    function shares(
        uint128 amount,
        uint128[] memory values,
        uint128 total
    ) internal pure returns (uint128[] memory parts) {
        parts = new uint128[](values.length);
        uint128 rest = amount;
        for (uint256 i; i < values.length; ++i) {
            parts[i] = uint128((uint256(amount) * values[i]) / total);
            rest -= parts[i];
        }
        for (uint256 i; rest > 0; ++i) {
            if (values[i] == 0) continue;
            ++parts[i];
            --rest;
        }
    }
}
