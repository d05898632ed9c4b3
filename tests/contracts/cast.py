"""The constants of the contract tests: who there is, when, and how much."""

from eth_hash.auto import keccak

from system.ports.evm import Address

DAY_S = 86_400
GENESIS_S = 1_767_225_600
KYC_UNTIL_S = GENESIS_S + 3_650 * DAY_S
TERM_S = 90 * DAY_S
ADMIN_DELAY_S = 2 * DAY_S
OVERDUE_AFTER_S = DAY_S
DEFAULT_AFTER_S = 90 * DAY_S

DEBTOR, SUPPLIER, BANK, GROUP_LINE = 1, 2, 4, 8
DEBTORS, SUPPLIERS, BANKS = (
    ("core", "retail"),
    ("alpha", "beta", "gamma", "delta"),
    ("north", "south"),
)
NOBODY = "0x" + "00" * 20
ZERO = b"\0" * 32
GROUP = b"group".ljust(32, b"\0")
CORRELATION = b"correlation".ljust(32, b"\0")
REASON = keccak(b"reason")
FACE_FEN = 1_000_000
DEPOSIT_FEN = 10**12

# State of a receivable, and of a lot, as numbered by the contracts.
REGISTERED, ACCEPTED, REJECTED, EXPIRED, DUE, OVERDUE, DEFAULTED, SETTLED, WRITTEN_OFF = range(
    1, 10
)
FREE, LOCKED, FINANCED, REDEEMED, RECOURSED, SPENT = range(1, 7)
LOTS_MAX = 64
LOCK_S_MAX = 30 * DAY_S


def fingerprint(name: str) -> bytes:
    """The 32 bytes that stand for a document in a test."""
    return bytes(keccak(name.encode()))


def party_key(account: Address) -> bytes:
    """An account as the desk's limit lines know it."""
    return bytes.fromhex(account[2:]).rjust(32, b"\0")
