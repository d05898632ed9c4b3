"""The consent auditor must catch a reader that does what the gate would have forbidden."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sim.checks.consent import no_data_without_consent
from system.credit.access import AccessRow
from system.kernels.account_sets import pack_accounts
from system.parties.consent import ConsentChange
from tests.system.feed_world import column

READ = AccessRow(1, 150, "features", 1, 3, 0, 9, 1, "", pack_accounts(column([4, 6])), "")
GRANT = ConsentChange(1, 100, "granted", 1, 15, 200, 1, pack_accounts(column([4, 5, 6])))
ERASED = replace(GRANT, sequence=2, at_s=160, kind="erased", purpose=0, classes=0, until_s=0)


def withdrawn(at_s: int) -> ConsentChange:
    return ConsentChange(2, at_s, "withdrawn", 1, 0, 0, 0, pack_accounts(column([6])))


def test_a_reading_under_consent_is_held() -> None:
    assert no_data_without_consent([GRANT], [READ]) == "held"
    assert no_data_without_consent([GRANT, ERASED], [READ]) == "held"
    assert no_data_without_consent([], []) == "held"


def test_at_one_second_the_order_of_the_journals_decides() -> None:
    before = replace(READ, at_s=160)
    assert no_data_without_consent([GRANT, withdrawn(160)], [before]) == "held"
    after = replace(before, consent_sequence=2)
    assert "account 6" in no_data_without_consent([GRANT, withdrawn(160)], [after])


BREACHES: list[tuple[str, Callable[[], tuple[list[ConsentChange], list[AccessRow]]], str]] = [
    ("no consent at all", lambda: ([], [replace(READ, consent_sequence=0)]), "account 4"),
    (
        "another account",
        lambda: ([GRANT], [replace(READ, accounts=pack_accounts(column([4, 7])))]),
        "account 7 was read for scoring at 150",
    ),
    ("another purpose", lambda: ([GRANT], [replace(READ, purpose=3)]), "for training"),
    (
        "a class more",
        lambda: ([replace(GRANT, classes=1)], [READ]),
        "account 4 was read for scoring",
    ),
    ("after its end", lambda: ([GRANT], [replace(READ, at_s=200)]), "at 200 without"),
    (
        "after withdrawal",
        lambda: ([GRANT, withdrawn(140)], [replace(READ, consent_sequence=2)]),
        "account 6",
    ),
    (
        "looking away from a withdrawal",
        lambda: ([GRANT, withdrawn(140)], [READ]),
        "had not seen consent 2",
    ),
    (
        "a consent from the future",
        lambda: ([replace(GRANT, at_s=151)], [READ]),
        "which was not yet given",
    ),
    ("a consent that is not there", lambda: ([], [READ]), "which cannot be"),
    ("a purpose of no name", lambda: ([GRANT], [replace(READ, purpose=9)]), "which are none"),
    ("no class", lambda: ([GRANT], [replace(READ, classes=0)]), "which are none"),
    ("a lost log row", lambda: ([GRANT], [replace(READ, sequence=2)]), "row 1 is missing"),
    ("a lost consent row", lambda: ([replace(GRANT, sequence=2)], [READ]), "row 1 is missing"),
    (
        "a lost consent row and no reading",
        lambda: ([replace(GRANT, sequence=2)], []),
        "row 1 is missing",
    ),
    (
        "time that runs backwards",
        lambda: ([GRANT], [READ, replace(READ, sequence=2, at_s=149)]),
        "lies before",
    ),
    (
        "forgetting a consent seen before",
        lambda: ([GRANT], [READ, replace(READ, sequence=2, consent_sequence=0)]),
        "which cannot be",
    ),
]


@pytest.mark.parametrize(("case", "rows", "words"), BREACHES, ids=[case[0] for case in BREACHES])
def test_each_way_around_the_gate_is_caught(
    case: str, rows: Callable[[], tuple[list[ConsentChange], list[AccessRow]]], words: str
) -> None:
    assert words in no_data_without_consent(*rows())


@pytest.mark.parametrize("members", [[3, 4, 5], [0], [1, 900], [7, 8, 10, 11, 13, 14, 15], []])
def test_it_reads_every_form_of_a_packed_set(members: list[int]) -> None:
    packed = pack_accounts(column(members))
    consents = [replace(GRANT, accounts=packed)]
    assert no_data_without_consent(consents, [replace(READ, accounts=packed)]) == "held"
    more = replace(READ, accounts=pack_accounts(column([*members, 1_000])))
    assert "account 1000" in no_data_without_consent(consents, [more])
