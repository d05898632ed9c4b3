"""Every bound in one place, with why. Relations between bounds are asserted at import."""

DAY_S = 86_400
YEAR_DAYS = 365
PPM = 1_000_000
BPS = 10_000

# One receivable or transfer. 1e14 fen is one trillion yuan: above any single claim, and
# AMOUNT_FEN_MAX * PPM still fits a signed 64-bit integer after division by 100 (see below).
AMOUNT_FEN_MAX = 10**12
# Sum of all that one account may hold. Kept far below 2**63 so that sums of batches fit.
BALANCE_FEN_MAX = 10**17
# Yearly rates above this are refused as input errors, not computed.
RATE_PPM_MAX = PPM

# Voucher (电子债权凭证) terms: in principle at most six months, never above one year.
# Source: 银发〔2025〕77号, in force 2025-06-15.
TERM_DAYS_USUAL_MAX = 184
TERM_DAYS_MAX = 366

# Tiers of endorsement below the core enterprise. Assumed practical depth.
TIER_MAX = 8
# Items in one chain transaction: keeps a batch below a 30M gas block with a wide margin.
CHAIN_BATCH_ITEMS_MAX = 40
# An intake document; larger ones are refused before parsing.
DOCUMENT_BYTES_MAX = 1_048_576
# Any text of a command: names, numbers, reasons. Far above what people write.
TEXT_CHARS_MAX = 1_000
# The end of the year 9999, the last that calendars print; fits every column and the contracts.
TIME_S_MAX = 253_402_300_799
# Items in one service command.
BATCH_ITEMS_MAX = 100_000

assert AMOUNT_FEN_MAX * PPM < 2**63, "amount x rate must fit int64"
assert AMOUNT_FEN_MAX * BATCH_ITEMS_MAX <= BALANCE_FEN_MAX, "a batch's sum must fit a balance"
assert BALANCE_FEN_MAX < 2**62, "two balances must add within int64"
assert TERM_DAYS_USUAL_MAX < TERM_DAYS_MAX
