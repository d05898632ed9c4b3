"""A machine of the running bank on its map."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sim.console.app import Console
from sim.console.machine import HEIGHT, WIDTH, drawn
from system.leasing.commands import MoveMachines
from tests.sim.console.visitor import BASE, Visitor
from tests.system.api.test_leasing_api import stolen
from tests.system.api.town import Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town.open(tmp_path)
    yield town
    town.close()


def test_a_stolen_machine_is_seen_to_leave_its_fence_with_the_readings_that_show_it(
    town: Town, tmp_path: Path
) -> None:
    machine, _ = stolen(town)
    visitor = Visitor(Console(tmp_path, BASE, lambda: town.process.gateway.services))
    assert f'href="{BASE}/machines/{machine}"' in visitor.get("/operations").text
    page = visitor.get(f"/machines/{machine}").text
    fixes = re.search(r'track-line" points="([^"]+)"', page)
    assert fixes
    assert len(fixes[1].split()) == 5
    assert 'class="fence"' in page
    assert "nothing bounds it" not in page
    assert "geofence" in page
    assert "lat_e7=" in page
    assert visitor.get("/machines/77").status_code == 404


def test_a_machine_that_left_its_site_for_no_other_keeps_the_fence_that_it_had_on_its_map(
    town: Town, tmp_path: Path
) -> None:
    """Its track and the alerts about it would hang in the air."""
    machine, _ = stolen(town)
    services = town.process.gateway.services
    visitor = Visitor(Console(tmp_path, BASE, lambda: services))
    there, nowhere = np.array([machine]), np.array([-1])

    def move(key: str, after_s: int) -> str:
        from_ms = np.array([(town.clock.time_s + after_s) * 1_000])
        services.leasing.leasing.move_machines(MoveMachines(key, there, nowhere, from_ms))
        return visitor.get(f"/machines/{machine}?lang=en").text

    announced = move("announced", 3_600)
    assert 'class="fence"' in announced
    assert "pit" in announced
    town.clock.time_s += 7_200
    left = visitor.get(f"/machines/{machine}?lang=en").text
    assert left.count('polygon class="fence other"') == 1
    assert 'class="fence"' not in left
    assert "nothing bounds it" in left


def test_a_fence_too_small_for_the_maps_scale_is_ringed() -> None:
    fence = [(113.0, 34.0), (113.001, 34.0), (113.001, 34.001), (113.0, 34.0)]
    far = drawn([(113.0, 34.0), (118.0, 36.0)], [fence])
    near = drawn([(113.0, 34.0), (113.002, 34.001)], [fence])
    assert len(far.fence.small) == len(far.fence.outlines) == 1
    assert near.fence.small == ()


def test_the_map_keeps_one_scale_and_north_up() -> None:
    # As wide as it is high in metres: there a degree of longitude is 0.829 of one of latitude.
    square = [(113.0, 34.0), (113.12069, 34.0), (113.12069, 34.1), (113.0, 34.1)]
    found = drawn([(113.05, 34.05), (113.05, 34.09)], [square])
    corners = [tuple(map(float, corner.split(","))) for corner in found.fence.outlines[0].split()]
    assert corners[1][0] - corners[0][0] == pytest.approx(corners[1][1] - corners[2][1], abs=0.2)
    (_, first), (_, second) = (tuple(map(float, one.split(","))) for one in found.path.split())
    assert second < first
    assert found.scale
    side_m = found.scale.length / (corners[1][0] - corners[0][0]) * 11_132
    assert side_m == pytest.approx(int(found.scale.text.split()[0]) * 1_000, rel=0.01)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in corners)


def test_a_machine_that_never_spoke_has_an_empty_map() -> None:
    assert drawn([], []).last is None
