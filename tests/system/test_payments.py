"""Money that leaves: nothing is paid twice, whatever comes twice, late or broken."""

from pathlib import Path

import pytest

from system.adapters.memory_store import MemoryStore
from system.compliance.records import AUDIT, AUDIT_TABLES
from system.errors import InputError
from system.ledger import outbox
from system.ledger.inbox import INBOX_TABLES
from system.payments import desk, intake
from system.payments.desk import Order
from system.payments.instructions import read_initiation
from system.payments.records import (
    MESSAGES,
    PAYMENT_TABLES,
    PAYMENTS,
    PAYOUT_ACCOUNTS,
    PayoutAccount,
    RailPayment,
)
from system.payments.reports import (
    DUPLICATES,
    Entry,
    Notification,
    StatusLine,
    StatusReport,
    write_notification,
    write_status,
)
from system.ports.store import Unit

TABLES = (*PAYMENT_TABLES, *outbox.OUTBOX_TABLES, *INBOX_TABLES, *AUDIT_TABLES)
NOW_S = 1_767_240_000
ACCOUNT = PayoutAccount("s-1", "Supplier", "6222000000000001", "102100099996", True, NOW_S)
ORDER = Order("receivables", "s-1", "sweep/1", 50_000)
CODES = (b"NARR", b"AM05")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(TABLES)


def sent(unit: Unit) -> RailPayment:
    desk.name_account(unit, ACCOUNT)
    [row] = desk.order(unit, [ORDER], NOW_S)
    assert desk.pack(unit, NOW_S) is not None
    return now(unit, row.payment_id)


def now(unit: Unit, payment_id: str) -> RailPayment:
    [row] = unit.get(PAYMENTS, [(payment_id,)])
    assert row is not None
    return row


def status(row: RailPayment, code: str, reason: str = "", name: str = "") -> bytes:
    line = StatusLine(row.payment_id, code, reason)
    return write_status(StatusReport(name or f"P-{code}", row.message_id, (line,)), NOW_S)


def moved(row: RailPayment, *, back: str = "", fen: int = 50_000, text: str = "") -> bytes:
    entry = Entry(row.payment_id, fen, bool(back or text), back, text)
    return write_notification(Notification(f"C-{back}{text}{fen}", "A", (entry,)), NOW_S)


def test_a_payment_leaves_once_in_a_message_that_says_all_of_it(store: MemoryStore) -> None:
    with store.transaction() as unit:
        row = sent(unit)
        assert desk.order(unit, [ORDER], NOW_S) == [row]
        assert desk.pack(unit, NOW_S) is None
        [message] = desk.to_send(unit)
    asked = read_initiation(message.text.encode(), "m")
    assert asked.message_id == row.message_id
    [one] = asked.instructions
    assert (one.end_to_end_id, one.amount_fen) == (row.payment_id, 50_000)
    assert (one.account, one.agent) == (ACCOUNT.account, ACCOUNT.agent)


def test_a_payment_without_an_account_waits_for_one(store: MemoryStore) -> None:
    with store.transaction() as unit:
        [row] = desk.order(unit, [ORDER], NOW_S)
        assert (row.state, desk.pack(unit, NOW_S)) == ("held", None)
        desk.name_account(unit, ACCOUNT)
        assert desk.pack(unit, NOW_S) is not None
        assert now(unit, row.payment_id).account == ACCOUNT.account


def test_the_rail_is_asked_until_it_has_spoken_of_the_message(store: MemoryStore) -> None:
    with store.transaction() as unit:
        row = sent(unit)
        outbox.mark_sent(unit, [row.message_id])
        assert len(desk.to_send(unit)) == 1
        intake.take(unit, status(row, "ACSP"), NOW_S)
        assert desk.to_send(unit) == []


def test_a_payment_runs_through_its_states_and_each_message_counts_once(store: MemoryStore) -> None:
    with store.transaction() as unit:
        row = sent(unit)
        told = [status(row, "ACSP"), status(row, "ACSC"), moved(row), moved(row, back="AC04")]
        states = []
        for raw in told:
            for _ in range(2):
                states += [one.state for one in intake.take(unit, raw, NOW_S).changes]
    assert states == ["accepted", "settled", "returned"]


def test_news_may_overtake_each_other(store: MemoryStore) -> None:
    with store.transaction() as unit:
        row = sent(unit)
        states = []
        for raw in (moved(row, back="AC04"), status(row, "ACSC"), status(row, "ACSP"), moved(row)):
            states += [one.state for one in intake.take(unit, raw, NOW_S).changes]
    # What comes back had settled, so the books pass through both.
    assert states == ["settled", "returned"]


