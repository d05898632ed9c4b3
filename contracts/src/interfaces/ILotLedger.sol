// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

/// @title Lots: shares of accepted receivables, with lineage (ERC-3525 semantics).
/// @notice Slot = uint256(fingerprint), lot = id + outstanding value in fen. Lots split and are
/// endorsed downwards, never merge, and nobody can be approved over another's lot. Only the peers
/// fixed at deployment (Registry, FinancingDesk, Settlement) create, finance or extinguish value;
/// no key can.
interface ILotLedger {
    enum LotState {
        None, // 0
        Free, // 1
        Locked, // 2
        Financed, // 3
        Redeemed, // 4  paid or credited to zero
        Recoursed, // 5  back with the seller, who paid the bank; never financed again
        Spent // 6  all value went to endorsed children
    }

    /// @dev value: outstanding. parent: 0 for a root. endorser: who handed the lineage on to this
    /// tier, 0 in tier 1. seller: who sold the lot to the bank, also after recourse. holdback: the
    /// seller's part of the value, paid after the bank's. recourse: the bank may put the lot back.
    struct Lot {
        bytes32 fingerprint;
        address owner;
        uint128 value;
        uint256 parent;
        uint8 tier;
        LotState state;
        address endorser;
        address seller;
        uint128 holdback;
        bool recourse;
    }

    /// @dev What one payment gave to one lot: holder first, then the holdback to the seller.
    /// closed: the lot's value is now zero. toHolder + toSeller = the fall of the lot's value.
    struct Payout {
        uint256 lot;
        address holder;
        uint128 toHolder;
        address seller;
        uint128 toSeller;
        bool financed;
        bool closed;
    }

    error UnknownLot(uint256 lot);
    error NotHolder(uint256 lot, address caller, address holder);
    error WrongLotState(uint256 lot, LotState state);
    error InvalidSplit(uint256 lot, uint128 value, uint256 asked);
    error InvalidEndorsee(uint256 lot, address to);
    error TierTooDeep(uint256 lot, uint8 tier);
    error TooManyLots(bytes32 fingerprint, uint256 count);
    error CutTooLarge(uint256 lot, uint128 amount, uint128 available);
    error ValueMismatch(uint256 lot, uint256 quoted, uint128 value);
    error LotOfOther(uint256 lot, bytes32 fingerprint);
    error Overpayment(bytes32 fingerprint, uint128 amount, uint128 outstanding);
    error ApprovalsDisabled();
    error NotPeer(address caller);
    error AlreadyConnected();
    error ZeroPeer();

    /// @dev ERC-3525. From 0: created; to 0: extinguished.
    event TransferValue(uint256 indexed fromTokenId, uint256 indexed toTokenId, uint256 value);
    event SlotChanged(uint256 indexed tokenId, uint256 indexed oldSlot, uint256 indexed newSlot);

    /// @dev The parent keeps what is not in `values`; children have its owner, tier, endorser.
    event Split(
        bytes32 indexed fingerprint,
        uint256 indexed lot,
        uint64 sequence,
        bytes32 indexed correlationId,
        address owner,
        uint8 tier,
        uint256[] children,
        uint128[] values
    );
    event Endorsed(
        bytes32 indexed fingerprint,
        uint256 indexed lot,
        uint64 sequence,
        bytes32 indexed correlationId,
        uint256 child,
        address from,
        address to,
        uint128 value,
        uint8 tier
    );

    /// @notice Holder of a Free lot. Creates one child per value; their sum is below the lot's
    /// value, so the parent lives on with the rest. Returns consecutive ids.
    function split(
        uint256 id,
        uint128[] calldata values,
        bytes32 correlationId
    ) external returns (uint256[] memory children);

    /// @notice Holder of a Free lot. Hands `value` (up to all) to the next tier's supplier.
    function endorse(
        uint256 id,
        address to,
        uint128 value,
        bytes32 correlationId
    ) external returns (uint256 child);

    function lot(uint256 id) external view returns (Lot memory);

    /// @notice Every lot of the receivable, ascending, spent and redeemed ones too.
    function lotsOf(bytes32 fingerprint) external view returns (uint256[] memory);

    /// @notice outstanding + redeemed + credited = accepted face, always.
    function accountOf(
        bytes32 fingerprint
    ) external view returns (uint128 outstanding, uint128 redeemed, uint128 credited, uint16 lots);

    function lotCount() external view returns (uint256);

    // ERC-3525 reading
    function balanceOf(uint256 id) external view returns (uint256);
    function slotOf(uint256 id) external view returns (uint256);
    function ownerOf(uint256 id) external view returns (address);
    function valueDecimals() external view returns (uint8);

    // ERC-3525 / ERC-721 approvals: always revert ApprovalsDisabled
    function approve(uint256 id, address operator, uint256 value) external;
    function approve(address operator, uint256 id) external;
    function setApprovalForAll(address operator, bool approved) external;

    // Peers only

    /// @notice Registry. The whole claim as one lot of tier 1.
    function mintRoot(bytes32 fingerprint, address owner, uint128 value) external returns (uint256);

    /// @notice FinancingDesk. Free -> Locked, by its holder.
    function lock(uint256 id, address holder) external returns (bytes32 fingerprint);

    /// @notice FinancingDesk. Locked -> Free.
    function unlock(uint256 id) external returns (bytes32 fingerprint);

    /// @notice FinancingDesk. Free or Locked -> Financed; the bank becomes the owner. `quoted` must
    /// equal the lot's value now.
    function finance(
        uint256 id,
        address holder,
        address bank,
        uint256 quoted,
        uint128 holdback,
        bool withRecourse
    ) external returns (bytes32 fingerprint);

    /// @notice Settlement. Spreads a payment over the lots.
    function redeem(
        bytes32 fingerprint,
        uint128 amount
    ) external returns (Payout[] memory payouts, uint128 outstanding);

    /// @notice Settlement. Takes `amount` off what `by` would receive from the lot.
    function cut(
        bytes32 fingerprint,
        uint256 id,
        address by,
        uint128 amount
    ) external returns (bool financed, address owner, address seller);

    /// @notice Settlement. Financed -> Recoursed; the seller becomes the owner.
    function putBack(uint256 id) external;
}
