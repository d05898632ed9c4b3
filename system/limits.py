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
# How deep an XML document may nest. UBL and ISO 20022 go a dozen deep.
XML_DEPTH_MAX = 64
# Any text of a command: names, numbers, reasons. Far above what people write.
TEXT_CHARS_MAX = 1_000
# The end of the year 9999, the last that calendars print; fits every column and the contracts.
TIME_S_MAX = 253_402_300_799
# The civil calendar that schedules may use: from 1970-01-01 to the end of the year 9999.
CIVIL_DAY_MIN = 0
CIVIL_DAY_MAX = 2_932_896
# Rows of one payment schedule: a hundred years of months.
SCHEDULE_ROWS_MAX = 1_200
# Items in one service command.
BATCH_ITEMS_MAX = 100_000

# One revolving line: a hundred million yuan, a thousand times the usual. A year of its interest
# in fen x ppm x days fits a signed 64-bit integer (see below).
LINE_FEN_MAX = 10**10
# One machine's list rent per period: a million yuan, above any construction machine's. A bill is at
# most so many of them (cap, season and over-use together), so that all bills of a lease fit a line.
LEASE_RENT_FEN_MAX = 10**8
LEASE_RENTS_A_BILL_MAX = 7
# Rows of one columnar command, and accounts of one book: a million, with some room.
COLUMN_ROWS_MAX = 2**20
# The business day turns at midnight in China, which keeps one time all year.
LOCAL_OFFSET_S = 8 * 3_600
# Bills and features count 30-day periods, aligned for all merchants.
PERIOD_DAYS = 30
# Unpaid bills that a line can carry: a year past due when it is charged off, and the current one.
BILLS_MAX = 14

# A score's distance from zero. Scorecards print three or four digits; a table by point stays small.
SCORE_POINTS_MAX = 10_000
# Features of one model, and bins of one feature (a bin's number is a byte). Far above what people
# can read: a scorecard has 8 to 20 features of 3 to 10 bins.
MODEL_FEATURES_MAX = 256
FEATURE_BINS_MAX = 64
# A model file. The forest of 500 trees on 30,000 rows takes 50 MB; larger files are refused unread.
MODEL_BYTES_MAX = 256 * 1_048_576

# One merchant's day in the platform's feed. Money: the cap of a line, which no small shop sells in
# a day. Counts: half a million orders, so that a period's sum fits 24 bits beside 39 of money.
FEED_DAY_FEN_MAX = 10**10
FEED_DAY_COUNT_MAX = 500_000
# Ratings run up to five stars, here in thousandths.
FEED_RATING_MILLI_MAX = 5_000
# How often a day may be corrected; 12 bits of its stamp.
FEED_REVISION_MAX = 4_095
# A day is taken in up to this many days later; platforms settle returns and disputes in two weeks.
FEED_LATE_DAYS_MAX = 14
# Raw days that are kept: today and all that may still be corrected.
FEED_DAY_SLOTS = 16
# Period sums that are kept: the running one, twelve before it, and one more, so that work on the
# last day of a period that is done after midnight still sees its twelve.
FEED_PERIOD_SLOTS = 14
# Fewer days of a period than this, and the period counts as missing.
FEED_PERIOD_DAYS_MIN = 15
# Refunds are held against sales of the running period and this many before it (return rights and
# disputes run out by then), once this many days of those are known.
FEED_REFUND_PERIODS = 3
FEED_REFUND_DAYS_MIN = 60

# Joint training by two parties. With few rows or columns, weights and scores say too much about
# single merchants; more rows or columns than this were never tried (docs/PRIVACY.md).
PRIVACY_ROWS_MIN = 200
PRIVACY_ROWS_MAX = 200_000
PRIVACY_COLUMNS_MIN = 3
PRIVACY_COLUMNS_MAX = 100

