"""When debtors pay and which invoices they contest. Parameters come from real invoices (fit).

Each debtor has its own share of late invoices (beta distributed around the mean, with an
intra-debtor correlation); a disputed invoice is late more often by a ratio; lateness in days is
gamma distributed, at least one day. Luck is keyed by invoice: equal in both arms.
"""

from sim.receivables.parameters import Parameters
from sim.streams import Luck
from system.limits import PPM


def debtor_late_ppm(luck: Luck, p: Parameters, debtor: str) -> int:
    """The debtor's own share of undisputed invoices that it pays late."""
    ratio, disputed = p.late_given_dispute_ratio, p.dispute_share
    mean = p.debtor_late_share / (1 - disputed + disputed * ratio)
    if p.debtor_late_dispersion_ratio == 0 or mean == 0:
        return round(mean * PPM)
    strength = (1 - p.debtor_late_dispersion_ratio) / p.debtor_late_dispersion_ratio
    share = luck.generator("late_share", debtor).beta(mean * strength, (1 - mean) * strength)
    return round(float(share) * PPM)


def is_disputed(luck: Luck, p: Parameters, invoice: str) -> bool:
    return luck.chance("dispute", invoice, share=p.dispute_share)


def late_days(luck: Luck, p: Parameters, invoice: str, late_ppm: int, disputed: bool) -> int:
    """Days after the due date on which the debtor means to pay; 0 when on time."""
    ratio = p.late_given_dispute_ratio if disputed else 1.0
    if luck.uniform_ppm("late", invoice) >= late_ppm * ratio:
        return 0
    shape = p.late_days_cv**-2
    days = luck.generator("late_days", invoice).gamma(shape, p.late_days_mean_days / shape)
    return max(1, round(float(days)))
