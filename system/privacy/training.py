"""Vertical logistic regression: the bank's columns and target, the platform's columns.

Both blocks and the target are secret-shared; gradient steps run under the protocol; nothing is
opened on the way. At the end each side reads the weights of its own columns, and only these.
"""

import json
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np

from system.errors import InputError
from system.limits import (
    PRIVACY_COLUMNS_MAX,
    PRIVACY_COLUMNS_MIN,
    PRIVACY_ROWS_MAX,
    PRIVACY_ROWS_MIN,
)
from system.privacy.apart import apart
from system.privacy.encoding import Encoding, fit_encoding, whitener
from system.privacy.greeting import greet
from system.privacy.intersection import intersect
from system.privacy.link import Link
from system.privacy.records import F64, I64, Bools, Endpoint, HalfModel, OwnData, Role
from system.privacy.shares import FRACTION_BITS, Shared

# Each whitened block has a Hessian of at most 1/4, two blocks together at most 1/2: descent that
# keeps 0.35 of its last move converges with any step below 5.4. Eight such steps leave half the
# gap to pooled training that eight plain ones of 2.5 leave, at the same price (docs/PRIVACY.md).
DESCENT_STEPS = 8
STEP_SIZE = 4.0
MOMENTUM = 0.35
# Odd least-squares polynomial of sigmoid - 1/2 on [-6, 6], error below 0.035: comparisons and
# products are what the protocol does cheaply; SPU's own sigmoid takes nine times as long.
LOGIT_MAX = 6.0
SIGMOID = (0.217089726, -0.00782064948, 0.000118196113)

# |gradient sum| <= rows (Cauchy-Schwarz over unit columns), with two fractions before truncation.
assert PRIVACY_ROWS_MAX << (2 * FRACTION_BITS) < 2**63
# The step per row keeps at least three bits as a fixed-point number.
assert STEP_SIZE * 2**FRACTION_BITS / PRIVACY_ROWS_MAX >= 2**3


def train_together(endpoint: Endpoint, own: OwnData) -> HalfModel:
    """Train with the other party; it must call this with its own data at the same time.

    own.target: bool (n,) at the bank, None at the platform. Returns this side's half.
    Raises InputError for unusable rows or columns, PeerUnavailable when the other side is lost,
    silent for ``patience_s`` or not who it should be. Runs in a child process (see ``apart``).
    """
    _check(endpoint.role, own)
    return apart(endpoint, train_over, own)


def train_over(link: Link, own: OwnData) -> HalfModel:
    """``train_together`` over an open link."""
    greet(link, "train")
    rows = intersect(link, own.ids)
    _check_rows(rows)
    target = _target(link.role, own.target, rows)
    encoding = fit_encoding(own.names, own.values[rows])
    centred = encoding.centred(own.values[rows])
    whitening = whitener(centred)
    weights = _descend(link, _with_intercept(link.role, centred @ whitening), target)
    return _half(link, encoding, whitening, weights)


def _descend(link: Link, block: F64, target: F64 | None) -> F64:
    """The weights of this side's block."""
    shapes = _shapes(link, block.shape)
    shared = Shared(link)
    blocks = {link.role: block, link.role.other: None}
    shared.put("bank", Role.BANK, shapes["bank"], blocks[Role.BANK])
    shared.put("target", Role.BANK, shapes["target"], target)
    shared.put("platform", Role.PLATFORM, shapes["platform"], blocks[Role.PLATFORM])
    program = _program(len(block))
    shared.run(program, shapes, ("bank_weights", "platform_weights"))
    opened = {role: shared.open_to(f"{role}_weights", role) for role in Role}
    weights = opened[link.role]
    assert weights is not None
    return weights[:, 0]


def _program(rows: int) -> Callable[..., Any]:
    def descent(bank: Any, target: Any, platform: Any) -> tuple[Any, Any]:
        from jax import numpy as jnp

        bank_weights = bank_move = jnp.zeros((bank.shape[1], 1))
        platform_weights = platform_move = jnp.zeros((platform.shape[1], 1))
        for step in range(DESCENT_STEPS):
            # All weights are zero at first: the predicted probability is one half.
            logit = bank @ bank_weights + platform @ platform_weights if step else 0.0
            error = target - (sigmoid(logit) if step else 0.5)
            bank_move = MOMENTUM * bank_move + STEP_SIZE / rows * (bank.T @ error)
            platform_move = MOMENTUM * platform_move + STEP_SIZE / rows * (platform.T @ error)
            bank_weights += bank_move
            platform_weights += platform_move
        return bank_weights, platform_weights

    return descent


def sigmoid(logit: Any) -> Any:
    """The logistic function by comparisons and products, for secret values."""
    from jax import numpy as jnp

    inside = jnp.clip(logit, -LOGIT_MAX, LOGIT_MAX)
    square = inside * inside
    return 0.5 + inside * (SIGMOID[0] + square * (SIGMOID[1] + square * SIGMOID[2]))


def _half(link: Link, encoding: Encoding, whitening: F64, weights: F64) -> HalfModel:
    intercept = float(weights[0]) if link.role is Role.BANK else 0.0
    by_step = whitening @ weights[len(weights) - len(whitening) :]
    draft = partial(
        HalfModel,
        role=link.role,
        names=encoding.names,
        knots=encoding.knots,
        missing=encoding.missing,
        means=encoding.means,
        weights=tuple(float(weight) for weight in by_step),
        offset=intercept,
    )
    own = sha256(repr(draft(pair_id="")).encode()).digest()
    peer = link.exchange(own)
    halves = (own, peer) if link.role is Role.BANK else (peer, own)
    return draft(pair_id=sha256(b"".join(halves)).hexdigest())


def _with_intercept(role: Role, block: F64) -> F64:
    return np.hstack([np.ones((len(block), 1)), block]) if role is Role.BANK else block


def _shapes(link: Link, own: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    peer = tuple(json.loads(link.exchange(json.dumps(own).encode())))
    bank, platform = (own, peer) if link.role is Role.BANK else (peer, own)
    return {"bank": bank, "target": (own[0], 1), "platform": platform}


def _target(role: Role, target: Bools | None, rows: I64) -> F64 | None:
    if role is Role.PLATFORM:
        return None
    assert target is not None
    column = target[rows].astype(np.float64)[:, None]
    if column.min() == column.max():
        raise InputError("target", bool(column[0, 0]), "give common rows of both outcomes")
    return column


def _check(role: Role, own: OwnData) -> None:
    if (own.target is None) is (role is Role.BANK):
        raise InputError("target", role.value, "the bank gives the target, the platform has none")
    if not PRIVACY_COLUMNS_MIN <= len(own.names) <= PRIVACY_COLUMNS_MAX:
        remedy = f"give {PRIVACY_COLUMNS_MIN}..{PRIVACY_COLUMNS_MAX} columns"
        raise InputError("columns", len(own.names), remedy)


def _check_rows(rows: I64) -> None:
    if not PRIVACY_ROWS_MIN <= len(rows) <= PRIVACY_ROWS_MAX:
        remedy = f"train on {PRIVACY_ROWS_MIN}..{PRIVACY_ROWS_MAX} common rows"
        raise InputError("ids", f"{len(rows)} in common", remedy)