def test_one_message_may_speak_of_a_payment_twice_and_of_others_beside(store: MemoryStore) -> None:
    with store.transaction() as unit:
        desk.name_account(unit, ACCOUNT)
        orders = [ORDER, Order("receivables", "s-1", "sweep/2", 70_000)]
        first, second = desk.order(unit, orders, NOW_S)
        message = desk.pack(unit, NOW_S)
        assert message is not None
        told = ((first, "ACSP"), (second, "RJCT"), (first, "ACSC"), (first, "ACSP"))
        lines = tuple(StatusLine(row.payment_id, code) for row, code in told)
        raw = write_status(StatusReport("P-1", message.message_id, lines), NOW_S)
        before = len(unit.scan(AUDIT))
        changes = intake.take(unit, raw, NOW_S).changes
        states = [(one.payment_id, one.state) for one in changes]
        assert states == [
            (first.payment_id, "accepted"),
            (second.payment_id, "rejected"),
            (first.payment_id, "settled"),
        ]
        links = unit.scan(AUDIT)[before:]
        assert [(one.subject, one.action) for one in links] == states
        assert now(unit, first.payment_id).state == "settled"
        [account] = unit.get(PAYOUT_ACCOUNTS, [("s-1",)])
        assert account is not None
        assert not account.usable


def test_a_rejection_names_its_reason_and_closes_the_account_to_more(store: MemoryStore) -> None:
    with store.transaction() as unit:
        row = sent(unit)
        [changed] = intake.take(unit, status(row, "RJCT", "AC01"), NOW_S).changes
        assert (changed.state, changed.reason) == ("rejected", "AC01")
        [account] = unit.get(PAYOUT_ACCOUNTS, [("s-1",)])
        assert account is not None
        assert not account.usable
        [later] = desk.order(unit, [Order("receivables", "s-1", "sweep/2", 1)], NOW_S)
        assert later.state == "held"


@pytest.mark.parametrize(("code", "state"), [("RJCT", "rejected"), ("ACTC", "accepted")])
def test_what_a_report_says_of_the_whole_message_holds_for_payments_that_it_does_not_name(
    store: MemoryStore, code: str, state: str
) -> None:
    with store.transaction() as unit:
        desk.name_account(unit, ACCOUNT)
        orders = [ORDER, Order("receivables", "s-1", "sweep/2", 70_000)]
        first, second = desk.order(unit, orders, NOW_S)
        message = desk.pack(unit, NOW_S)
        assert message is not None
        lines = (StatusLine(first.payment_id, "ACSC"),)
        report = StatusReport("P-1", message.message_id, lines, code, "MS03")
        taken = intake.take(unit, write_status(report, NOW_S), NOW_S)
        assert [(one.payment_id, one.state) for one in taken.changes] == [
            (first.payment_id, "settled"),
            (second.payment_id, state),
        ]
        assert taken.note == ""
        assert now(unit, second.payment_id).reason == "MS03"


@pytest.mark.parametrize(("whole", "line"), [("", ""), ("PART", ""), ("", "CANC"), ("CANC", "")])
def test_a_report_that_moves_nothing_says_why(store: MemoryStore, whole: str, line: str) -> None:
    with store.transaction() as unit:
        row = sent(unit)
        lines = (StatusLine(row.payment_id, line),) if line else ()
        raw = write_status(StatusReport("P-1", row.message_id, lines, whole), NOW_S)
        taken = intake.take(unit, raw, NOW_S)
        assert (taken.changes, now(unit, row.payment_id).state) == ((), "sent")
        assert (whole or line or "missing") in taken.note


def test_a_bank_may_say_all_that_the_standard_lets_it_say(store: MemoryStore) -> None:
    whole = (Path(__file__).parents[1] / "data" / "pacs-002-whole.xml").read_bytes()
    with store.transaction() as unit:
        row = sent(unit)
        raw = whole.replace(b"m1", row.message_id.encode()).replace(b"e1", row.payment_id.encode())
        [changed] = intake.take(unit, raw, NOW_S).changes
        assert (changed.state, changed.reason) == ("rejected", "AC04")


def test_a_report_on_two_messages_is_left_to_people(store: MemoryStore) -> None:
    with store.transaction() as unit:
        row = sent(unit)
        raw = status(row, "ACSC").replace(
            b"<TxInfAndSts>",
            b"<TxInfAndSts><OrgnlGrpInf><OrgnlMsgId>M-9</OrgnlMsgId>"
            b"<OrgnlMsgNmId>pain.001</OrgnlMsgNmId></OrgnlGrpInf>",
        )
        taken = intake.take(unit, raw, NOW_S)
        assert taken.changes == ()
        assert "report on one message" in taken.note


