"""The real service in a process of its own, which may be killed at any moment and started again.

A client that was cut off does not know what became of its commands, so each life sends all of
them again; what the service has answered is told on stdout, one line each.
"""

import sys
from collections.abc import Iterable

from system.adapters.evm_http import HttpChain
from system.adapters.keys import KeyRing
from system.bootstrap import System, build_system
from system.chain import commands as c
from system.chain.outcome import Outcome
from system.chain.records import LOTS, RECEIVABLES, REQUESTS, Receivable
from system.limits import DAY_S
from system.settings import Settings
from tests.system.receivables_world import SECRET, START_S, TestClock, parties

INVOICES = 6
# Half a day off, so that no day begins while the lives last: the price is by the day.
DUE_AT_S = START_S + 90 * DAY_S + DAY_S // 2
BLOCK_S = 5


class Life:
    """From the start of the process to its end."""

    def __init__(self, store: str, node: str) -> None:
        say("born")
        self.clock = TestClock()
        head_s = HttpChain(node, KeyRing(SECRET)).head().time_s
        self.clock.time_s = max(START_S, head_s + BLOCK_S)
        self.system: System = build_system(
            clock=self.clock,
            seed_secret=SECRET,
            settings=Settings(store_url=store, evm=node),
            parties=parties(),
        )
        self.service = self.system.receivables
        say("ready")

    def run(self) -> None:
        """Six invoices from registration to payment, five of them financed."""
        for number in range(INVOICES):
            tell(self.service.register([_registration(number)]))
        self.settle()
        for row in self.receivables():
            if row.state == "registered":
                self.service.accept(self.service.signed_acceptances([row.receivable_id]))
                say(f"accepted {row.receivable_id}")
        self.settle()
        for row in self.receivables()[1:]:
            self.finance(row)
        self.settle()
        for row in self.receivables():
            paid = c.PayReceivable(
                f"pay/{row.receivable_id}", row.receivable_id, row.debtor_id, row.face_fen
            )
            tell(self.service.pay([paid]))
        self.settle()

    def finance(self, row: Receivable) -> None:
        with self.system.store.transaction() as unit:
            lots = unit.scan(LOTS)
        # The first lot of a receivable is the whole of it.
        lot_id = min(lot.lot_id for lot in lots if lot.receivable_id == row.receivable_id)
        command_id, amount_fen = f"request/{row.receivable_id}", row.face_fen
        request = c.RequestFinancing(
            command_id, lot_id, row.seller_id, "bank-1", amount_fen, with_recourse=True
        )
        [outcome] = self.service.request_financing([request])
        tell([outcome])
        take = c.TakeQuote(f"take/{row.receivable_id}", outcome.reference, row.seller_id)
        tell(self.service.take_quotes([take]))

    def settle(self) -> None:
        """Relay and seal until two rounds bring nothing new."""
        quiet = 0
        while quiet < 2:
            self.clock.time_s += BLOCK_S
            sent = self.service.relay()
            say(f"relayed {sent}")
            if sent:
                self.system.chain.seal(self.clock.time_s)
                say("sealed")
            happened = self.service.confirm()
            say(f"confirmed {len(happened)}")
            quiet = 0 if sent or happened else quiet + 1

    def receivables(self) -> list[Receivable]:
        """In the order of their amounts, which is that of their numbers."""
        with self.system.store.transaction() as unit:
            return sorted(unit.scan(RECEIVABLES), key=lambda row: row.face_fen)

    def check(self) -> None:
        """Nothing is left under way, and books and chain agree."""
        with self.system.store.transaction() as unit:
            states = {row.state for row in unit.scan(REQUESTS)}
        assert states == {"disbursed"}, states
        assert {row.state for row in self.receivables()} == {"settled"}
        assert self.service.reconcile() == []


def _registration(number: int) -> c.RegisterReceivable:
    return c.RegisterReceivable(
        command_id=f"register/{number}",
        seller_id=f"supplier-{number % 5 + 1}",
        debtor_id=f"core-{number % 2 + 1}",
        invoice_number=f"INV-{number}",
        amount_fen=10_000_000 + 1_000_003 * number,
        currency="CNY",
        issued_at_s=START_S - DAY_S,
        due_at_s=DUE_AT_S,
        document_hash=bytes((number,)) * 32,
    )


def tell(outcomes: Iterable[Outcome]) -> None:
    """Acknowledged to the client."""
    for outcome in outcomes:
        assert outcome.refusal is None, outcome
        say(f"{outcome.command_id} = {outcome.reference}")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    life = Life(*sys.argv[1:])
    life.run()
    life.check()
    say("done")
    # Whoever wants to kill it still can; the others close stdin.
    sys.stdin.read()
