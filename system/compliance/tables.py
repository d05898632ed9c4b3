"""Every table of compliance, for whoever opens a store."""

from typing import Final

from system.compliance.cases import CASES
from system.compliance.green import TAGS
from system.compliance.monitoring import MOVEMENTS, PLACES, PROGRESS
from system.compliance.records import AUDIT_TABLES
from system.compliance.sandbox import SWITCH, TERMS
from system.compliance.watchlist import LISTED

COMPLIANCE_TABLES: Final = (
    *AUDIT_TABLES,
    CASES,
    LISTED,
    MOVEMENTS,
    PLACES,
    PROGRESS,
    TERMS,
    SWITCH,
    TAGS,
)
