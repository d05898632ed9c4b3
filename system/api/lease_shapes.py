"""What leases are asked and what they answer, as JSON."""

from system.api.answers import Answer, answered
from system.api.bodies import Body, Int, Text, example


class NewTariff(Body):
    """Rent by use; shares in ppm, see ``system.leasing.kernels.rent.Tariff``. A fixed rent has one
    tier at no price, and its minimum and cap are the list rent. seasons_ppm: twelve, January
    first, or none."""

    model_config = example(
        name="by use",
        edges_s=[0, 288_000],
        prices_ppm=[900_000, 600_000],
        least_ppm=300_000,
        most_ppm=1_300_000,
        early_days_max=60,
        notice_days=15,
    )
    name: Text
    edges_s: list[Int]
    prices_ppm: list[Int]
    least_ppm: Int
    most_ppm: Int
    early_days_max: Int
    notice_days: Int
    seasons_ppm: tuple[Int, ...] = ()
    renewal_ppm: Int = 1_000_000
    overuse_ppm: Int = 0


class NewLessee(Body):
    """name: of the firm, as registered.  limit_fen: of machines out and claims together."""

    model_config = example(name="Yangzi Earthworks Co., Ltd.", limit_fen=200_000_000)
    name: Text
    limit_fen: Int


class NewLease(Body):
    """counter_s: the hour meter at handover, where the machine never reported."""

    model_config = example(
        machine=0,
        lessee=0,
        tariff=0,
        rent_fen=2_000_000,
        value_fen=80_000_000,
        deposit_fen=2_000_000,
        term_days=360,
        period_engine_s_max=0,
        term_engine_s_max=0,
        option_fen=0,
        counter_s=0,
    )
    machine: Int
    lessee: Int
    tariff: Int
    rent_fen: Int
    value_fen: Int
    deposit_fen: Int = 0
    term_days: Int
    period_engine_s_max: Int = 0
    term_engine_s_max: Int = 0
    option_fen: Int = 0
    counter_s: Int | None = None


class Payment(Body):
    """Money in fen; what exceeds the debt goes back."""

    model_config = example(amount_fen=500_000)
    amount_fen: Int


class Return(Body):
    """counter_s: the hour meter as both parties read it; null for what the machine reported."""

    model_config = example(counter_s=None)
    counter_s: Int | None = None


class TariffAnswer(Answer):
    model_config = answered(tariff=0)
    tariff: int


class LesseeAnswer(Answer):
    """listed: the name is like one on a sanctions list; new leases are stopped."""

    model_config = answered(lessee=0, listed=False)
    lessee: int
    listed: bool


class LeaseStarted(Answer):
    model_config = answered(lease=0)
    lease: int


class LeaseAnswer(Answer):
    """A lease as of today. due_fen: everything that a payment today would take."""

    model_config = answered(lease=0, machine=0, lessee=0, tariff=0, due_fen=2_404_200, dpd_days=25)
    lease: int
    machine: int
    lessee: int
    tariff: int
    due_fen: int
    dpd_days: int


class Paid(Answer):
    model_config = answered(lease=0, applied_fen=2_404_200, returned_fen=5)
    lease: int
    applied_fen: int
    returned_fen: int


class Returned(Answer):
    """bill_fen: the last bill.  fee_fen: for leaving early.  credit_fen: for hours too many."""

    model_config = answered(lease=0, bill_fen=1_200_000, fee_fen=600_000, credit_fen=0)
    lease: int
    bill_fen: int
    fee_fen: int
    credit_fen: int


class Note(Body):
    """Why: kept with the order."""

    model_config = example(note="24 days past due, called twice")
    note: Text


class Held(Answer):
    """The order's id; the machine's own receipt settles it."""

    model_config = answered(lease=0, action_id="5d50b7e901d9a1f71dfcdb7b8405947c")
    lease: int
    action_id: str
