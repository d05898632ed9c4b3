"""The HTTP edge: the route table as an ASGI app."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from typing import Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from system.api.dispatch import Dispatch
from system.api.endpoint import endpoint_of, problem_of
from system.api.gateway import Gateway
from system.api.logs import Correlated
from system.api.open_routes import OPEN_ROUTES
from system.api.openapi import document
from system.api.problems import Code, Problem
from system.api.route import thing_of
from system.api.table import ROUTES
from system.settings import VERSION

_CODES: Final = {404: Code.NOT_FOUND, 405: Code.METHOD_NOT_ALLOWED}


def app_of(gateway: Gateway, work: Callable[[], AbstractAsyncContextManager[None]]) -> FastAPI:
    """The app over a gateway. work: what runs beside the requests while the app is up."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with work():
            yield

    app = FastAPI(title="Shapan", version=VERSION, docs_url=None, redoc_url=None, lifespan=lifespan)
    endpoints = [(route, endpoint_of(gateway, route, thing_of(route, ROUTES))) for route in ROUTES]
    app.add_middleware(Dispatch, endpoints=endpoints)
    for one in OPEN_ROUTES:
        app.add_route(one.path, one.endpoint_of(gateway), methods=[one.method])
    app.openapi = cache(  # type: ignore[method-assign]
        lambda: document(ROUTES, OPEN_ROUTES, VERSION)
    )
    app.add_middleware(Correlated)
    app.add_exception_handler(Problem, _on_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_error)
    return app


async def _on_error(_: Request, error: Exception) -> Response:
    return problem_of(error).response()


async def _on_http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, Code.MALFORMED)
    return Problem(code, str(error.detail), headers=dict(error.headers or {})).response()