@pytest.mark.parametrize("reason", DUPLICATES)
@pytest.mark.parametrize("is_whole", [False, True])
def test_a_duplicate_is_no_rejection(store: MemoryStore, reason: str, is_whole: bool) -> None:
    with store.transaction() as unit:
        row = sent(unit)
        whole = write_status(StatusReport("P-1", row.message_id, (), "RJCT", reason), NOW_S)
        raw = whole if is_whole else status(row, "RJCT", reason)
        taken = intake.take(unit, raw, NOW_S)
        assert taken.changes == ()
        assert "duplicate" in taken.note
        assert now(unit, row.payment_id).state == "sent"


def test_a_duplicate_is_none_whatever_else_is_given_as_a_reason(store: MemoryStore) -> None:
    with store.transaction() as unit:
        row = sent(unit)
        first, second = (b"<StsRsnInf><Rsn><Cd>%b</Cd></Rsn></StsRsnInf>" % c for c in CODES)
        raw = status(row, "RJCT", "NARR").replace(first, first + second)
        taken = intake.take(unit, raw, NOW_S)
        assert taken.changes == ()
        assert "duplicate" in taken.note


def test_a_line_without_a_name_leaves_the_whole_message_to_people(store: MemoryStore) -> None:
    with store.transaction() as unit:
        row = sent(unit)
        lines = (StatusLine(row.payment_id, "RJCT", "AC01"),)
        raw = write_status(StatusReport("P-1", row.message_id, lines, "ACSC"), NOW_S)
        name = f"<OrgnlEndToEndId>{row.payment_id}</OrgnlEndToEndId>".encode()
        taken = intake.take(unit, raw.replace(name, b""), NOW_S)
        assert taken.changes == ()
        assert "no payment" in taken.note


def test_what_was_rejected_can_be_asked_for_again_once_and_nothing_else_can(
    store: MemoryStore,
) -> None:
    with store.transaction() as unit:
        row = sent(unit)
        with pytest.raises(InputError, match="did not arrive"):
            desk.order_again(unit, row, NOW_S)
        [row] = intake.take(unit, status(row, "RJCT", "AC01"), NOW_S).changes
        again = desk.order_again(unit, row, NOW_S)
        assert again.payment_id != row.payment_id
        with pytest.raises(InputError, match="again before"):
            desk.order_again(unit, row, NOW_S)


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda row: status(row, "ACSC").replace(b"P-ACSC", b"P-" + b"x" * 40), "MsgId"),
        (lambda row: b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + status(row, "ACSC")[38:], "DOCTYPE"),
        (lambda row: b"\xff", "UTF-8"),
        (lambda row: b"{}", "well-formed"),
        (lambda row: status(row, "ACSC").replace(row.message_id.encode(), b"M-9"), "no message"),
        (lambda row: status(row, "ACSC").replace(row.payment_id.encode(), b"P-9"), "no payment"),
        (lambda row: moved(row, fen=49_999), "no payment"),
        (lambda row: moved(row).replace(b'"CNY"', b'"USD"'), "CNY only"),
    ],
    ids=["schema", "entity", "bytes", "JSON", "message", "payment", "amount", "currency"],
)
def test_what_cannot_be_used_is_kept_with_a_note_and_changes_nothing(
    store: MemoryStore, change: object, note: str
) -> None:
    assert callable(change)
    with store.transaction() as unit:
        row = sent(unit)
        for _ in range(2):
            taken = intake.take(unit, change(row), NOW_S)
        assert taken.changes == ()
        assert now(unit, row.payment_id).state == "sent"
        kept = unit.find(MESSAGES, {"direction": "in"})
    assert len(kept) == 1
    assert note in kept[0].note, kept[0].note


def test_a_booked_entry_without_details_is_money_all_the_same(store: MemoryStore) -> None:
    with store.transaction() as unit:
        raw = moved(sent(unit), text="for R-7")
        details = raw[raw.index(b"<NtryDtls>") : raw.index(b"</Ntry>")]
        told = raw.replace(details, b"<AddtlNtryInf>for R-8</AddtlNtryInf>")
        [received] = intake.take(unit, told, NOW_S).received
        assert (received.entry.amount_fen, received.entry.text) == (50_000, "for R-8")


