"""The bank of the joint economy: three production systems, and a desk that sees all of them."""

from sim.joint.economy import JointEconomy
from sim.joint.leases import Leases
from sim.joint.lines import OFFICERS, Lines
from sim.joint.parameters import Setting
from sim.receivables.chain import ChainChannel
from sim.receivables.chain_platform import Platform
from sim.receivables.network import BANKS
from sim.receivables.records import Firm, Ticket
from system.bootstrap_credit import build_credit
from system.bootstrap_joint import build_joint
from system.bootstrap_leasing import build_leasing
from system.limits import PPM
from system.parties.group_records import GroupWarning
from system.parties.group_view import ViewPolicy
from system.parties.records import Party, Role


class JointBank:
    """Everything that the bank runs. store_urls: of lines, leases and the desk."""

    def __init__(
        self,
        economy: JointEconomy,
        platform: Platform,
        setting: Setting,
        store_urls: tuple[str, str, str],
    ) -> None:
        self._e, self.platform, self.is_joint = economy, platform, setting.is_joint
        clock, (lines_url, leases_url, desk_url) = economy.engine.clock, store_urls
        self.lines = Lines(economy, build_credit(clock=clock, store_url=lines_url))
        self.leases = Leases(economy, build_leasing(clock=clock, store_url=leases_url))
        members = economy.members
        self.party_ids = [firm.key for firm in (*members, *economy.network.cores)]
        self.desk, self.store = build_joint(
            clock=clock,
            store_url=desk_url,
            receivables=platform.system,
            bank_ids=BANKS,
            lines=self.lines.system,
            leasing=self.leases.system,
            members=[_party(firm) for firm in (*members, *economy.network.cores)],
            account_of={firm.key: row for row, firm in enumerate(members)},
            policy=ViewPolicy(
                late_days_min=economy.j.late_days_min,
                dependence_ppm=max(round(economy.j.dependence_share * PPM), 1),
            ),
        )
        # Who is watched; kept here too because it is asked for with every application.
        self.watched: dict[str, GroupWarning] = {}

    def open(self) -> None:
        """Lines and leases of everybody, on the first day."""
        self.lines.open()
        self.leases.open()

    def business(self) -> None:
        """One day's dealings: rent, then lines, each from the same purse."""
        self.leases.business()
        self.lines.business()

    def evening(self) -> None:
        """The joint view, where the bank has it, and the close of both books."""
        if self.is_joint and self._e.day % self._e.j.review_interval_days == 0:
            for warning in self.desk.review(self.party_ids, OFFICERS):
                self._e.note("watched", warning.party_id, warning.signal, warning.measure)
            self.watched = self.desk.watched()
            self.leases.look()
        self.lines.close_day()
        self.leases.close_day()

    def close(self) -> None:
        """Give stores back."""
        for system in (self.lines.system, self.leases.system, self.platform.system, self.store):
            system.close()


class JointChannel(ChainChannel):
    """The chain process of a bank whose clerks also ask the joint desk about paper applications.

    On the platform the production service refuses what the desk holds.
    """

    def __init__(self, economy: JointEconomy, bank: JointBank) -> None:
        super().__init__(economy, bank.platform)
        self._joint, self._bank = economy, bank

    def seek(self, ticket: Ticket) -> None:
        firms = self._joint.firms
        parties = {firms[ticket.claim.invoice.debtor].key, firms[ticket.firm].key}
        if not firms[ticket.firm].onboarded and parties & self._bank.watched.keys():
            ticket.channel = self.name
            self._decline(ticket, "watched")
            return
        super().seek(ticket)


def _party(firm: Firm) -> Party:
    assert firm.key not in BANKS
    group = None if firm.group == firm.key else firm.group
    return Party(firm.key, firm.key, int(Role.DEBTOR if firm.is_core else Role.SUPPLIER), group)
