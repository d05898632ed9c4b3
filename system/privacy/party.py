"""One party of joint training or scoring, as a program: `python -m system.privacy.party`.

Both parties start it, each on its own data; it listens on loopback unless told otherwise. Exit
codes: 0 done, 1 the other side or the protocol failed, 2 unusable input.
"""

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from system.errors import InputError, ShapanError
from system.privacy.files import read_half, write_half, write_scores
from system.privacy.records import Endpoint, Role
from system.privacy.scoring import score_together
from system.privacy.table import read_own_data
from system.privacy.training import train_together

_PATIENCE_S = 120


def main(arguments: list[str] | None = None) -> int:
    """Run one party to its end; a summary in JSON on stdout, errors on stderr."""
    options = _parser().parse_args(arguments)
    try:
        summary = train(options) if options.purpose == "train" else score(options)
    except ShapanError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    print(json.dumps(summary))
    return 0


def train(options: Namespace) -> dict[str, object]:
    """Train with the other party and write this side's half to --model."""
    own = read_own_data(options.data, options.id, options.target)
    half = train_together(_endpoint(options), own)
    write_half(options.model, half)
    return {"pair_id": half.pair_id, "columns": len(half.names), "steps": len(half.weights)}


def score(options: Namespace) -> dict[str, object]:
    """Score with the other party; the bank writes what it reads to --out."""
    half = read_half(options.model)
    if (options.out is None) is (half.role is Role.BANK):
        raise InputError(
            "--out", options.out, "the bank names the file for its scores, nobody else"
        )
    own = read_own_data(options.data, options.id, names=half.names)
    scores = score_together(_endpoint(options), half, own)
    if scores is None:
        return {"pair_id": half.pair_id}
    write_scores(options.out, own, scores)
    return {"pair_id": half.pair_id, "scored": len(scores.rows)}


def _endpoint(options: Namespace) -> Endpoint:
    return Endpoint(
        options.role,
        _on_loopback(options.listen),
        _on_loopback(options.peer),
        options.cert,
        options.key,
        options.peer_cert,
        options.patience_s,
    )


def _on_loopback(address: str) -> str:
    return address if ":" in address else f"127.0.0.1:{address}"


def _parser() -> ArgumentParser:
    parser = ArgumentParser("python -m system.privacy.party", description=__doc__)
    purposes = parser.add_subparsers(dest="purpose", required=True)
    for purpose in ("train", "score"):
        own = purposes.add_parser(purpose)
        own.add_argument("--role", type=Role, required=True, help="bank or platform")
        own.add_argument("--listen", required=True, help="[HOST:]PORT; loopback without a host")
        own.add_argument("--peer", required=True, help="[HOST:]PORT of the other party")
        own.add_argument("--cert", type=Path, required=True, help="own certificate, PEM")
        own.add_argument("--key", type=Path, required=True, help="its private key, PEM")
        own.add_argument("--peer-cert", type=Path, required=True, help="the peer's certificate")
        own.add_argument("--data", type=Path, required=True, help="CSV of this side's rows")
        own.add_argument("--id", required=True, help="the id column")
        own.add_argument("--model", type=Path, required=True, help="this side's half of the model")
        own.add_argument("--patience-s", type=int, default=_PATIENCE_S, help="%(default)s")
    purposes.choices["train"].add_argument("--target", help="the bank's 0/1 column; 1 = default")
    purposes.choices["score"].add_argument("--out", type=Path, help="the bank's CSV of scores")
    return parser


if __name__ == "__main__":
    sys.exit(main())
