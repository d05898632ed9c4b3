"""Any life of a ledger, beside a model that knows nothing of how it is built.

The model keeps a plain list of what happened and recomputes every balance from it each time.
"""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from system.adapters.memory_store import MemoryStore
from system.adapters.sql_store import SqlStore
from system.ledger.records import ACCOUNTS, HOLDS, LEDGER_TABLES, TRANSFERS, Account, Kind
from system.ledger.records import TransferRequest as Request
from system.ports.store import Store
from tests.system.ledgers import NOW_S, Desk

NORMAL = {"vault": "debit", "loan": "debit", "ann": "credit", "bob": "credit", "card": "credit"}
FLOOR_FEN = {"vault": None, "loan": 0, "ann": 0, "bob": 0, "card": -50}
AMOUNTS = st.integers(0, 120)
KINDS: st.SearchStrategy[Kind] = st.sampled_from(
    ["post", "post", "hold", "post_hold", "void_hold", "reverse"]
)
NAMES = st.sampled_from(sorted(NORMAL))


class Model:
    """Facts as (kind, debit, credit, amount); open holds; who resolved what."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, str, int]] = []
        self.open: dict[str, tuple[str, str, int, int | None]] = {}
        self.postings: dict[str, tuple[str, str, int]] = {}

    def available_fen(self, name: str) -> int:
        sign = 1 if NORMAL[name] == "credit" else -1
        total_fen = 0
        for debit, credit, fen in self.posted:
            total_fen += sign * fen * ((credit == name) - (debit == name))
        spending_side = 0 if NORMAL[name] == "credit" else 1
        held = [hold[2] for hold in self.open.values() if hold[spending_side] == name]
        return total_fen - sum(held)

    def allows(self) -> bool:
        floors = ((name, floor) for name, floor in FLOOR_FEN.items() if floor is not None)
        return all(self.available_fen(name) >= floor for name, floor in floors)

    def copy(self) -> "Model":
        twin = Model()
        twin.posted, twin.open = list(self.posted), dict(self.open)
        twin.postings = dict(self.postings)
        return twin

    def after(self, request: Request, now_s: int) -> "Model | None":
        """The model after the request, or None when it must be refused."""
        twin = self.copy()
        known = self._post(twin, request) if request.kind == "post" else None
        if request.kind == "hold":
            known = self._hold(twin, request, now_s)
        elif request.kind == "reverse":
            known = self._reverse(twin, request)
        elif request.kind in ("post_hold", "void_hold"):
            known = self._resolve(twin, request, now_s)
        return twin if known and twin.allows() else None

    def _move(self, request: Request) -> tuple[str, str, int] | None:
        pair = (request.debit_account_id, request.credit_account_id)
        return (*pair, request.amount_fen) if pair[0] != pair[1] and request.amount_fen else None

    def _post(self, twin: "Model", request: Request) -> bool:
        move = self._move(request)
        if move:
            twin.posted.append(move)
            twin.postings[request.transfer_id] = move
        return move is not None

    def _hold(self, twin: "Model", request: Request, now_s: int) -> bool:
        move = self._move(request)
        if move:
            twin.open[request.transfer_id] = (*move, request.expires_at_s)
        return move is not None

    def _reverse(self, twin: "Model", request: Request) -> bool:
        move = twin.postings.pop(request.refers_to or "", None)
        if move:
            twin.posted.append((move[1], move[0], move[2]))
        return move is not None and request.amount_fen in (0, move[2])

    def _resolve(self, twin: "Model", request: Request, now_s: int) -> bool:
        hold = twin.open.pop(request.refers_to or "", None)
        if hold is None or (hold[3] is not None and hold[3] <= now_s):
            return False
        fen = request.amount_fen or hold[2]
        if request.kind == "void_hold":
            return fen == hold[2]
        twin.posted.append((hold[0], hold[1], fen))
        twin.postings[request.transfer_id] = (hold[0], hold[1], fen)
        return fen <= hold[2]


class LedgerMachine(RuleBasedStateMachine):
    transfers = Bundle("transfers")

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(self.new_store())
        accounts = [
            Account(name, "x", normal, FLOOR_FEN[name])  # type: ignore[arg-type]
            for name, normal in NORMAL.items()
        ]
        self.desk.open(*accounts)
        self.model, self.now_s, self.count = Model(), NOW_S, 0
        self.done: list[Request] = []

    def new_store(self) -> Store:
        return MemoryStore(LEDGER_TABLES)

    def new_id(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def expect(self, *groups: list[Request]) -> None:
        """Post groups as one batch and compare each with the model."""
        outcomes = self.desk.post(*(r for group in groups for r in group), now_s=self.now_s)
        for group in groups:
            found = {outcomes.pop(0).status for _ in group}
            model: Model | None = self.model
            for request in group:
                model = model.after(request, self.now_s) if model else None
            assert found == {"refused" if model is None else "done"}, group
            if model is not None:
                self.model = model
                self.done.extend(group)

    @rule(target=transfers, debit=NAMES, credit=NAMES, fen=AMOUNTS)
    def post(self, debit: str, credit: str, fen: int) -> str:
        self.expect([Request(self.new_id(), debit, credit, fen)])
        return f"t{self.count}"

    @rule(
        target=transfers, debit=NAMES, credit=NAMES, fen=AMOUNTS, wait=st.none() | st.integers(1, 9)
    )
    def hold(self, debit: str, credit: str, fen: int, wait: int | None) -> str:
        expires_at_s = None if wait is None else self.now_s + wait
        self.expect(
            [Request(self.new_id(), debit, credit, fen, kind="hold", expires_at_s=expires_at_s)]
        )
        return f"t{self.count}"

    @rule(
        target=transfers,
        of=transfers,
        kind=st.sampled_from(["post_hold", "post_hold", "void_hold", "reverse"]),
        fen=st.just(0) | AMOUNTS,
    )
    def resolve(self, of: str, kind: str, fen: int) -> str:
        self.expect(
            [Request(self.new_id(), amount_fen=fen, kind=kind, refers_to=of)]  # type: ignore[arg-type]
        )
        return f"t{self.count}"

    @rule(pairs=st.lists(st.tuples(NAMES, NAMES, AMOUNTS), min_size=2, max_size=4))
    def post_group(self, pairs: list[tuple[str, str, int]]) -> None:
        group = f"g{self.count}"
        self.expect([Request(self.new_id(), d, c, fen, group_id=group) for d, c, fen in pairs])

    @rule(
        wishes=st.lists(
            st.tuples(KINDS, NAMES, NAMES, AMOUNTS, st.integers(1, 6), st.booleans()),
            min_size=2,
            max_size=8,
        )
    )
    def post_batch(self, wishes: list[tuple[Kind, str, str, int, int, bool]]) -> None:
        """Requests and groups that lean on each other within one batch."""
        groups: list[list[Request]] = []
        for kind, debit, credit, fen, back, linked in wishes:
            group = groups[-1] if groups and linked else []
            moves = kind in ("post", "hold")
            request = Request(
                self.new_id(),
                debit if moves else "",
                credit if moves else "",
                fen if moves else 0,
                kind=kind,
                refers_to=None if moves else f"t{max(1, self.count - back)}",
                group_id=group[0].group_id if group else f"b{self.count}",
            )
            group.append(request)
            if len(group) == 1:
                groups.append(group)
        self.expect(*groups)

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """What was done before, in any order and at any later time, exists and moves nothing."""
        if self.done:
            again = data.draw(st.lists(st.sampled_from(self.done), min_size=1, max_size=4))
            outcomes = self.desk.post(*again, now_s=self.now_s)
            assert {o.status for o in outcomes} == {"exists"}

    @rule(wait_s=st.integers(1, 5))
    def wait(self, wait_s: int) -> None:
        self.now_s += wait_s
        due = sorted(h for h, v in self.model.open.items() if v[3] and v[3] <= self.now_s)
        assert self.desk.expire(self.now_s) == due
        for hold_id in due:
            del self.model.open[hold_id]

    @invariant()
    def money_is_conserved(self) -> None:
        rows = self.rows()
        assert sum(r.debits_posted_fen for r in rows) == sum(r.credits_posted_fen for r in rows)
        assert sum(r.debits_pending_fen for r in rows) == sum(r.credits_pending_fen for r in rows)

    @invariant()
    def balances_are_the_models(self) -> None:
        for row in self.rows():
            assert row.available_fen == self.model.available_fen(row.account_id)
            assert row.floor_fen is None or row.available_fen >= row.floor_fen

    @invariant()
    def pending_is_the_sum_of_open_holds(self) -> None:
        with self.desk.store.transaction() as unit:
            open_ids = {hold.hold_id for hold in unit.find(HOLDS, {"state": "open"})}
            held_fen = Counter(
                {t.transfer_id: t.amount_fen for t in unit.scan(TRANSFERS) if t.kind == "hold"}
            )
        assert open_ids == set(self.model.open)
        pending_fen = sum(held_fen[hold_id] for hold_id in open_ids)
        assert sum(row.debits_pending_fen for row in self.rows()) == pending_fen

    def rows(self) -> list[Account]:
        with self.desk.store.transaction() as unit:
            return unit.scan(ACCOUNTS)


class SqliteLedgerMachine(LedgerMachine):
    def new_store(self) -> Store:
        self.folder = TemporaryDirectory()
        return SqlStore(f"sqlite:///{Path(self.folder.name)}/ledger.db", LEDGER_TABLES)

    def teardown(self) -> None:
        self.desk.store.close()
        self.folder.cleanup()


@pytest.mark.parametrize(("machine", "examples"), [(LedgerMachine, 150), (SqliteLedgerMachine, 12)])
def test_any_life_of_the_ledger_agrees_with_the_model(
    machine: type[LedgerMachine], examples: int
) -> None:
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=30, deadline=None)
    )
