"""When debtors pay and which invoices they contest. Parameters come from real invoices (fit).

Each debtor has its own share of late invoices (beta distributed around the mean, with an
intra-debtor correlation); a disputed invoice is late more often by a ratio; lateness in days is
gamma distributed, at least one day. Luck is keyed by invoice: equal in both arms.
"""

from functools import lru_cache

from scipy.special import betainc

from sim.receivables.parameters import Parameters
from sim.streams import Luck
from system.limits import PPM


def debtor_late_ppm(luck: Luck, p: Parameters, debtor: str) -> int:
    """The debtor's own share of undisputed invoices that it pays late."""
    dispersion = p.debtor_late_dispersion_ratio
    mean = undisputed_late_share(
        p.debtor_late_share, dispersion, p.dispute_share, p.late_given_dispute_ratio
    )
    if dispersion == 0 or mean in (0, 1):
        return round(mean * PPM)
    strength = (1 - dispersion) / dispersion
    share = luck.generator("late_share", debtor).beta(mean * strength, (1 - mean) * strength)
    return round(float(share) * PPM)


@lru_cache(maxsize=64)
def undisputed_late_share(late: float, dispersion: float, disputed: float, ratio: float) -> float:
    """Mean share of late undisputed invoices at which the share over all invoices is ``late``.

    Solved by halving, because a debtor that is often late anyway cannot be late more often than
    always: ratio x share is capped at 1 for each debtor, and dividing by the mean ratio misses.
    """
    low, high = 0.0, 1.0
    for _ in range(40):
        mean = (low + high) / 2
        overall = (1 - disputed) * mean + disputed * _capped(mean, dispersion, ratio)
        low, high = (mean, high) if overall < late else (low, mean)
    return (low + high) / 2


def _capped(mean: float, dispersion: float, ratio: float) -> float:
    """Expectation of min(1, ratio x share) for beta distributed shares."""
    if dispersion == 0 or ratio <= 1:
        return min(1.0, ratio * mean)
    strength = (1 - dispersion) / dispersion
    a, b = mean * strength, (1 - mean) * strength
    below_cap = ratio * mean * float(betainc(a + 1, b, 1 / ratio))
    return below_cap + 1 - float(betainc(a, b, 1 / ratio))


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
