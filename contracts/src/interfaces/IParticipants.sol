// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

/// @title Who may take part, as known by the registrar's KYC.
/// @notice Trust: the registrar enrols, suspends and renews; nobody is ever removed, so that a claim
/// or a payment can always reach its owner. The group of an account never changes (a company that
/// changes groups is enrolled under a new account), because group usage is counted by it.
interface IParticipants {
    /// @dev roles: sum of 1 debtor, 2 supplier, 4 bank. group: 0 = none. kycExpiresAt: UTC seconds.
    struct Participant {
        address account;
        bytes32 group;
        uint8 roles;
        uint64 kycExpiresAt;
    }

    error AlreadyEnrolled(address account);
    error NotEnrolled(address account);
    error InvalidParticipant(address account, uint8 roles, uint64 kycExpiresAt);
    /// @dev role: the one that was asked for; 0 when any role would do.
    error ParticipantInactive(address account, uint8 role);

    event Enrolled(
        address indexed account,
        bytes32 indexed group,
        uint64 sequence,
        bytes32 indexed correlationId,
        uint8 roles,
        uint64 kycExpiresAt
    );
    event Suspended(address indexed account, uint64 sequence, bytes32 indexed correlationId);
    event Reinstated(
        address indexed account,
        uint64 sequence,
        bytes32 indexed correlationId,
        uint64 kycExpiresAt
    );

    /// @notice REGISTRAR. Adds accounts; each may be enrolled once.
    function enrolMany(Participant[] calldata items, bytes32 correlationId) external;

    /// @notice REGISTRAR. Bars an account from new risk; its claims and payments go on.
    function suspend(address account, bytes32 correlationId) external;

    /// @notice REGISTRAR. Lifts a suspension and renews KYC until the given time.
    function reinstate(address account, uint64 kycExpiresAt, bytes32 correlationId) external;

    /// @notice True while enrolled, not suspended, KYC unexpired and holding every bit of `role`
    /// (role 0: any role).
    function isActive(address account, uint8 role) external view returns (bool);

    /// @notice Reverts ParticipantInactive unless both accounts are active in their role.
    function requireActive(address a, uint8 roleA, address b, uint8 roleB) external view;

    function groupOf(address account) external view returns (bytes32);

    function participant(
        address account
    ) external view returns (bytes32 group, uint8 roles, uint64 kycExpiresAt, bool suspended);
}
