"""The whole way of money through the gateway, beside a FastAPI app that only answers.

One worker each, over real sockets, 64 clients in another process. A draw is: token, rights,
idempotency, limits and consent, the line, journal and double entry, an audit link, and one
durable commit (SQLite, synchronous FULL) for those who wait together.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from benchmarks.gateway_rigs import Asked, Rig, bank, bare, drive
from benchmarks.workload import Answer, Contender, Work, Workload

AMOUNT_FEN = 50_000
# A prototype did 2,000 where the bare app did 9,400; 1,500 are asked for.
RATIO_MIN = 1_500 / 9_400
_BODY = b'{"amount_fen":50000}'


@contextmanager
def _bare(count: int) -> Iterator[Work]:
    with bare() as port:
        headers = {"Content-Type": "application/json"}
        asked: list[Asked] = [
            ("POST", f"/credit/merchants/{n}/draws", headers, _BODY) for n in range(count)
        ]

        def work() -> Answer:
            statuses = drive(port, asked)
            return Answer(count, lambda: sorted(set(statuses)))

        yield work


@contextmanager
def _money(count: int, lined: int) -> Iterator[Work]:
    """Draws and repayments in turn, so that no line runs full."""
    with bank(2 * lined, lined) as rig:
        rounds = 0

        def work() -> Answer:
            nonlocal rounds
            rounds += 1
            statuses = drive(rig.server.port, _moves(rig, count, rounds))
            return Answer(count, lambda: sorted(set(statuses)))

        yield work


def _moves(rig: Rig, count: int, round_number: int) -> list[Asked]:
    lined = rig.bank.lined
    moves: list[Asked] = []
    for n in range(count):
        account, turn = lined[n % len(lined)], n // len(lined)
        headers = {
            "Authorization": f"Bearer {rig.tokens[account % len(rig.tokens)]}",
            "Idempotency-Key": f"{round_number}-{n}",
            "Content-Type": "application/json",
        }
        way = "repayments" if turn % 2 else "draws"
        moves.append(("POST", f"/credit/merchants/{account}/{way}", headers, _BODY))
    return moves


def _contenders(count: int, lined: int, rounds: int) -> Iterable[Contender]:
    yield Contender("bare FastAPI", partial(_bare, count), rounds, tale="answered")
    yield Contender(
        "gateway: draw and repay, SQLite FULL",
        partial(_money, count, lined),
        rounds,
        reopen=False,
        peer="bare FastAPI",
        ratio_min=RATIO_MIN,
        tale="answered",
    )


GATEWAY = Workload(
    "gateway",
    "requests",
    {
        "small": partial(_contenders, count=256, lined=64, rounds=1),
        "full": partial(_contenders, count=12_000, lined=2_000, rounds=3),
    },
)
