"""Recorded invoices through the production code: decisions and alerts, or one line of refusal."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.__main__ import call
from sim.replay.documents import Recorded, Recording
from sim.replay.receivables import Terms, replay_receivables, terms_of
from sim.scenario import load
from system.chain.invoice import InvoiceDocument
from system.chain.rules import Refusal
from system.limits import BATCH_ITEMS_MAX, DAY_S, DOCUMENT_BYTES_MAX
from tests.sim.toy_runs import environment_of

SAMPLE = Path(__file__).parents[1] / "data" / "invoice-ubl.xml"
GOOD = {
    "seller_id": "91350200SAMPLE001X",
    "debtor_id": "91310000SAMPLE002Y",
    "invoice_number": "INV-2026-0001",
    "amount": "125000.00",
    "currency": "CNY",
    "issued_on": "2026-01-15",
    "due_on": "2026-04-15",
}
START_S = 1_768_406_400


def line(**changes: str) -> str:
    return json.dumps(GOOD | changes, ensure_ascii=False)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the user works."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANG", "C.UTF-8")
    return tmp_path


@pytest.fixture
def replayed(desk: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """The JSON document of a replay that must work."""

    def run(*arguments: object) -> dict[str, Any]:
        assert call(["replay", "receivables", *map(str, arguments), "--json"]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        found: dict[str, Any] = json.loads(out)
        return found

    return run


@pytest.fixture
def refused(desk: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """The one line of a replay that must exit with 2 and write nothing."""

    def run(*arguments: object) -> str:
        before = sorted(desk.rglob("*"))
        assert call(["replay", *map(str, arguments)]) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert sorted(desk.rglob("*")) == before
        return err

    return run


def decisions(found: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(one["decision"], one["refusal"]) for one in found["invoices"]]


def test_a_ubl_invoice_gets_a_quote_whose_parts_add_up_to_its_amount(replayed) -> None:
    found = replayed(SAMPLE)
    assert list(found) == ["product", "documents", "invoices", "alerts", "notes"]
    assert (found["product"], found["documents"], found["alerts"]) == ("receivables", 1, [])
    [one] = found["invoices"]
    assert list(one) == [
        "file", "line", "receivable_id", "decision", "refusal",
        "advance_fen", "discount_fen", "holdback_fen", "apr_ppm", "alerts",
    ]  # fmt: skip
    assert (one["file"], one["line"]) == (str(SAMPLE), None)
    assert (one["decision"], one["refusal"]) == ("quoted", None)
    assert one["advance_fen"] + one["discount_fen"] + one["holdback_fen"] == 12_500_000
    assert one["apr_ppm"] > 0
    assert len(bytes.fromhex(one["receivable_id"])) == 32


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"amount": "130000.00"}, "altered_amount"),
        ({"invoice_number": "inv-2026-0001"}, "duplicate"),
        ({"invoice_number": " INV 2026 / 0001 "}, "duplicate"),
        ({"seller_id": "91350200 sample 001x"}, "duplicate"),
        ({"due_on": "2026-05-15"}, "duplicate"),
        ({"issued_on": "2026-01-20", "amount": "130000"}, "altered_amount"),
    ],
)
def test_an_invoice_that_comes_again_altered_is_refused_with_an_alert(
    replayed, desk: Path, changes: dict[str, str], rule: str
) -> None:
    (desk / "a.jsonl").write_text(f"{line()}\n\n{line(**changes)}\n", encoding="utf-8")
    found = replayed("a.jsonl")
    assert decisions(found) == [("quoted", None), ("refused", "INTAKE_ALREADY_REGISTERED")]
    first, again = found["invoices"]
    assert (first["line"], again["line"]) == (1, 3)
    assert first["receivable_id"] == again["receivable_id"]
    assert first["alerts"] == []
    assert again["alerts"] == found["alerts"]
    [alert] = found["alerts"]
    assert list(alert) == ["rule", "receivable_id", "evidence"]
    assert (alert["rule"], alert["receivable_id"]) == (rule, first["receivable_id"])
    assert alert["evidence"]["claim"] == f"{first['receivable_id']}/again/a.jsonl:3"
    assert alert["evidence"]["others"] == [[first["receivable_id"], "", 12_500_000]]


def test_an_edited_number_is_registered_but_declined_with_an_alert(replayed, desk: Path) -> None:
    copy = line(invoice_number="INV-2026-0001A")
    (desk / "a.jsonl").write_text(f"{line()}\n{copy}\n", encoding="utf-8")
    found = replayed("a.jsonl")
    assert decisions(found) == [("quoted", None), ("declined", "FINANCING_VERDICT_NOT_CLEAR")]
    assert [alert["rule"] for alert in found["alerts"]] == ["renumbered"]


@pytest.mark.parametrize(
    ("changes", "decided"),
    [
        ({"due_on": "2027-12-15"}, ("refused", "INTAKE_TERM_TOO_LONG")),
        ({"debtor_id": GOOD["seller_id"]}, ("refused", "INTAKE_SAME_PARTY")),
        ({"due_on": "2026-12-15"}, ("declined", "FINANCING_TERM_UNUSUAL")),
        ({"amount": "10.00"}, ("declined", "FINANCING_AMOUNT_TOO_SMALL")),
        ({"amount": "9999999999.99"}, ("declined", "FINANCING_DEBTOR_LIMIT")),
        ({"due_on": "2026-01-15"}, ("quoted", None)),
        ({"seller_id": "shadow-bank"}, ("quoted", None)),
    ],
)
def test_each_refusal_bears_the_name_of_its_code(
    replayed, desk: Path, changes: dict[str, str], decided: tuple[str, str | None]
) -> None:
    (desk / "a.json").write_text(line(**changes), encoding="utf-8")
    assert decisions(replayed("a.json")) == [decided]


def test_three_claims_just_below_the_limit_raise_a_splitting_alert(replayed, desk: Path) -> None:
    rows = [
        line(invoice_number=f"{number}", issued_on=f"2026-01-1{number}", amount="490000")
        for number in (1, 2, 3)
    ]
    (desk / "a.jsonl").write_text("\n".join(rows), encoding="utf-8")
    found = replayed("a.jsonl")
    assert decisions(found)[2] == ("declined", "FINANCING_VERDICT_NOT_CLEAR")
    assert [
        (alert["rule"], alert["evidence"]["figures"]["count"]) for alert in found["alerts"]
    ] == [("splitting", 3)]


def test_folders_are_read_once_in_order_of_names_and_decided_in_order_of_dates(
    replayed, desk: Path
) -> None:
    inbox = desk / "inbox" / "january"
    inbox.mkdir(parents=True)
    (inbox / "B.XML").write_bytes(SAMPLE.read_bytes())
    (inbox / "a.json").write_text(line(issued_on="2026-01-20"), encoding="utf-8")
    (inbox / "c.ndjson").write_text(line(invoice_number="7") + "\r\n", encoding="utf-8")
    (inbox / "scan.pdf").write_bytes(b"%PDF")
    found = replayed("inbox", inbox / "a.json", "--lang", "en")
    names = [Path(one["file"]).name for one in found["invoices"]]
    assert names == ["B.XML", "c.ndjson", "a.json"]
    assert decisions(found) == [("quoted", None)] * 3
    assert "passed over: 1" in found["notes"][-1]


def test_a_scenario_lends_its_prices_and_limits(replayed) -> None:
    usual, lent = replayed(SAMPLE), replayed(SAMPLE, "--policy-from", "receivables")
    terms = terms_of(load("receivables"))
    [usual_one], [one] = usual["invoices"], lent["invoices"]
    assert one["receivable_id"] == usual_one["receivable_id"]
    assert one["holdback_fen"] == 12_500_000 * terms.policy.pricing.holdback_ppm // 1_000_000
    assert one["apr_ppm"] != usual_one["apr_ppm"]


def test_the_table_shows_the_decision_the_evidence_and_what_was_assumed(desk: Path, capsys) -> None:
    (desk / "a.jsonl").write_text(f"{line()}\n{line(amount='1')}\n", encoding="utf-8")
    assert call(["replay", "receivables", "a.jsonl", "--lang", "en"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for words in (
        "quoted advance ¥117,654.57",
        "INTAKE_ALREADY_REGISTERED",
        "altered_amount",
        "beside a.jsonl:1",
        "hosted wallet",
        "2 parties",
    ):
        assert words in shown, words
    assert call(["replay", "receivables", "a.jsonl", "--lang", "zh"]) == 0
    assert "影子模式" in capsys.readouterr().out


@pytest.mark.slow
def test_the_hash_seed_changes_nothing(desk: Path) -> None:
    (desk / "a.jsonl").write_text(f"{line()}\n{line(amount='1')}\n", encoding="utf-8")
    command = [sys.executable, "-m", "sim", "replay", "receivables", "a.jsonl", SAMPLE, "--json"]
    answers = {
        subprocess.run(
            command,
            cwd=desk,
            env=environment_of(PYTHONHASHSEED=seed),
            capture_output=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "4242")
    }
    assert len(answers) == 1


XML = SAMPLE.read_text(encoding="utf-8")
DUE = "  <cbc:DueDate>2026-04-15</cbc:DueDate>\n"
PAYABLE = '<cbc:PayableAmount currencyID="CNY">125000.00'


@pytest.mark.parametrize(
    ("name", "text", "start", "parts"),
    [
        ("a.xml", XML.replace("<Invoice", "<!DOCTYPE Invoice>\n<Invoice", 1), "a.xml", ["DOCTYPE"]),
        ("a.xml", XML + " " * DOCUMENT_BYTES_MAX, "a.xml", ["bytes", "at most"]),
        ("a.xml", XML.replace("125000.00", "1,25"), "a.xml:28", ["PayableAmount", "1,25"]),
        ("a.xml", XML.replace(DUE, ""), "a.xml", ["DueDate", "add"]),
        ("a.xml", XML.replace(PAYABLE, PAYABLE.replace("CNY", "EUR")), "a.xml:28", ["EUR", "CNY"]),
        ("a.xml", XML.replace("</cbc:DueDate>", ""), "a.xml:", ["well-formed"]),
        ("a.xml", "", "a.xml", ["not empty"]),
        ("a.json", line(currency="USD"), "a.json:1", ["currency", "USD", "CNY"]),
        ("a.json", '{\n "amount": 1,\n oops', "a.json:3", ["valid JSON"]),
        ("a.json", line(invoice_number="АВС-1"), "a.json", ["invoice_number", "Latin"]),
        ("a.json", line() + line(), "a.json:1", ["one valid JSON object"]),
        ("a.jsonl", f"{line()}\n\n{line(amount='-5')}", "a.jsonl:3", ["amount", "-5"]),
        ("a.jsonl", f"{line()}\n{{", "a.jsonl:2", ["valid JSON"]),
        ("a.jsonl", f"{line()}\n{line(seller_id='…')}", "a.jsonl:2", ["seller_id", "letter"]),
        ("a.jsonl", line() + " " * DOCUMENT_BYTES_MAX, "a.jsonl:1", ["bytes", "at most"]),
        ("a.csv", "x", "PATH", [".xml", ".jsonl"]),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_one_line_with_place_value_and_remedy(
    refused, desk: Path, name: str, text: str, start: str, parts: list[str]
) -> None:
    (desk / "good.json").write_text(line(), encoding="utf-8")
    (desk / name).write_text(text, encoding="utf-8")
    said = refused("receivables", "good.json", name)
    assert said.startswith(start)
    for part in parts:
        assert part in said, part


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bicycles", SAMPLE), "use receivables"),
        (("receivables",), "data"),
        (("receivables", "nowhere"), "no such file"),
        (("receivables", "."), "no invoice"),
        (("receivables", "empty.jsonl"), "no invoice"),
        (("receivables", SAMPLE, "--policy-from", "nowhere"), "packaged"),
        (("receivables", SAMPLE, "--lang", "fr"), "use one of en, zh"),
    ],
)
def test_a_wrong_call_is_one_line(
    refused, desk: Path, arguments: Sequence[object], message: str
) -> None:
    (desk / "empty.jsonl").write_text("\n \n", encoding="utf-8")
    assert message in refused(*arguments)


def test_more_invoices_than_one_replay_takes_are_refused(refused, desk: Path, monkeypatch) -> None:
    monkeypatch.setattr("sim.replay.documents.BATCH_ITEMS_MAX", 2)
    (desk / "a.jsonl").write_text(f"{line()}\n" * 3, encoding="utf-8")
    assert "at most 2 invoices" in refused("receivables", "a.jsonl")
    assert BATCH_ITEMS_MAX > 2


CLAIMS = st.lists(
    st.tuples(
        st.integers(0, 2),  # seller
        st.integers(0, 2),  # debtor; some are sellers too
        st.integers(1, 4),  # invoice number
        st.sampled_from([1_000, 100_000, 45_000_000, 49_000_000, 10**12]),
        st.integers(0, 40),  # day of issue
        st.integers(0, 400),  # term
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=15, deadline=None)
@given(CLAIMS)
def test_every_invoice_gets_one_answer_and_no_claim_two_quotes(claims: list[Any]) -> None:
    recorded = tuple(_recorded(place, *claim) for place, claim in enumerate(claims))
    told: list[int] = []
    done = replay_receivables(Recording(recorded, 0), Terms(), told.append)
    assert {one.recorded for one in done.decisions} == set(recorded)
    assert told[-1] == len(recorded)
    for one in done.decisions:
        assert (one.quote is None) == (one.refusal in Refusal.__members__)
        if one.quote is not None:
            parts_fen = one.quote.advance_fen + one.quote.discount_fen + one.quote.holdback_fen
            assert parts_fen == one.recorded.invoice.amount_fen
    quoted = [one.receivable_id for one in done.decisions if one.quote is not None]
    assert len(set(quoted)) == len(quoted)
    by_invoice = [alert for one in done.decisions for alert in one.alerts]
    assert len(by_invoice) == len(done.alerts)
    for alert in done.alerts:
        assert json.loads(alert.evidence)["figures"]


def _recorded(
    place: int, seller: int, debtor: int, number: int, amount_fen: int, day: int, term_days: int
) -> Recorded:
    issued_at_s = START_S + day * DAY_S
    invoice = InvoiceDocument(
        seller_id=f"firm {seller}",
        debtor_id=f"firm {debtor + 2}",
        invoice_number=str(number),
        amount_fen=amount_fen,
        currency="CNY",
        issued_at_s=issued_at_s,
        due_at_s=issued_at_s + (term_days + 1) * DAY_S - 1,
        document_hash=bytes(32),
    )
    return Recorded("generated.jsonl", place + 1, invoice)
