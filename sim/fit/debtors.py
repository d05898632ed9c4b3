"""How much debtors differ: late invoices out of all, beta-binomial across debtors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, expit, logit

F64 = NDArray[np.float64]
# Shares and correlations are kept off 0 and 1, where the likelihood has no slope.
SHARE_EDGE = 1e-4


@dataclass(frozen=True, slots=True)
class DebtorShares:
    """Each debtor's own late share is Beta distributed.

    mean: of the debtors' shares, each debtor counting once.  dispersion: intra-debtor
    correlation, 0 (all debtors alike) to 1 (each always late or never).
    """

    mean: float
    dispersion: float

    def expected(self, late: F64, invoices: F64) -> F64:
        """The share to expect of debtors that were late so often out of so many so far."""
        strength = (1 - self.dispersion) / self.dispersion
        share: F64 = (self.mean * strength + late) / (strength + invoices)
        return share


def fit_debtor_shares(late: F64, invoices: F64, weight: F64, start: DebtorShares) -> DebtorShares:
    """Maximum likelihood over debtors: late of invoices each, counted ``weight`` times."""

    def loss(point: F64) -> float:
        mean, dispersion = np.clip(expit(point), SHARE_EDGE, 1 - SHARE_EDGE)
        strength = (1 - dispersion) / dispersion
        a, b = mean * strength, (1 - mean) * strength
        log_likelihood = betaln(late + a, invoices - late + b) - betaln(a, b)
        return -float(weight @ log_likelihood)

    first = logit(np.clip([start.mean, start.dispersion], SHARE_EDGE, 1 - SHARE_EDGE))
    found = minimize(
        loss, first, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-4, "maxiter": 200}
    )
    mean, dispersion = np.clip(expit(found.x), SHARE_EDGE, 1 - SHARE_EDGE).tolist()
    return DebtorShares(mean, dispersion)
