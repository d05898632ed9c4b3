"""What a listener with both parties' keys sees of a joint training: nothing that is theirs."""

from typing import Any

import numpy as np

from system.privacy.encoding import fit_encoding, whitener
from system.privacy.link import Link
from system.privacy.records import Role
from system.privacy.scoring import score_over
from system.privacy.shares import Shared
from system.privacy.training import train_over
from tests.privacy.leaks import id_patterns, target_patterns, value_patterns
from tests.privacy.parties import House, direct_ports
from tests.privacy.population import Books, books, part
from tests.privacy.wiretap import occurrences, wiretap

ROWS = 400


def overlapping() -> Books:
    """Each side has fifty rows that the other one does not know."""
    whole = books(ROWS + 100, 3, seed=5)
    luck = np.random.Generator(np.random.Philox(6))
    bank = luck.permutation(ROWS + 50)
    platform = 50 + luck.permutation(ROWS + 50)
    own = {
        Role.BANK: part(whole.own[Role.BANK], bank),
        Role.PLATFORM: part(whole.own[Role.PLATFORM], platform),
    }
    return Books(own, whole.target)


def patterns_of(both: Books) -> dict[str, list[bytes]]:
    """Ids, raw columns in file order and in the common order, prepared columns, target."""
    known = set(both.own[Role.BANK].ids) & set(both.own[Role.PLATFORM].ids)
    patterns = id_patterns(sorted({name for own in both.own.values() for name in own.ids}))
    for role, own in both.own.items():
        order = sorted(range(len(own.ids)), key=lambda row: own.ids[row].encode())
        rows = [row for row in order if own.ids[row] in known]
        common = own.values[rows]
        centred = fit_encoding(own.names, common).centred(common)
        patterns |= value_patterns(f"{role} file", own.values)
        patterns |= value_patterns(f"{role} common", common)
        patterns |= value_patterns(f"{role} prepared", centred @ whitener(centred))
        if own.target is not None:
            patterns |= target_patterns(own.target[rows].astype(np.float64))
    return patterns


def train_and_score(link: Link, own: Any) -> Any:
    model = train_over(link, own)
    return model, score_over(link, (model, own))


def say_everything(link: Link, said: list[bytes]) -> None:
    """The control: a party that sends its rows as they are."""
    link.exchange(b"".join(said))


def test_a_listener_with_both_keys_finds_no_id_no_value_and_no_target(house: House) -> None:
    both = overlapping()
    with wiretap(house.folder) as tap:
        outcome = house.both(train_and_score, both.own, tap.ports)
        assert not [own for own in outcome.values() if isinstance(own, Exception)], outcome
        hits = occurrences(tap.stream(), patterns_of(both))
    assert tap.bytes_seen > 1_000_000, "the listener was not on the line"
    assert not {name: count for name, count in hits.items() if count}


def test_the_same_listener_finds_everything_when_a_party_sends_plain_rows(house: House) -> None:
    patterns = patterns_of(overlapping())
    said = [pattern for own in patterns.values() for pattern in own]
    with wiretap(house.folder) as tap:
        house.both(say_everything, {Role.BANK: said, Role.PLATFORM: []}, tap.ports)
        hits = occurrences(tap.stream(), patterns)
    for name, own in patterns.items():
        # The protocol sends a long message in pieces, in any order: an edge may cut a value.
        assert hits[name] >= 0.99 * len(own), name


def shares_of(link: Link, value: np.ndarray) -> list[list[bytes]]:
    shared = Shared(link)
    return [[b"".join(share.share_chunks) for share in shared.split(value)] for _ in range(2)]


def test_a_share_on_the_wire_is_uniform_and_fresh_whatever_it_hides(house: House) -> None:
    given = {Role.BANK: np.zeros((50_000, 1)), Role.PLATFORM: np.full((50_000, 1), 7.25)}
    for first, second in house.both(shares_of, given, direct_ports()).values():
        for share in (*first, *second):
            counts = np.bincount(np.frombuffer(share, np.uint8), minlength=256)
            expected = len(share) / 256
            chi_square = float(((counts - expected) ** 2 / expected).sum())
            # 255 degrees of freedom: mean 255, deviation 22.6; six deviations to each side.
            assert 120 < chi_square < 390
        assert first[0] != second[0]
        assert first[1] != second[1]
