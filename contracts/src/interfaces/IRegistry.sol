// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

/// @title Receivables: one per document fingerprint, for ever.
/// @notice Trust: the registrar proposes, only the debtor's own signature makes a claim. Amounts are
/// fen, times UTC seconds. A dispute is a flag beside the state: it stops new risk, never payment.
interface IRegistry {
    enum State {
        None, // 0
        Registered, // 1
        Accepted, // 2
        Rejected, // 3
        Expired, // 4
        Due, // 5
        Overdue, // 6
        Defaulted, // 7
        Settled, // 8
        WrittenOff // 9
    }

    /// @dev face: 1..2^96-1 fen. documentHash is logged, not stored: the log is the evidence.
    struct Registration {
        bytes32 fingerprint;
        address debtor;
        address supplier;
        uint128 face;
        bytes3 currency;
        uint64 dueAt;
        bytes32 documentHash;
    }

    /// @dev signature: by the debtor (an account or an ERC-1271 wallet), EIP-712 domain
    /// ("Shapan Registry", "1", chain, this contract), type
    /// Acceptance(bytes32 fingerprint,address debtor,address supplier,uint256 amount,
    /// bytes3 currency,uint64 dueAt,uint256 nonce,uint64 deadline). Nonces are unordered.
    struct Acceptance {
        bytes32 fingerprint;
        uint256 nonce;
        uint64 deadline;
        bytes signature;
    }

    struct Receivable {
        address debtor;
        uint64 dueAt;
        State state;
        bool disputed;
        bytes3 currency;
        address supplier;
        uint128 face;
    }

    error AlreadyRegistered(bytes32 fingerprint);
    error InvalidRegistration(bytes32 fingerprint, uint128 face, uint64 dueAt);
    error WrongCurrency(bytes32 fingerprint, bytes3 currency);
    error SelfDebt(bytes32 fingerprint, address account);
    error WrongState(bytes32 fingerprint, State state);
    error InvalidAcceptance(bytes32 fingerprint, address debtor);
    error AcceptanceExpired(bytes32 fingerprint, uint64 deadline, uint64 dueAt);
    error NotExpired(bytes32 fingerprint, uint64 dueAt);
    error NotDebtor(bytes32 fingerprint, address caller);
    error AlreadyDisputed(bytes32 fingerprint);
    error NotDisputed(bytes32 fingerprint);
    /// @dev New risk was asked for on a claim that is not accepted, or disputed, or past its date.
    error NotMovable(bytes32 fingerprint, State state, bool disputed, uint64 dueAt);
    error Paused();
    error NotPeer(address caller);
    error AlreadyConnected();
    error ZeroPeer();

    event Registered(
        bytes32 indexed fingerprint,
        uint64 sequence,
        bytes32 indexed correlationId,
        address indexed debtor,
        address supplier,
        uint128 face,
        bytes3 currency,
        uint64 dueAt,
        bytes32 documentHash
    );
    event Accepted(
        bytes32 indexed fingerprint,
        uint256 indexed lot,
        uint64 sequence,
        bytes32 indexed correlationId,
        address debtor,
        address supplier,
        uint128 value
    );
    event Rejected(bytes32 indexed fingerprint, uint64 sequence, bytes32 indexed correlationId);
    event Expired(bytes32 indexed fingerprint, uint64 sequence, bytes32 indexed correlationId);
    event Disputed(
        bytes32 indexed fingerprint,
        uint64 sequence,
        bytes32 indexed correlationId,
        bytes32 reasonHash
    );
    event DisputeResolved(
        bytes32 indexed fingerprint,
        uint64 sequence,
        bytes32 indexed correlationId,
        address by
    );
    event PauseChanged(uint64 sequence, bytes32 indexed correlationId, bool paused);

    /// @notice REGISTRAR. Parties must be active, due dates in the future, fingerprints new.
    function registerMany(Registration[] calldata items, bytes32 correlationId) external;

    /// @notice Anyone may relay. Creates the root lot (tier 1, full face) for the supplier.
    function acceptMany(Acceptance[] calldata items, bytes32 correlationId) external;

    /// @notice Debtor of each item. The fingerprint stays used for ever.
    function rejectMany(bytes32[] calldata fingerprints, bytes32 correlationId) external;

    /// @notice Anyone, once the due date passed without acceptance.
    function expireMany(bytes32[] calldata fingerprints, bytes32 correlationId) external;

    /// @notice Debtor, while Accepted, Due or Overdue.
    function dispute(bytes32 fingerprint, bytes32 reasonHash, bytes32 correlationId) external;

    /// @notice The debtor withdraws, or the REGISTRAR decides.
    function resolveDispute(bytes32 fingerprint, bytes32 correlationId) external;

    /// @notice GUARDIAN. Stops registering, accepting, splitting, endorsing, locking, disbursing.
    function pause(bytes32 correlationId) external;

    /// @notice ADMIN.
    function unpause(bytes32 correlationId) external;

    /// @notice Settlement contract only. Moves the state along an allowed arrow.
    function advance(bytes32 fingerprint, State to) external;

    /// @notice Reverts unless new risk may be taken on this claim now. Returns its debtor.
    function requireMovable(bytes32 fingerprint) external view returns (address debtor);

    /// @notice All fields; state None when unknown.
    function receivable(bytes32 fingerprint) external view returns (Receivable memory);

    function paused() external view returns (bool);

    /// @notice The one currency of these books and of the deposit token.
    function currency() external view returns (bytes3);
}
