"""A machine of the running bank, on its map, in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse

from sim.console.app import Console
from tests.sim.console.visitor import BASE
from tests.sim.test_serve import free_port, wait_for
from tests.system.api.test_leasing_api import stolen
from tests.system.api.town import Town


class Bank(Thread):
    """In a thread of its own, as playwright's loop already runs in the first one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self._folder, self._port = folder, free_port()
        self._app = Starlette()
        config = uvicorn.Config(self._app, port=self._port, log_level="error")
        self.server = uvicorn.Server(config)
        self.machine = -1

    def run(self) -> None:
        town = Town.open(self._folder)
        self.machine, _ = stolen(town)
        console = Console(self._folder, BASE, lambda: town.process.gateway.services)
        self._app.mount(BASE, console.app())
        self._app.add_route("/health", lambda _: PlainTextResponse("ready"))
        self.server.run()
        town.close()

    def address(self) -> str:
        """Of the machine that drove away from its site."""
        wait_for(f"http://127.0.0.1:{self._port}", self.is_alive)
        return f"http://127.0.0.1:{self._port}{BASE}/machines/{self.machine}"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    bank = Bank(tmp_path_factory.mktemp("machine"))
    bank.start()
    yield bank.address()
    bank.server.should_exit = True
    bank.join()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_machine_that_left_its_fence_is_shown_to_everybody(
    page: Any, machine: str, lang: str, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme=scheme)
    page.goto(f"{machine}?lang={lang}")
    assert page.locator("polyline.track-line").count() == 1
    assert page.locator("polygon.fence:not(.other)").count() == 1
    assert page.get_by_text({"en": "geofence", "zh": "越出围栏"}[lang]).count() == 1
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
