"""The console: pages over the runs of one folder, for architects, QA and regulators.

Everything is drawn on the server; scripts only fetch parts of pages again. Every address is a
permalink. It answers on loopback; what changes anything must come from its own pages.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from threading import Thread
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
)
from starlette.responses import StreamingResponse as Stream
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sim.console import views
from sim.console.forms import wish_of
from sim.console.growth import charts_of
from sim.console.launches import RUNNING, Launches
from sim.console.library import COMPARED_MAX, Library
from sim.console.lives import Lives
from sim.console.words import words
from sim.fault_kinds import KINDS
from sim.parquet_sql import open_database
from sim.reports.html.render import VEGA, render
from sim.reports.pdf import render as pdf
from sim.reports.reasons import told
from sim.reports.story.amounts import with_units
from sim.reports.story.happenings import happening
from sim.reports.story.source import sources_of
from sim.reports.story.tell import tell
from sim.reports.story.tongue import Tongue
from sim.reports.typeface.subset import FILES
from sim.reports.words import LANGS
from sim.scenario import Scenario
from system.api.services import Services
from system.errors import InputError, ShapanError

_COOKIE: Final = "lang"
_TICK_S: Final = 1.0
_FORM_BYTES_MAX: Final = 262_144
_POLICY: Final = "Content-Security-Policy"
_KEEP: Final = {"Cache-Control": "public, max-age=86400"}
_HEADERS: Final = {
    _POLICY: (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: browsers would then send "Origin: null" with forms, which is refused.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Context = dict[str, Any]


class Console:
    """The pages. root: the folder of runs.  base: the path under which the pages stand.

    bank: what runs beside the console, for the operations page; None for none.
    """

    def __init__(
        self, root: Path, base: str = "", bank: Callable[[], Services] | None = None
    ) -> None:
        self._bank = bank
        # What was last seen of drift, until it is looked for again.
        self._drift: Context | None = None
        self.library, self.launches, self._base = Library(root), Launches(root), base
        self.lives = Lives(root)
        # So that no first visitor needs to wait for it.
        for slow in (open_database, views.scenarios):
            Thread(target=slow, daemon=True).start()
        self._templates = Environment(
            loader=PackageLoader("sim.console"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["units"] = with_units
        self._templates.globals["url"] = lambda path: f"{base}{path}"
        self._templates.globals["has_bank"] = bank is not None
        self._templates.globals["in_words"] = told
        self._templates.globals["arm_name"] = lambda arm, lang: Tongue(lang).arm(arm)
        self._templates.globals["meaning"] = lambda metric, lang: Tongue(lang).meaning(metric)
        self._templates.globals["happening"] = happening
        self._templates.globals["fault_text"] = lambda kind, lang: (
            KINDS[kind].text_zh if lang == "zh" else KINDS[kind].text_en
        )
        self._templates.globals["alert_name"] = lambda kind, lang: Tongue(lang).kind(kind)

    def app(self) -> Starlette:
        """The ASGI app of the pages, to be mounted at ``base``."""
        pages: Mapping[str, Callable[[Request], Context]] = {
            "runs": self._runs,
            "new": self._new,
            "estimate": self._estimate,
            "launch": self._launch,
            "run": self._run,
            "life": self._life,
            "watch": self._watch,
            "lives": self._lives,
            "compare": self._compare,
            "operations": self._operations,
            "machine": self._machine,
        }
        paths = {
            "/": "runs",
            "/new": "new",
            "/estimate": "estimate",
            "/launches/{id}": "launch",
            "/runs/{id:path}/events": "life",
            "/runs/{id:path}/watch": "watch",
            "/runs/{id:path}/lives": "lives",
            "/compare": "compare",
            "/operations": "operations",
            "/machines/{machine:int}": "machine",
        }
        routes = [Route(path, self._page(name, pages[name])) for path, name in paths.items()]
        routes += [
            Route("/runs/{id:path}/files/{name:path}", self._file),
            Route("/runs/{id:path}/watch.json", self._frames),
            Route("/launches/{id}/progress", self._progress),
            Route("/report", self._report),
            Route("/type/{weight:int}.otf", self._typeface),
            Route("/vega.js", self._vega),
            Route("/runs/{id:path}/charts", self._charts),
            Route("/launches", self._start, methods=["POST"]),
            Route("/runs/{id:path}/lives", self._start_lives, methods=["POST"]),
            Route("/operations/drift", self._look_for_drift, methods=["POST"]),
            Route("/launches/{id}/cancel", self._cancel, methods=["POST"]),
            Route("/runs/{id:path}", self._page("run", pages["run"])),
        ]
        static = Mount("/static", StaticFiles(packages=[("sim.console", "static")]))
        handlers: Any = {InputError: self._refused, HTTPException: self._refused}
        return Starlette(routes=[*routes, static], exception_handlers=handlers)

    # --- pages ----------------------------------------------------------------------------------

    def _runs(self, request: Request) -> Context:
        search = request.query_params.get("search", "")
        return views.runs(self.library, self.launches.running(), search)

    def _new(self, request: Request) -> Context:
        return views.new(_packaged(request.query_params.get("scenario", "receivables")))

    def _estimate(self, request: Request) -> Context:
        asked = request.query_params
        form = {name: asked.getlist(name) for name in asked}
        return views.estimate(self.library, _packaged(asked.get("scenario", "")), form)

    def _launch(self, request: Request) -> Context:
        launch, lang = self._launched(request), _lang(request)
        charts = charts_of(launch.scenario, launch.planned, lang, words(lang)["so_far"])
        return views.launch(launch) | {"charts": charts}

    def _run(self, request: Request) -> Context:
        id_ = request.path_params["id"]
        return views.run(id_, self.library.folder(id_), request.query_params)

    def _life(self, request: Request) -> Context:
        id_ = request.path_params["id"]
        return views.events(id_, self.library.folder(id_), request.query_params)

    def _watch(self, request: Request) -> Context:
        id_ = request.path_params["id"]
        return views.watch(id_, self.library.folder(id_), self.lives, request.query_params)

    def _lives(self, request: Request) -> Context:
        id_ = request.path_params["id"]
        return views.lives(id_, self.library.folder(id_), self.lives, request.query_params)

    def _compare(self, request: Request) -> Context:
        return views.compared(self.library, request.query_params.getlist("run"))

    def _operations(self, _: Request) -> Context:
        if self._bank is None:
            raise HTTPException(404)
        return views.operations(self._bank(), self._drift)

    def _machine(self, request: Request) -> Context:
        if self._bank is None:
            raise HTTPException(404)
        return views.machine(self._bank(), request.path_params["machine"])

    # --- what is not a page ---------------------------------------------------------------------

    async def _file(self, request: Request) -> Response:
        folder = self.library.folder(request.path_params["id"])
        name = request.path_params["name"]
        path = folder.files().get(name)
        if path is None:
            raise InputError("file", name, "choose one of the run's files")
        return FileResponse(path, filename=path.name, headers=_HEADERS)

    async def _report(self, request: Request) -> Response:
        """The report of one run or of several; its own policy names the scripts that it holds.

        As a PDF where the address says so.
        """
        ids = request.query_params.getlist("run")
        folders = [self.library.folder(id_).path for id_ in ids]
        if not 1 <= len(folders) <= COMPARED_MAX:
            raise InputError("run", len(ids), f"choose 1 to {COMPARED_MAX} runs")
        told = await run_in_threadpool(tell, sources_of(folders), _lang(request))
        headers = {name: _HEADERS[name] for name in _HEADERS if name != _POLICY}
        if request.query_params.get("format") == "pdf":
            file = await run_in_threadpool(pdf.render, told)
            headers["Content-Disposition"] = 'attachment; filename="report.pdf"'
            return Response(file, media_type="application/pdf", headers=headers)
        return HTMLResponse(await run_in_threadpool(render, told), headers=headers)

    async def _typeface(self, request: Request) -> Response:
        weight = request.path_params["weight"]
        if weight not in FILES:
            raise HTTPException(404)
        return FileResponse(FILES[weight], headers=_KEEP, media_type="font/otf")

    async def _vega(self, _: Request) -> Response:
        return FileResponse(VEGA, headers=_KEEP, media_type="text/javascript")

    async def _charts(self, request: Request) -> Response:
        """The charts of a run's report, as a part of its page: drawn while the page is read."""
        folder, lang = self.library.folder(request.path_params["id"]), _lang(request)
        context = await run_in_threadpool(views.charts, folder, lang)
        return HTMLResponse(self._render("_charts.html", context, lang), headers=_HEADERS)

    async def _frames(self, request: Request) -> Response:
        id_ = request.path_params["id"]
        asked = (id_, self.library.folder(id_), self.lives, request.query_params)
        frames = await run_in_threadpool(views.watch_frames, *asked)
        return JSONResponse(frames, headers=_HEADERS)

    async def _start(self, request: Request) -> Response:
        _check_own_page(request)
        form = await _form(request)
        scenario = _packaged(form.get("scenario", [""])[-1])
        launch = self.launches.start(wish_of(scenario, form))
        return RedirectResponse(f"{self._base}/launches/{launch.id}", 303)

    async def _look_for_drift(self, request: Request) -> Response:
        """Reads merchants' data with their consent, so only when somebody asks."""
        _check_own_page(request)
        if self._bank is None:
            raise HTTPException(404)
        self._drift = views.drift(self._bank())
        return RedirectResponse(f"{self._base}/operations#drift", 303)

    async def _start_lives(self, request: Request) -> Response:
        _check_own_page(request)
        id_ = request.path_params["id"]
        folder, query = self.library.folder(id_), request.query_params
        shown = views.lives(id_, folder, self.lives, query)
        self.lives.start(id_, folder, shown["arm"], shown["replication"])
        return RedirectResponse(f"{self._base}/runs/{id_}/lives?{query}", 303)

    async def _cancel(self, request: Request) -> Response:
        _check_own_page(request)
        launch = self._launched(request)
        self.launches.cancel(launch.id)
        return RedirectResponse(f"{self._base}/launches/{launch.id}", 303)

    async def _progress(self, request: Request) -> Response:
        """Server-sent events: the live part of a launch's page whenever it changes, to its end."""
        launch, lang = self._launched(request), _lang(request)

        async def parts() -> AsyncIterator[str]:
            seen = ""
            while True:
                state = launch.state
                html = self._render("_progress.html", views.launch(launch), lang)
                if html != seen:
                    seen = html
                    yield _event(html)
                if state != RUNNING:
                    yield "event: end\ndata: end\n\n"
                    return
                await asyncio.sleep(_TICK_S)

        return Stream(parts(), media_type="text/event-stream", headers=_HEADERS)

    # --- the common part ------------------------------------------------------------------------

    def _launched(self, request: Request) -> Any:
        launch = self.launches.find(request.path_params["id"])
        if launch is None:
            raise HTTPException(404)
        return launch

    def _page(self, name: str, context_of: Callable[[Request], Context]) -> Any:
        async def page(request: Request) -> Response:
            lang = _lang(request)
            # htmx asks for the part that changes, under the name of its element.
            part = request.headers.get("hx-target", "")
            template = f"_{part}.html" if part in _PARTS.get(name, ()) else f"{name}.html"
            # What reads run folders must not keep others waiting; the bank's books and the launches
            # belong to the loop's own thread.
            makes_wait = name in _READING
            context = (
                await run_in_threadpool(context_of, request) if makes_wait else context_of(request)
            )
            html = self._render(template, context, lang, request)
            ahead = BackgroundTask(self.library.read_ahead) if name == "runs" else None
            response = HTMLResponse(html, headers=_HEADERS, background=ahead)
            if request.query_params.get("lang") in LANGS:
                response.set_cookie(_COOKIE, lang, samesite="strict", httponly=True)
            return response

        return page

    def _render(
        self, template: str, context: Context, lang: str, request: Request | None = None
    ) -> str:
        here = str(request.url.path) if request else ""
        query = dict(request.query_params) if request else {}
        shared = {"word": words(lang), "lang": lang, "here": here, "query": query}
        return self._templates.get_template(template).render(**shared, **context)

    async def _refused(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 422
        told = str(error) if isinstance(error, ShapanError) else ""
        html = self._render("refused.html", {"told": told, "status": status}, _lang(request))
        return HTMLResponse(html, status, _HEADERS)


_READING: Final = ("runs", "estimate", "run", "life", "lives", "watch", "compare")
_PARTS: Final = {
    "runs": ("runs",),
    "estimate": ("estimate",),
    "life": ("life",),
    "operations": ("operations",),
}


def _event(html: str) -> str:
    lines = "".join(f"data: {line}\n" for line in html.splitlines())
    return f"event: progress\n{lines}\n"


def _lang(request: Request) -> str:
    """The language that was chosen, else the browser's, else English."""
    for chosen in (request.query_params.get("lang"), request.cookies.get(_COOKIE)):
        if chosen in LANGS:
            return str(chosen)
    return "zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"


def _packaged(name: str) -> Scenario:
    """The scenario of this name; never a file that somebody names. Raises InputError."""
    for scenario in views.scenarios():
        if scenario.name == name:
            return scenario
    raise InputError("scenario", name, "choose one of the list")


async def _form(request: Request) -> Mapping[str, list[str]]:
    raw = await request.body()
    if len(raw) > _FORM_BYTES_MAX:
        raise HTTPException(413)
    return parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True)


def _check_own_page(request: Request) -> None:
    """Another site's page in the same browser must not start or stop anything."""
    origin = urlsplit(request.headers.get("origin", ""))
    if origin.netloc != request.headers.get("host", "") or not origin.netloc:
        raise HTTPException(403)
