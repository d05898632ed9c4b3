// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {Sequenced} from "./Sequenced.sol";

/// @dev Unordered nonces, 256 to a word: signatures may be relayed in any order, and a signer may
/// cancel one that it has given away.
abstract contract SignedNonces is Sequenced {
    mapping(address signer => mapping(uint256 word => uint256 bits)) private _used;

    error NonceUsed(address signer, uint256 nonce);

    event NonceCancelled(
        address indexed signer,
        uint64 sequence,
        bytes32 indexed correlationId,
        uint256 nonce
    );

    /// @notice Makes the caller's signature with this nonce worthless.
    function cancelNonce(uint256 nonce, bytes32 correlationId) external {
        _useNonce(msg.sender, nonce);
        emit NonceCancelled(msg.sender, _next(), correlationId, nonce);
    }

    function isNonceUsed(address signer, uint256 nonce) external view returns (bool) {
        return _used[signer][nonce >> 8] & (1 << (nonce & 0xff)) != 0;
    }

    function _useNonce(address signer, uint256 nonce) internal {
        uint256 bit = 1 << (nonce & 0xff);
        uint256 bits = _used[signer][nonce >> 8];
        if (bits & bit != 0) revert NonceUsed(signer, nonce);
        _used[signer][nonce >> 8] = bits | bit;
    }
}
