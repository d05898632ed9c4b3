// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

/// @title Financing: signed bank quotes, signed risk verdicts, linked limits, delivery v. payment.
/// @notice Trust: a bank is bound only by its own signature, a supplier only by its own call, and
/// the risk signer can refuse but not lend. Cash and lot move in one transaction or not at all.
interface IFinancingDesk {
    /// @dev EIP-712 domain ("Shapan FinancingDesk", "1", chain, this contract), type
    /// Quote(uint256 lot,address bank,address supplier,uint128 advance,uint128 discount,
    /// uint128 holdback,bool recourse,uint256 nonce,uint64 expiresAt).
    /// advance + discount + holdback = the lot's value. Nonces are unordered.
    struct Quote {
        uint256 lot;
        address bank;
        address supplier;
        uint128 advance;
        uint128 discount;
        uint128 holdback;
        bool recourse;
        uint256 nonce;
        uint64 expiresAt;
    }

    /// @dev Same domain, type Verdict(uint256 lot,bytes32 fingerprint,bool clear,uint64 expiresAt),
    /// signed by an account (not a wallet contract) that holds RISK_SIGNER.
    struct Verdict {
        uint256 lot;
        bytes32 fingerprint;
        bool clear;
        uint64 expiresAt;
    }

    struct Disbursement {
        Quote quote;
        bytes bankSignature;
        Verdict verdict;
        bytes riskSignature;
    }

    /// @dev kind: 1 debtor, 2 supplier, 4 bank, 8 group of the debtor.
    /// party: the account left-padded to 32 bytes, or the group.
    struct Limit {
        uint8 kind;
        bytes32 party;
        uint128 amount;
    }

    /// @dev Usage to give back when `amount` of a lot's value is no longer at risk.
    struct Release {
        address bank;
        address supplier;
        uint128 amount;
    }

    error QuoteExpired(uint256 lot, uint64 expiresAt);
    error InvalidQuoteSignature(uint256 lot, address bank);
    error QuoteNotForHolder(uint256 lot, address supplier, address holder);
    error NoAdvance(uint256 lot);
    error InvalidVerdict(uint256 lot, address signer);
    error VerdictNotClear(uint256 lot, bytes32 fingerprint);
    error VerdictExpired(uint256 lot, uint64 expiresAt);
    error LimitExceeded(uint8 kind, bytes32 party, uint128 limit, uint128 used, uint128 asked);
    error InvalidLimitKind(uint8 kind);
    error LockedForOther(uint256 lot, address bank);
    error InvalidLock(uint256 lot, uint64 until);
    error NotUnlockable(uint256 lot, address caller, uint64 until);
    error NotPeer(address caller);
    error AlreadyConnected();
    error ZeroPeer();

    event Locked(
        bytes32 indexed fingerprint,
        uint256 indexed lot,
        uint64 sequence,
        bytes32 indexed correlationId,
        address holder,
        address bank,
        uint64 until
    );
    event Unlocked(
        bytes32 indexed fingerprint,
        uint256 indexed lot,
        uint64 sequence,
        bytes32 indexed correlationId,
        address by
    );
    event Disbursed(
        bytes32 indexed fingerprint,
        uint256 indexed lot,
        uint64 sequence,
        bytes32 indexed correlationId,
        address bank,
        address supplier,
        uint128 advance,
        uint128 discount,
        uint128 holdback,
        bool recourse
    );
    event LimitChanged(
        uint8 indexed kind,
        bytes32 indexed party,
        uint64 sequence,
        bytes32 indexed correlationId,
        uint128 before,
        uint128 amount
    );

    /// @notice Holder of a Free lot reserves it for one bank until a time (at most LOCK_S_MAX on).
    function lock(uint256 lot, address bank, uint64 until, bytes32 correlationId) external;

    /// @notice The bank at any time (decline), anyone once the lock has run out (expiry).
    function unlock(uint256 lot, bytes32 correlationId) external;

    /// @notice Holder of the lot (Free, or Locked for this bank). Bank pays `advance` to the holder
    /// and becomes the owner. The bank must have allowed this contract to spend its deposits.
    function disburse(
        Quote calldata quote,
        bytes calldata bankSignature,
        Verdict calldata verdict,
        bytes calldata riskSignature,
        bytes32 correlationId
    ) external;

    /// @notice All or nothing; every lot must be the caller's.
    function disburseMany(Disbursement[] calldata items, bytes32 correlationId) external;

    /// @notice LIMIT_SETTER. Unset means zero: nothing can be financed. A limit below the usage
    /// stops new financing and touches no old one.
    function setLimitMany(Limit[] calldata items, bytes32 correlationId) external;

    /// @notice Settlement contract only.
    function release(address debtor, Release[] calldata items) external;

    function lineOf(uint8 kind, bytes32 party) external view returns (uint128 limit, uint128 used);

    function lockOf(uint256 lot) external view returns (address bank, uint64 until);
}
