"""The bank's side of telemetry: the production service, told of machines, sites and moves."""

import json
from typing import Final

import numpy as np

from sim.leasing.fleet import Fleet
from sim.leasing.grid import MS
from sim.leasing.idleness import DAY_HOURS, NIGHT_HOURS
from sim.leasing.lease_desk import OFFICER
from sim.leasing.projects import Projects
from sim.leasing.weather import is_rest_day
from sim.leasing.work import NOWHERE
from sim.leasing.world import Notice
from sim.leasing.world_parameters import WorldParameters
from sim.portable import I64, Mask
from system.leasing.commands import (
    CloseSiteDays,
    DefineSite,
    EnrolMachines,
    MoveMachines,
    RecordService,
)
from system.leasing.service import LeasingService

_NEVER_OPEN: Final = "0" * 42
_WEEK_HOURS: Final = 168


def week_hours(nights: bool, seven_days: bool) -> str:
    """Site hours as the service takes them: 42 hex digits, Monday 00:00 first."""
    spans = NIGHT_HOURS if nights else (DAY_HOURS,)
    bits = ["0"] * _WEEK_HOURS
    for day in range(7 if seven_days else 6):
        for first, last in spans:
            bits[day * 24 + first : day * 24 + last] = ["1"] * (last - first)
    return f"{int(''.join(bits), 2):042x}"


def circle(lat_e7: int, lon_e7: int, radius_m: int) -> str:
    """A round fence as GeoJSON."""
    point = {"type": "Point", "coordinates": [lon_e7 / 10**7, lat_e7 / 10**7]}
    feature = {"type": "Feature", "geometry": point, "properties": {"radius_m": radius_m}}
    return json.dumps(feature)


class Bank:
    """Knows machines by their rows, and each project's site once it is told of it."""

    def __init__(
        self, service: LeasingService, fleet: Fleet, projects: Projects, p: WorldParameters
    ) -> None:
        self.service, self._fleet, self._projects, self._p = service, fleet, projects, p
        self._yards: dict[int, int] = {}
        self._sites: dict[int, int] = {}
        self._road = 0
        # Machines and the sites to which they moved, in order.
        self.moves: list[tuple[I64, I64]] = []

    def enrol(self) -> None:
        """All machines, in their yards, which are never open: a machine there is not idle."""
        fleet = self._fleet
        # On the way a machine has no fence, and no hours in which it should work.
        self._road = self.service.define_site(DefineSite("road", "the road", "", _NEVER_OPEN))
        for row in np.unique(fleet.region, return_index=True)[1].tolist():
            fence = circle(
                int(fleet.yard_lat_e7[row]), int(fleet.yard_lon_e7[row]), self._p.site_radius_m
            )
            region = int(fleet.region[row])
            command = DefineSite(f"yard/{region}", f"yard {region}", fence, _NEVER_OPEN)
            self._yards[region] = self.service.define_site(command)
        site = np.array([self._yards[region] for region in fleet.region.tolist()], np.int64)
        bound_s = np.full(fleet.n, self._p.contract_hours_max * 3_600, np.int64)
        every_s = np.full(fleet.n, self._p.service_interval_hours * 3_600, np.int64)
        self.moves.append((np.arange(fleet.n), site))
        self.service.enrol_machines(
            EnrolMachines(
                "enrol",
                fleet.n,
                fleet.kind,
                site,
                fleet.tank_ml,
                fleet.burn_idle_ml,
                fleet.burn_full_ml,
                bound_s,
                every_s,
            )
        )

    def serviced(self, day: int, rows: I64) -> None:
        """These machines were serviced today."""
        if rows.size:
            self.service.record_service(RecordService(f"serviced/{day}", rows, OFFICER))

    def move(self, key: str, notice: Notice) -> None:
        """Machines are on the way, and then at other sites."""
        if not notice.rows.size:
            return
        site = np.array(
            [
                self._yards[int(self._fleet.region[row])] if place == NOWHERE else self._site(place)
                for row, place in zip(notice.rows.tolist(), notice.place.tolist(), strict=True)
            ],
            np.int64,
        )
        self.moves.append((notice.rows, site))
        away = np.full(site.size, self._road, np.int64)
        self.service.move_machines(
            MoveMachines(f"leave/{key}", notice.rows, away, notice.from_s * MS)
        )
        self.service.move_machines(
            MoveMachines(f"arrive/{key}", notice.rows, site, notice.until_s * MS)
        )

    def _site(self, project: int) -> int:
        """The number of a project's site, which the bank learns of when a machine goes there."""
        if project not in self._sites:
            projects = self._projects
            fence = circle(
                int(projects.lat_e7[project]),
                int(projects.lon_e7[project]),
                self._p.site_radius_m,
            )
            week = week_hours(bool(projects.nights[project]), bool(projects.seven_days[project]))
            command = DefineSite(f"site/{project}", f"site {project}", fence, week)
            self._sites[project] = self.service.define_site(command)
        return self._sites[project]

    def close_sites(self, day: int, wet: Mask, region: I64, standing: I64) -> None:
        """Holidays, and rain as the weather service has it, close the sites where machines are.

        wet: bool (regions,).  region: int64 (k,), of each project.  standing: projects, int64.
        """
        known = [place for place in np.unique(standing).tolist() if place in self._sites]
        rest = is_rest_day(day, self._p)
        shut = [place for place in known if rest or wet[region[place]]]
        if not shut:
            return
        site = np.array([self._sites[place] for place in shut], np.int64)
        days = np.full(site.size, day, np.int64)
        reason = "holiday" if rest else "rain"
        self.service.close_days(CloseSiteDays(f"closed/{day}", site, days, reason))
