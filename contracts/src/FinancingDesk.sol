// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {IDepositToken} from "./interfaces/IDepositToken.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {ILotLedger} from "./interfaces/ILotLedger.sol";
import {IParticipants} from "./interfaces/IParticipants.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {Kinds, Roles} from "./Roles.sol";
import {Sequenced} from "./Sequenced.sol";
import {SignedNonces} from "./SignedNonces.sol";

/// @title Financing desk, see IFinancingDesk.
contract FinancingDesk is
    IFinancingDesk,
    AccessManaged,
    EIP712,
    ReentrancyGuard,
    Sequenced,
    SignedNonces
{
    using SafeERC20 for IDepositToken;

    /// @dev A bank's working time on a request; longer would let a holder be stuck with a silent bank.
    uint64 public constant LOCK_S_MAX = 30 days;

    bytes32 private constant QUOTE_TYPEHASH =
        keccak256(
            "Quote(uint256 lot,address bank,address supplier,uint128 advance,uint128 discount,"
            "uint128 holdback,bool recourse,uint256 nonce,uint64 expiresAt)"
        );
    bytes32 private constant VERDICT_TYPEHASH =
        keccak256("Verdict(uint256 lot,bytes32 fingerprint,bool clear,uint64 expiresAt)");

    struct Line {
        uint128 limit;
        uint128 used;
    }

    struct Lock {
        address bank;
        uint64 until;
    }

    IParticipants public immutable participants;
    IRegistry public immutable registry;
    ILotLedger public immutable lots;
    IDepositToken public immutable token;
    address public settlement;
    mapping(uint8 kind => mapping(bytes32 party => Line)) private _lines;
    mapping(uint256 lot => Lock) private _locks;

    constructor(
        address authority_,
        IParticipants participants_,
        IRegistry registry_,
        ILotLedger lots_,
        IDepositToken token_
    ) AccessManaged(authority_) EIP712("Shapan FinancingDesk", "1") {
        participants = participants_;
        registry = registry_;
        lots = lots_;
        token = token_;
    }

    /// @notice ADMIN, once.
    function connect(address settlement_) external restricted {
        if (settlement != address(0)) revert AlreadyConnected();
        if (settlement_ == address(0)) revert ZeroPeer();
        settlement = settlement_;
    }

    /// @inheritdoc IFinancingDesk
    function lock(uint256 lot, address bank, uint64 until, bytes32 correlationId) external {
        if (until <= block.timestamp || until > block.timestamp + LOCK_S_MAX) {
            revert InvalidLock(lot, until);
        }
        participants.requireActive(msg.sender, Kinds.SUPPLIER, bank, Kinds.BANK);
        _locks[lot] = Lock(bank, until);
        bytes32 fingerprint = lots.lock(lot, msg.sender);
        registry.requireMovable(fingerprint);
        emit Locked(fingerprint, lot, _next(), correlationId, msg.sender, bank, until);
    }

    /// @inheritdoc IFinancingDesk
    function unlock(uint256 lot, bytes32 correlationId) external {
        Lock memory held = _locks[lot];
        if (msg.sender != held.bank && block.timestamp <= held.until) {
            revert NotUnlockable(lot, msg.sender, held.until);
        }
        delete _locks[lot];
        bytes32 fingerprint = lots.unlock(lot);
        emit Unlocked(fingerprint, lot, _next(), correlationId, msg.sender);
    }

    /// @inheritdoc IFinancingDesk
    function disburse(
        Quote calldata quote,
        bytes calldata bankSignature,
        Verdict calldata verdict,
        bytes calldata riskSignature,
        bytes32 correlationId
    ) external nonReentrant {
        _disburse(quote, bankSignature, verdict, riskSignature, correlationId);
    }

    /// @inheritdoc IFinancingDesk
    function disburseMany(
        Disbursement[] calldata items,
        bytes32 correlationId
    ) external nonReentrant {
        for (uint256 i; i < items.length; ++i) {
            Disbursement calldata item = items[i];
            _disburse(
                item.quote,
                item.bankSignature,
                item.verdict,
                item.riskSignature,
                correlationId
            );
        }
    }

    /// @inheritdoc IFinancingDesk
    function setLimitMany(Limit[] calldata items, bytes32 correlationId) external restricted {
        for (uint256 i; i < items.length; ++i) {
            (uint8 kind, bytes32 party) = (items[i].kind, items[i].party);
            if (
                kind != Kinds.DEBTOR &&
                kind != Kinds.SUPPLIER &&
                kind != Kinds.BANK &&
                kind != Kinds.GROUP
            ) revert InvalidLimitKind(kind);
            Line storage line = _lines[kind][party];
            emit LimitChanged(kind, party, _next(), correlationId, line.limit, items[i].amount);
            line.limit = items[i].amount;
        }
    }

    /// @inheritdoc IFinancingDesk
    function release(address debtor, Release[] calldata items) external {
        if (msg.sender != settlement) revert NotPeer(msg.sender);
        uint128 total;
        for (uint256 i; i < items.length; ++i) {
            uint128 amount = items[i].amount;
            total += amount;
            _lines[Kinds.SUPPLIER][_party(items[i].supplier)].used -= amount;
            _lines[Kinds.BANK][_party(items[i].bank)].used -= amount;
        }
        _lines[Kinds.DEBTOR][_party(debtor)].used -= total;
        bytes32 group = participants.groupOf(debtor);
        if (group != 0) _lines[Kinds.GROUP][group].used -= total;
    }

    /// @inheritdoc IFinancingDesk
    function lineOf(uint8 kind, bytes32 party) external view returns (uint128 limit, uint128 used) {
        Line storage line = _lines[kind][party];
        return (line.limit, line.used);
    }

    /// @inheritdoc IFinancingDesk
    function lockOf(uint256 lot) external view returns (address bank, uint64 until) {
        Lock storage held = _locks[lot];
        return (held.bank, held.until);
    }

    /// @dev Everything is checked and written before cash moves; any refusal undoes the whole.
    function _disburse(
        Quote calldata quote,
        bytes calldata bankSignature,
        Verdict calldata verdict,
        bytes calldata riskSignature,
        bytes32 correlationId
    ) private {
        _checkQuote(quote, bankSignature);
        _checkVerdict(quote.lot, verdict, riskSignature);
        _clearLock(quote.lot, quote.bank);
        _useNonce(quote.bank, quote.nonce);
        uint256 value = uint256(quote.advance) + quote.discount + quote.holdback;
        bytes32 fingerprint = lots.finance(
            quote.lot,
            quote.supplier,
            quote.bank,
            value,
            quote.holdback,
            quote.recourse
        );
        if (fingerprint != verdict.fingerprint) revert VerdictNotClear(quote.lot, fingerprint);
        _take(registry.requireMovable(fingerprint), quote.supplier, quote.bank, uint128(value));
        _logDisbursed(fingerprint, quote, correlationId);
        token.safeTransferFrom(quote.bank, quote.supplier, quote.advance);
    }

    function _logDisbursed(
        bytes32 fingerprint,
        Quote calldata quote,
        bytes32 correlationId
    ) private {
        emit Disbursed(
            fingerprint,
            quote.lot,
            _next(),
            correlationId,
            quote.bank,
            quote.supplier,
            quote.advance,
            quote.discount,
            quote.holdback,
            quote.recourse
        );
    }

    function _checkQuote(Quote calldata quote, bytes calldata signature) private view {
        if (block.timestamp > quote.expiresAt) revert QuoteExpired(quote.lot, quote.expiresAt);
        if (msg.sender != quote.supplier) {
            revert QuoteNotForHolder(quote.lot, quote.supplier, msg.sender);
        }
        if (quote.advance == 0) revert NoAdvance(quote.lot);
        // Quote has only static members, so this is its EIP-712 encoding.
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(QUOTE_TYPEHASH, quote)));
        if (!SignatureChecker.isValidSignatureNow(quote.bank, digest, signature)) {
            revert InvalidQuoteSignature(quote.lot, quote.bank);
        }
    }

    function _checkVerdict(
        uint256 lot,
        Verdict calldata verdict,
        bytes calldata signature
    ) private view {
        if (block.timestamp > verdict.expiresAt) revert VerdictExpired(lot, verdict.expiresAt);
        if (!verdict.clear || verdict.lot != lot) revert VerdictNotClear(lot, verdict.fingerprint);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(VERDICT_TYPEHASH, verdict)));
        (address signer, , ) = ECDSA.tryRecover(digest, signature);
        (bool isSigner, ) = IAccessManager(authority()).hasRole(Roles.RISK_SIGNER, signer);
        if (signer == address(0) || !isSigner) revert InvalidVerdict(lot, signer);
    }

    function _clearLock(uint256 lot, address bank) private {
        address holder = _locks[lot].bank;
        if (holder == address(0)) return;
        if (holder != bank) revert LockedForOther(lot, holder);
        delete _locks[lot];
    }

    function _take(address debtor, address supplier, address bank, uint128 amount) private {
        participants.requireActive(debtor, Kinds.DEBTOR, supplier, Kinds.SUPPLIER);
        if (!participants.isActive(bank, Kinds.BANK)) {
            revert IParticipants.ParticipantInactive(bank, Kinds.BANK);
        }
        _use(Kinds.DEBTOR, _party(debtor), amount);
        _use(Kinds.SUPPLIER, _party(supplier), amount);
        _use(Kinds.BANK, _party(bank), amount);
        bytes32 group = participants.groupOf(debtor);
        if (group != 0) _use(Kinds.GROUP, group, amount);
    }

    function _use(uint8 kind, bytes32 party, uint128 amount) private {
        Line storage line = _lines[kind][party];
        (uint128 limit, uint128 used) = (line.limit, line.used);
        if (uint256(used) + amount > limit) {
            revert LimitExceeded(kind, party, limit, used, amount);
        }
        line.used = used + amount;
    }

    function _party(address account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
