"""Scoring with a split model: partial scores stay shared, the bank reads rounded sums.

The bank knows its own partial score, so a sum tells it the platform's: this is why it reads whole
points, and why no side may bring fewer than PRIVACY_COLUMNS_MIN columns (docs/PRIVACY.md).
"""

from math import log
from typing import Any

import numpy as np

from system.errors import InputError
from system.limits import PPM
from system.privacy.apart import apart
from system.privacy.encoding import Encoding
from system.privacy.greeting import greet
from system.privacy.intersection import intersect
from system.privacy.link import Link
from system.privacy.records import F64, I64, Endpoint, HalfModel, OwnData, Role, Scores
from system.privacy.shares import Shared

POINTS_PER_DOUBLING = 20
_POINTS_PER_LOGIT = POINTS_PER_DOUBLING / log(2)


def score_together(endpoint: Endpoint, model: HalfModel, own: OwnData) -> Scores | None:
    """Score the common rows; the other party calls this with its half at the same time.

    own.names: the model's, in its order. The bank gets the scores, the platform None.
    Raises InputError when halves or columns do not fit, PeerUnavailable for a lost peer.
    Runs in a child process (see ``apart``).
    """
    if (endpoint.role, own.names) != (model.role, model.names):
        raise InputError("columns", own.names, f"this half is the {model.role}'s: {model.names}")
    return apart(endpoint, score_over, (model, own))


def score_over(link: Link, given: tuple[HalfModel, OwnData]) -> Scores | None:
    """``score_together`` over an open link."""
    model, own = given
    greet(link, "score", model.pair_id)
    rows = intersect(link, own.ids)
    points = _points(link, partial_score(model, own.values[rows]))
    return None if points is None else Scores(rows, points, pd_ppm_half_even(points))


def partial_score(model: HalfModel, values: F64) -> F64:
    """This side's part of the log-odds of default, float64 (n,)."""
    encoding = Encoding(model.names, model.knots, model.missing, model.means)
    partial: F64 = encoding.centred(values) @ np.asarray(model.weights) + model.offset
    return partial


def pd_ppm_half_even(points: I64) -> I64:
    """The probability of default that the points stand for, int64 (n,)."""
    pd = 1.0 / (1.0 + np.exp(-points / _POINTS_PER_LOGIT))
    return np.rint(pd * PPM).astype(np.int64)


def _points(link: Link, partial: F64) -> I64 | None:
    shape = partial.shape
    shared = Shared(link)
    for role in Role:
        shared.put(role.value, role, shape, partial if link.role is role else None)
    shared.run(_sum_of_points, {role.value: shape for role in Role}, ("points",))
    opened = shared.open_to("points", Role.BANK)
    return None if opened is None else np.rint(opened).astype(np.int64)


def _sum_of_points(bank: Any, platform: Any) -> Any:
    from jax import numpy as jnp

    return jnp.floor((bank + platform) * _POINTS_PER_LOGIT + 0.5)
