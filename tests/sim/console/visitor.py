"""Somebody with a browser, without the browser: requests to the console over ASGI."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from sim.console.app import Console

BASE = "/console"
HOST = "http://127.0.0.1:8000"


@dataclass
class Visitor:
    console: Console
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    @classmethod
    def of(cls, runs: Path) -> "Visitor":
        return cls(Console(runs, BASE))

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        app = Starlette()
        app.mount(BASE, self.console.app())

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
                return await client.request(method, BASE + path, **options)

        return self.loop.run_until_complete(go())

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, form: dict[str, Any], origin: str = HOST) -> httpx.Response:
        return self.send("POST", path, data=form, headers={"Origin": origin})
