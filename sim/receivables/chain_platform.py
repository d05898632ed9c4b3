"""The production system of the chain arm, put together and filled with the economy's parties."""

from hashlib import sha256

from sim.receivables.chain_driver import ChainDriver
from sim.receivables.economy import Economy
from sim.receivables.network import BANKS
from sim.receivables.parameters import Parameters
from sim.receivables.pricing import pricing_policy
from sim.receivables.records import Firm, Invoice
from sim.world import Task, is_node
from system.adapters.evm_devnode import start_over
from system.bootstrap import SETUP_S, System, build_system
from system.chain.commands import EnrolParty
from system.chain.policy import Policy
from system.limits import AMOUNT_FEN_MAX, DAY_S, PPM, TIER_MAX
from system.parties.records import Role

# Purse in which a debtor's payment waits until the contracts have paid it out.
CLEARING = "platform"
_KYC_VALID_S = 3 * 365 * DAY_S
_QUOTE_VALID_S = 3 * DAY_S
# Wide enough never to bind in this scenario; the auditor still checks every line.
_LIMIT_FEN = 10**13
_BANK_LIMIT_FEN = 10**14


class Platform:
    """The service with its chain and its driver, and small duties of its users' software."""

    def __init__(self, economy: Economy, task: Task) -> None:
        self._e = economy
        self._onboard()
        self.system = self._build(task)
        self.service = self.system.receivables
        self.driver = ChainDriver(economy, self.system)

    def command_id(self, kind: str, key: str) -> str:
        """An idempotency key: the same wish has the same one."""
        return f"{kind}/{key}"

    def document_hash(self, invoice: Invoice) -> bytes:
        """What stands on the chain for the document, which never leaves its owner."""
        return sha256(f"{invoice.number}|{invoice.face_fen}|{invoice.due_at_s}".encode()).digest()

    def _onboard(self) -> None:
        for firm in self._e.network.suppliers:
            deep, first = self._e.p.onboarded_deep_share, self._e.p.onboarded_tier1_share
            share = first if firm.tier == 1 else deep
            firm.onboarded = self._e.luck.chance("onboarded", firm.key, share=share)

    def _build(self, task: Task) -> System:
        clock = self._e.engine.clock
        if is_node(task.evm):
            start_over(task.evm, clock.now_s() - SETUP_S)
        return build_system(
            clock=clock,
            seed_secret=sha256(b"shapan/%d/%d" % (task.scenario.seed, task.replication)).digest(),
            parties=self._parties(),
            policy=policy_of(self._e.p),
            evm=task.evm,
            store=task.store,
        )

    def _parties(self) -> list[EnrolParty]:
        """Core enterprises owe, suppliers on the platform hold, banks pay."""
        p = self._e.p
        firms = [firm for firm in self._e.firms if firm.is_core or firm.onboarded]
        banks = [self._party(bank, bank, Role.BANK, 1) for bank in BANKS]
        return banks + [
            self._party(
                firm.key,
                _group(firm),
                Role.DEBTOR if firm.is_core else Role.SUPPLIER,
                p.core_pd_ppm if firm.is_core else p.supplier_pd_ppm,
            )
            for firm in firms
        ]

    def _party(self, key: str, group: str, role: Role, pd_ppm: int) -> EnrolParty:
        assert 0 <= pd_ppm <= PPM
        expires_at_s = self._e.start_s + _KYC_VALID_S
        return EnrolParty(f"enrol/{key}", key, key, int(role), expires_at_s, group, pd_ppm)


def policy_of(p: Parameters) -> Policy:
    """What the banks of the scenario allow."""
    return Policy(
        pricing=pricing_policy(p),
        quote_valid_s=_QUOTE_VALID_S,
        amount_fen_min=100_000,
        amount_fen_max=AMOUNT_FEN_MAX,
        tier_max=TIER_MAX,
        debtor_limit_fen=_LIMIT_FEN,
        supplier_limit_fen=_LIMIT_FEN,
        bank_limit_fen=_BANK_LIMIT_FEN,
        group_limit_fen=_LIMIT_FEN,
        default_after_s=p.default_after_days * DAY_S,
    )


def _group(firm: Firm) -> str:
    """A firm that belongs to no group stands alone."""
    return "" if firm.group == firm.key else firm.group
