"""Economies of the small scenario for tests that look inside: before, and after their run."""

from sim.engine import Engine
from sim.receivables.economy import Economy
from sim.receivables.model import run_chain, run_paper
from sim.receivables.paper import PaperChannel
from sim.receivables.parameters import parameters_of
from sim.receivables.records import Claim, Firm, Invoice, Ticket
from sim.streams import Luck
from sim.world import Task
from system.limits import DAY_S
from tests.sim.receivables_builders import small

HONEST = ("parameters.fraud_supplier_share=0",)
FACE_FEN = 50_000_000


def paper(*overrides: str) -> Economy:
    """The paper arm after its run."""
    return run_paper(Task(small(*overrides), "paper", 0, "columns", "revm", "memory"))


def chain(*overrides: str) -> Economy:
    """The chain arm after its run."""
    return run_chain(Task(small(*overrides), "chain", 0, "columns", "revm", "memory"))[0]


def idle(*overrides: str) -> Economy:
    """The paper arm's firms, banks and engine, in which nothing happens by itself."""
    p = parameters_of(small(*overrides), "paper")
    economy = Economy(Engine(p.start_s), Luck(7, 0), p, (2, 8, 8, 6))
    economy.channel = PaperChannel(economy)
    return economy


def claim(economy: Economy, key: str, *, term_days: int = 90, face_fen: int = FACE_FEN) -> Claim:
    """A first-tier supplier's claim against the first core enterprise, issued now."""
    seller, debtor = economy.network.of_tier(1)[0], economy.network.cores[0]
    now_s = economy.engine.now_s
    due_at_s = now_s + term_days * DAY_S
    invoice = Invoice(key, key, seller.index, debtor.index, face_fen, now_s, due_at_s, term_days)
    return Claim(key, seller.index, invoice, face_fen, 1)


def ticket(economy: Economy, of: Claim, **changes: object) -> Ticket:
    """An application filed now by the claim's holder at its bank, not yet handed in."""
    firm, now_s = economy.firms[of.holder], economy.engine.now_s
    filed = Ticket(f"k-{of.key}", of.holder, of, firm.bank, "paper", of.value_fen, now_s)
    filed.last_at_s = now_s
    for name, value in changes.items():
        setattr(filed, name, value)
    economy.tickets.append(filed)
    return filed


def paid(economy: Economy, reason: str) -> list[tuple[str, str, int]]:
    """(payer, payee, fen) of the journal's lines with this reason."""
    lines = economy.purses.journal
    return [(t.payer, t.payee, t.amount_fen) for t in lines if t.reason == reason]


def supplier(economy: Economy, tier: int = 1) -> Firm:
    return economy.network.of_tier(tier)[0]
