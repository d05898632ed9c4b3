// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ILotLedger} from "./interfaces/ILotLedger.sol";
import {IParticipants} from "./interfaces/IParticipants.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {Kinds} from "./Roles.sol";
import {Sequenced} from "./Sequenced.sol";
import {SignedNonces} from "./SignedNonces.sol";

/// @title Registry, see IRegistry.
contract Registry is IRegistry, AccessManaged, EIP712, Sequenced, SignedNonces {
    bytes32 private constant ACCEPTANCE_TYPEHASH =
        keccak256(
            "Acceptance(bytes32 fingerprint,address debtor,address supplier,uint256 amount,"
            "bytes3 currency,uint64 dueAt,uint256 nonce,uint64 deadline)"
        );

    /// @dev Two storage slots. Times fit 40 bits until the year 36812.
    struct Record {
        address debtor;
        uint40 dueAt;
        State state;
        bool disputed;
        address supplier;
        uint96 face;
    }

    IParticipants public immutable participants;
    bytes3 public immutable currency;
    bool public paused;
    ILotLedger public lots;
    address public settlement;
    mapping(bytes32 fingerprint => Record) private _records;

    constructor(
        address authority_,
        IParticipants participants_,
        bytes3 currency_
    ) AccessManaged(authority_) EIP712("Shapan Registry", "1") {
        participants = participants_;
        currency = currency_;
    }

    modifier whenNotPaused() {
        if (paused) revert Paused();
        _;
    }

    /// @notice ADMIN, once.
    function connect(ILotLedger lots_, address settlement_) external restricted {
        if (settlement != address(0)) revert AlreadyConnected();
        if (address(lots_) == address(0) || settlement_ == address(0)) revert ZeroPeer();
        lots = lots_;
        settlement = settlement_;
    }

    /// @inheritdoc IRegistry
    function registerMany(
        Registration[] calldata items,
        bytes32 correlationId
    ) external restricted whenNotPaused {
        for (uint256 i; i < items.length; ++i) _register(items[i], correlationId);
    }

    /// @inheritdoc IRegistry
    function acceptMany(
        Acceptance[] calldata items,
        bytes32 correlationId
    ) external whenNotPaused {
        for (uint256 i; i < items.length; ++i) _accept(items[i], correlationId);
    }

    /// @inheritdoc IRegistry
    function rejectMany(bytes32[] calldata fingerprints, bytes32 correlationId) external {
        for (uint256 i; i < fingerprints.length; ++i) {
            Record storage record = _inState(fingerprints[i], State.Registered);
            if (msg.sender != record.debtor) revert NotDebtor(fingerprints[i], msg.sender);
            record.state = State.Rejected;
            emit Rejected(fingerprints[i], _next(), correlationId);
        }
    }

    /// @inheritdoc IRegistry
    function expireMany(bytes32[] calldata fingerprints, bytes32 correlationId) external {
        for (uint256 i; i < fingerprints.length; ++i) {
            Record storage record = _inState(fingerprints[i], State.Registered);
            if (block.timestamp < record.dueAt) revert NotExpired(fingerprints[i], record.dueAt);
            record.state = State.Expired;
            emit Expired(fingerprints[i], _next(), correlationId);
        }
    }

    /// @inheritdoc IRegistry
    function dispute(bytes32 fingerprint, bytes32 reasonHash, bytes32 correlationId) external {
        Record storage record = _records[fingerprint];
        State state = record.state;
        if (state != State.Accepted && state != State.Due && state != State.Overdue) {
            revert WrongState(fingerprint, state);
        }
        if (msg.sender != record.debtor) revert NotDebtor(fingerprint, msg.sender);
        if (record.disputed) revert AlreadyDisputed(fingerprint);
        record.disputed = true;
        emit Disputed(fingerprint, _next(), correlationId, reasonHash);
    }

    /// @inheritdoc IRegistry
    function resolveDispute(bytes32 fingerprint, bytes32 correlationId) external {
        Record storage record = _records[fingerprint];
        if (!record.disputed) revert NotDisputed(fingerprint);
        if (msg.sender != record.debtor) _checkCanCall(msg.sender, msg.data);
        record.disputed = false;
        emit DisputeResolved(fingerprint, _next(), correlationId, msg.sender);
    }

    /// @inheritdoc IRegistry
    function pause(bytes32 correlationId) external restricted {
        paused = true;
        emit PauseChanged(_next(), correlationId, true);
    }

    /// @inheritdoc IRegistry
    function unpause(bytes32 correlationId) external restricted {
        paused = false;
        emit PauseChanged(_next(), correlationId, false);
    }

    /// @inheritdoc IRegistry
    function advance(bytes32 fingerprint, State to) external {
        if (msg.sender != settlement) revert NotPeer(msg.sender);
        Record storage record = _records[fingerprint];
        State from = record.state;
        if (!_leads(from, to)) revert WrongState(fingerprint, from);
        record.state = to;
    }

    /// @inheritdoc IRegistry
    function requireMovable(
        bytes32 fingerprint
    ) external view whenNotPaused returns (address debtor) {
        Record storage record = _records[fingerprint];
        if (
            record.state != State.Accepted || record.disputed || block.timestamp >= record.dueAt
        ) revert NotMovable(fingerprint, record.state, record.disputed, record.dueAt);
        return record.debtor;
    }

    /// @inheritdoc IRegistry
    function receivable(bytes32 fingerprint) external view returns (Receivable memory) {
        Record storage record = _records[fingerprint];
        return
            Receivable({
                debtor: record.debtor,
                dueAt: record.dueAt,
                state: record.state,
                disputed: record.disputed,
                currency: currency,
                supplier: record.supplier,
                face: record.face
            });
    }

    function _register(Registration calldata item, bytes32 correlationId) private {
        bytes32 fingerprint = item.fingerprint;
        Record storage record = _records[fingerprint];
        if (record.state != State.None) revert AlreadyRegistered(fingerprint);
        if (
            item.face == 0 ||
            item.face > type(uint96).max ||
            item.dueAt <= block.timestamp ||
            item.dueAt > type(uint40).max ||
            fingerprint == 0
        ) revert InvalidRegistration(fingerprint, item.face, item.dueAt);
        if (item.currency != currency) revert WrongCurrency(fingerprint, item.currency);
        if (item.debtor == item.supplier) revert SelfDebt(fingerprint, item.debtor);
        participants.requireActive(item.debtor, Kinds.DEBTOR, item.supplier, Kinds.SUPPLIER);
        record.debtor = item.debtor;
        record.dueAt = uint40(item.dueAt);
        record.state = State.Registered;
        record.supplier = item.supplier;
        record.face = uint96(item.face);
        emit Registered(
            fingerprint,
            _next(),
            correlationId,
            item.debtor,
            item.supplier,
            item.face,
            item.currency,
            item.dueAt,
            item.documentHash
        );
    }

    function _accept(Acceptance calldata item, bytes32 correlationId) private {
        bytes32 fingerprint = item.fingerprint;
        Record storage record = _inState(fingerprint, State.Registered);
        (address debtor, address supplier, uint96 face) = (
            record.debtor,
            record.supplier,
            record.face
        );
        _checkAcceptance(item, record);
        _useNonce(debtor, item.nonce);
        participants.requireActive(debtor, Kinds.DEBTOR, supplier, Kinds.SUPPLIER);
        record.state = State.Accepted;
        uint256 lot = lots.mintRoot(fingerprint, supplier, face);
        emit Accepted(fingerprint, lot, _next(), correlationId, debtor, supplier, face);
    }

    function _checkAcceptance(Acceptance calldata item, Record storage record) private view {
        if (block.timestamp > item.deadline || block.timestamp >= record.dueAt) {
            revert AcceptanceExpired(item.fingerprint, item.deadline, record.dueAt);
        }
        bytes32 digest = _hashTypedDataV4(
            keccak256(
                abi.encode(
                    ACCEPTANCE_TYPEHASH,
                    item.fingerprint,
                    record.debtor,
                    record.supplier,
                    uint256(record.face),
                    currency,
                    uint64(record.dueAt),
                    item.nonce,
                    item.deadline
                )
            )
        );
        if (!SignatureChecker.isValidSignatureNow(record.debtor, digest, item.signature)) {
            revert InvalidAcceptance(item.fingerprint, record.debtor);
        }
    }

    function _inState(
        bytes32 fingerprint,
        State state
    ) private view returns (Record storage record) {
        record = _records[fingerprint];
        if (record.state != state) revert WrongState(fingerprint, record.state);
    }

    /// @dev The arrows after acceptance. Settled is reachable from every unpaid state but
    /// WrittenOff, whose recoveries leave it written off.
    function _leads(State from, State to) private pure returns (bool) {
        if (to == State.Due) return from == State.Accepted;
        if (to == State.Overdue) return from == State.Accepted || from == State.Due;
        if (to == State.Defaulted) return from == State.Overdue;
        if (to == State.WrittenOff) return from == State.Defaulted;
        return
            to == State.Settled &&
            (from == State.Accepted ||
                from == State.Due ||
                from == State.Overdue ||
                from == State.Defaulted);
    }
}