def test_transactions_that_are_not_their_entry_are_left_to_people(store: MemoryStore) -> None:
    with store.transaction() as unit:
        row = sent(unit)
        raw = moved(row)
        one = raw[raw.index(b"<TxDtls>") : raw.index(b"</NtryDtls>")]
        for other in (one + one, one.replace(b"500.00", b"499.00"), one + b"<TxDtls></TxDtls>"):
            taken = intake.take(unit, raw.replace(one, other), NOW_S)
            if other == one + b"<TxDtls></TxDtls>":
                # A second one without an amount adds nothing.
                assert [change.state for change in taken.changes] == ["settled"]
            else:
                assert taken.changes == ()
                assert "together they are the entry's" in taken.note


def test_an_id_that_comes_again_with_other_content_is_put_aside(store: MemoryStore) -> None:
    with store.transaction() as unit:
        row = sent(unit)
        intake.take(unit, status(row, "ACSP", name="X"), NOW_S)
        taken = intake.take(unit, status(row, "RJCT", "AC01", name="X"), NOW_S)
        assert "other content" in taken.note
        assert now(unit, row.payment_id).state == "accepted"


def test_money_that_comes_in_is_told_with_what_its_payer_wrote(store: MemoryStore) -> None:
    with store.transaction() as unit:
        row = sent(unit)
        [received] = intake.take(unit, moved(row, text="lease/7"), NOW_S).received
    assert (received.entry.text, received.entry.amount_fen) == ("lease/7", 50_000)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<Cd>AC04</Cd></Rsn></RtrInf>", b"<Prtry>CLOSED</Prtry></Rsn></RtrInf>"),
        (b"<Rsn><Cd>AC04</Cd></Rsn></RtrInf>", b"<AddtlInf>closed</AddtlInf></RtrInf>"),
    ],
    ids=["own code", "words"],
)
def test_what_comes_back_without_a_code_of_the_standard_comes_back_all_the_same(
    store: MemoryStore, old: bytes, new: bytes
) -> None:
    with store.transaction() as unit:
        raw = moved(sent(unit), back="AC04")
        assert old in raw
        taken = intake.take(unit, raw.replace(old, new), NOW_S)
        assert taken.received == ()
        assert [one.state for one in taken.changes] == ["settled", "returned"]


def test_a_debit_that_the_bank_reverses_is_no_money_from_outside(store: MemoryStore) -> None:
    with store.transaction() as unit:
        raw = moved(sent(unit), text="lease/7")
        whole = raw.replace(b"<Sts>", b"<RvslInd>true</RvslInd><Sts>")
        taken = intake.take(unit, whole, NOW_S)
        assert taken.received == ()
        assert [one.state for one in taken.changes] == ["settled", "returned"]
        details = raw[raw.index(b"<NtryDtls>") : raw.index(b"</Ntry>")]
        bare = whole.replace(details, b"").replace(b"C-", b"D-")
        taken = intake.take(unit, bare, NOW_S)
        assert taken.received == ()
        assert "is ours" in taken.note


def test_a_message_of_two_accounts_is_left_to_people(store: MemoryStore) -> None:
    """The second one's entries would be taken for the first's."""
    with store.transaction() as unit:
        row = sent(unit)
        raw = moved(row)
        told = raw[raw.index(b"<Ntfctn>") : raw.index(b"</Ntfctn>") + len(b"</Ntfctn>")]
        other = told.replace(b"<Id>A</Id>", b"<Id>B</Id>")
        assert other != told
        taken = intake.take(unit, raw.replace(told, told + other), NOW_S)
        assert "one account" in taken.note
        assert now(unit, row.payment_id).state == "sent"


def test_all_lines_that_a_payer_wrote_are_read(store: MemoryStore) -> None:
    with store.transaction() as unit:
        raw = moved(sent(unit), text="lease/7")
        one = b"<Ustrd>lease/7</Ustrd>"
        [received] = intake.take(unit, raw.replace(one, b"<Ustrd>rent</Ustrd>" + one), 1).received
        assert received.entry.text == "rent lease/7"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account", "12"),
        ("account", "62 22000"),
        ("agent", "12"),
        ("name", " "),
        ("account", "a" * 8),
    ],
)
def test_an_account_that_cannot_be_is_named(store: MemoryStore, field: str, value: str) -> None:
    facts = {"name": "N", "account": "6222000000000001", "agent": "102100099996"} | {field: value}
    with store.transaction() as unit, pytest.raises(InputError, match=field):
        desk.name_account(
            unit, PayoutAccount("o", facts["name"], facts["account"], facts["agent"], True, 1)
        )
