// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

/// @dev Role ids in the AccessManager (0 is its ADMIN). Written once more in deployment.json.
library Roles {
    uint64 internal constant REGISTRAR = 1;
    uint64 internal constant RISK_SIGNER = 2;
    uint64 internal constant GUARDIAN = 3;
    uint64 internal constant MINTER = 4;
    uint64 internal constant LIMIT_SETTER = 5;
}

/// @dev Bits of a participant's roles, and kinds of limit lines.
library Kinds {
    uint8 internal constant ANY = 0;
    uint8 internal constant DEBTOR = 1;
    uint8 internal constant SUPPLIER = 2;
    uint8 internal constant BANK = 4;
    uint8 internal constant GROUP = 8;
}
