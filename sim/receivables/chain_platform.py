"""The production system of the chain arm, put together and filled with the economy's parties."""

import os
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from sim.receivables.chain_driver import RETRY_S, ChainDriver
from sim.receivables.chain_rail import RailLink
from sim.receivables.chain_restarts import Restarts, schedule_breaks
from sim.receivables.economy import Economy
from sim.receivables.network import BANKS
from sim.receivables.parameters import Parameters
from sim.receivables.pricing import pricing_policy
from sim.receivables.records import Firm, Invoice
from sim.twins.patient_client import Unreachable
from sim.world import Task, is_node
from system.adapters.evm_devnode import start_over
from system.bootstrap import SETUP_S, System, build_system
from system.chain.commands import EnrolParty
from system.chain.policy import Policy
from system.chain.records import LOTS
from system.limits import AMOUNT_FEN_MAX, DAY_S, PPM, TIER_MAX
from system.parties.records import Role
from system.settings import Settings, settings_from

# Purse in which a debtor's payment waits until the contracts have paid it out.
CLEARING = "platform"
# Purse of what has left enterprises' deposits and is not in their accounts yet.
RAIL = "rail"
CURRENCY = "CNY"
_KYC_VALID_S = 3 * 365 * DAY_S
_MONTH_DAYS = 30
# The banks take no application below 1,000 yuan.
AMOUNT_FEN_MIN = 100_000


class Platform:
    """The service with its chain and its driver, and small duties of its users' software."""

    def __init__(self, economy: Economy, task: Task) -> None:
        self._e = economy
        self._onboard()
        secret = sha256(b"shapan/%d/%d" % (task.scenario.seed, task.replication)).digest()
        by_rail = _pays_by_rail(task)
        self.system = self._build(task, secret, by_rail)
        self.service, chain, stored = self.system.receivables, self.system.evm, None
        self.rail: RailLink | None = None
        if economy.faults.windows or by_rail:
            # What the process that speaks with the rail causes, only the store tells the others.
            restarts = Restarts(self.system, secret, economy.faults)
            self.service, chain, stored = restarts.service, restarts.chain, restarts.untold
            self.rail = RailLink(economy, self.system, restarts) if by_rail else None
        self.driver = ChainDriver(economy, self.service, chain, stored)
        if self.rail is not None:
            self.rail.name_accounts(self._enterprises())
            self.rail.told = self.driver.drain
        schedule_breaks(economy, self.driver)

    def finish(self) -> None:
        """Bring to an end what is under way, first on the chain, then at the rail."""
        self.driver.finish()
        if self.rail is not None:
            self.rail.finish()

    def reach(self, action: Callable[[], object]) -> None:
        """Do it now or, where the platform is out of reach, every ten minutes until it is not.

        An action may run again from its beginning: it orders first and notes afterwards.
        """
        try:
            action()
        except Unreachable:
            self.later(action)

    def later(self, action: Callable[[], object]) -> None:
        """Do it in ten minutes, as ``reach`` does."""
        self._e.engine.at(self._e.engine.now_s + RETRY_S, lambda: self.reach(action))

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

    def _build(self, task: Task, secret: bytes, by_rail: bool) -> System:
        clock = self._e.engine.clock
        if is_node(task.evm):
            start_over(task.evm, clock.now_s() - SETUP_S)
        policy = policy_of(self._e.p, sum(_month_fen(core) for core in self._e.network.cores))
        return build_system(
            clock=clock,
            seed_secret=secret,
            parties=self._parties(),
            policy=replace(policy, pays_by_rail=by_rail),
            # Every wiring sees a transaction as final at the same second: in its own block.
            settings=_settings(task),
        )

    def _parties(self) -> list[EnrolParty]:
        """Core enterprises owe, suppliers on the platform hold and may owe, banks pay."""
        expires_at_s = self._e.start_s + _KYC_VALID_S
        banks = [
            EnrolParty(f"enrol/{bank}", bank, bank, int(Role.BANK), expires_at_s, bank, 1)
            for bank in BANKS
        ]
        return banks + [self._party(firm, expires_at_s) for firm in self._enterprises()]

    def _enterprises(self) -> list[Firm]:
        return [firm for firm in self._e.firms if firm.is_core or firm.onboarded]

    def _party(self, firm: Firm, expires_at_s: int) -> EnrolParty:
        p = self._e.p
        pd_ppm = p.core_pd_ppm if firm.is_core else p.supplier_pd_ppm
        ratio = p.debtor_limit_ratio if firm.is_core else p.supplier_limit_ratio
        roles = Role.DEBTOR if firm.is_core else Role.DEBTOR | Role.SUPPLIER
        assert 0 <= pd_ppm <= PPM
        return EnrolParty(
            f"enrol/{firm.key}", firm.key, firm.key, int(roles), expires_at_s, _group(firm),
            pd_ppm, _times(_month_fen(firm), ratio),
        )  # fmt: skip

    def free_lots_fen(self, receivable_id: str, owner_id: str) -> dict[int, int]:
        """What is outstanding of each lot that its owner could still use, by lot."""
        # A look at the books that no fault disturbs: the supplier's own record of its lots.
        with self.system.store.transaction() as unit:
            lots = unit.find(LOTS, {"receivable_id": receivable_id})
        return {
            lot.lot_id: lot.value_fen - lot.redeemed_fen
            for lot in lots
            if lot.owner_id == owner_id and lot.state == "free"
        }


def _settings(task: Task) -> Settings:
    """A node is reached as the environment says. It is the driver's alone, so its blocks stay
    unless a fault drops them; then an arm may wait for blocks on top."""
    usual = settings_from(os.environ) if is_node(task.evm) else Settings()
    arm = task.scenario.arms[task.arm]
    confirmations = arm.whole("confirmations_count") if "confirmations_count" in arm else 0
    return replace(usual, evm=task.evm, store_url=task.store, confirmations=confirmations)


def _pays_by_rail(task: Task) -> bool:
    arm = task.scenario.arms[task.arm]
    return "pays_by_rail" in arm and arm.flag("pays_by_rail")


def policy_of(p: Parameters, book_fen: int) -> Policy:
    """What the banks of the scenario allow. book_fen: what all debtors buy in a month.

    A firm's own lines, where it has some, follow from its own business.
    """
    return Policy(
        pricing=pricing_policy(p),
        quote_valid_s=p.quote_valid_s,
        amount_fen_min=AMOUNT_FEN_MIN,
        amount_fen_max=AMOUNT_FEN_MAX,
        tier_max=TIER_MAX,
        debtor_limit_fen=_times(book_fen, p.debtor_limit_ratio),
        supplier_limit_fen=_times(book_fen, p.supplier_limit_ratio),
        bank_limit_fen=_times(book_fen, p.bank_limit_ratio),
        group_limit_fen=_times(book_fen, p.group_limit_ratio),
        default_after_s=p.default_after_days * DAY_S,
    )


def _month_fen(firm: Firm) -> int:
    """A core's purchases or a supplier's sales in a month."""
    return firm.sales_fen_per_day * _MONTH_DAYS


def _times(amount_fen: int, ratio: float) -> int:
    return amount_fen * round(ratio * PPM) // PPM


def _group(firm: Firm) -> str:
    """A firm that belongs to no group stands alone."""
    return "" if firm.group == firm.key else firm.group