# One reading as a device sends it: the fullest takes a kilobyte. Larger ones are refused unread.
READING_BYTES_MAX = 8_192
# Brackets in one reading: bounds how deep and how wide it can be, before it is parsed.
READING_BRACKETS_MAX = 64
# A gateway's message: 300 readings of the fullest kind. Kept below what brokers pass on.
MESSAGE_BYTES_MAX = 262_144
# Boot and sequence name a reading together in one int64. 2**42 holds milliseconds until 2109, for
# devices that count nothing and are known by their time alone.
BOOT_MAX = 2**20 - 1
SEQUENCE_MAX = 2**42 - 1
# Telemetry begins here: earlier times are clocks that were never set (2020-01-01).
READING_MS_MIN = 1_577_836_800_000
# A clock may be ahead by this; local time sent as UTC is 8 hours ahead in China.
CLOCK_AHEAD_MS_MAX = 86_400_000
# A clock that is wrong by less is left alone: rules count in hours, and networks take seconds.
CLOCK_TOLERATED_MS = 90_000
# And slow by less than this it cannot be told from a gateway that gathers before it sends.
CLOCK_SLOW_TOLERATED_MS = 600_000
# Fault codes of one reading (SAE J1939-73: SPN of 19 bits, FMI of 5), a maker's own code, and the
# name of a firmware; and how many such words are kept.
FAULTS_MAX = 16
SPN_MAX = 2**19 - 1
FMI_MAX = 31
FAULT_CODE_CHARS_MAX = 32
FIRMWARE_CHARS_MAX = 64
WORDS_MAX = 100_000
# Readings are kept, and taken in late, for this long: a month's rent and its dispute.
HISTORY_MS = 62 * 86_400_000
# Readings that a machine's tail takes before they go into its page: a row of the database that is
# written with each reading, and stays within a page of its own.
HISTORY_TAIL_ROWS = 6
# Readings of one page of history, and pages of one machine: 65,536 readings are 227 days at five
# minutes, or 18 hours at one second.
HISTORY_PAGE_ROWS = 64
HISTORY_PAGES_MAX = 1_024
# Days of which the state before is kept, so that what comes late is judged again from there.
CHECKPOINT_DAYS = 64
# Two hundred thousand hours: five lives of an excavator; and 50 litres in each of them.
ENGINE_S_MAX = 200_000 * 3_600
FUEL_ML_MAX = 10**10
VOLTAGE_MV_MAX = 100_000
HDOP_CENTI_MAX = 9_999
# Different unusable messages that are kept of one source, reason and day; the others are counted.
QUARANTINE_SAMPLES_MAX = 8
QUARANTINE_DAYS = 62

assert AMOUNT_FEN_MAX * PPM < 2**63, "amount x rate must fit int64"
assert AMOUNT_FEN_MAX * BATCH_ITEMS_MAX <= BALANCE_FEN_MAX, "a batch's sum must fit a balance"
assert LINE_FEN_MAX * RATE_PPM_MAX * 366 < 2**63, "a year of a line's interest must fit int64"
assert LEASE_RENT_FEN_MAX * LEASE_RENTS_A_BILL_MAX * BILLS_MAX <= LINE_FEN_MAX
assert LINE_FEN_MAX * COLUMN_ROWS_MAX <= BALANCE_FEN_MAX, "all lines together must fit a balance"
assert BALANCE_FEN_MAX < 2**62, "two balances must add within int64"
assert TERM_DAYS_USUAL_MAX < TERM_DAYS_MAX
assert CIVIL_DAY_MAX == TIME_S_MAX // DAY_S, "the calendar must end with the last second"
assert FEED_DAY_FEN_MAX * PERIOD_DAYS < 2**39, "a period of money must fit its bits of a feed word"
assert FEED_DAY_COUNT_MAX * PERIOD_DAYS < 2**24, "a period's counts must fit theirs"
assert FEED_RATING_MILLI_MAX * FEED_DAY_COUNT_MAX * PERIOD_DAYS < 2**37, "and its ratings"
assert FEED_REVISION_MAX < 2**12, "a revision must fit its bits of a stamp"
assert FEED_LATE_DAYS_MAX < FEED_DAY_SLOTS, "what may be corrected must still be held"
assert FEED_DAY_FEN_MAX * PERIOD_DAYS * 12 * PPM < 2**63, "a year of sales x ppm must fit int64"
assert (BOOT_MAX + 1) * (SEQUENCE_MAX + 1) <= 2**62, "boot and sequence must fit one int64"
assert READING_BYTES_MAX < MESSAGE_BYTES_MAX < DOCUMENT_BYTES_MAX
assert HISTORY_MS < CHECKPOINT_DAYS * DAY_S * 1_000, "what is taken in must have its checkpoint"
assert CLOCK_TOLERATED_MS < CLOCK_SLOW_TOLERATED_MS < CLOCK_AHEAD_MS_MAX < HISTORY_MS
