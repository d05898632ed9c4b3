"""Logs for machines: one JSON object a line, no secrets and no personal texts, and on every line of
one request the same id, which the answer carries too.
"""

import json
import logging
import os
import re
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from itertools import count
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from system.api.dispatch import ROUTE
from system.api.endpoint import problem_of
from system.ports.clock import Clock

HEADER: Final = "X-Request-ID"
REQUESTS: Final = logging.getLogger("shapan.requests")
_ID: Final = re.compile("[0-9A-Za-z._-]{1,64}")
_request_id: ContextVar[str] = ContextVar("request_id", default="")
# What must not be read in a log, wherever in a line it stands.
_SECRETS: Final = (
    (re.compile(r"(?i)(bearer|basic)\s+[0-9A-Za-z._~+/=-]+"), r"\1 ***"),
    (re.compile(r"\beyJ[0-9A-Za-z_-]+\.[0-9A-Za-z._-]+"), "***"),
    (
        re.compile(
            r"(?i)((?:secret|password|token|key|phone|id_number|name)['\"]?\s*[=:]\s*)"
            r"(['\"]?)[^'\",\s})]+"
        ),
        r"\1\2***",
    ),
    (re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])"), "***"),
    (re.compile(r"(?<![0-9A-Za-z.])1[3-9][0-9]{9}(?![0-9A-Za-z])"), "***"),
    (re.compile(r"(://[^:/@\s]+:)[^@/\s]+@"), r"\1***@"),
)
# Each of them has one of these in it; most texts have none.
_SUSPECT: Final = re.compile(r"[\s:=]|eyJ|[0-9]{11}")
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False)


def masked(text: str) -> str:
    """The text without tokens, secrets, identity numbers, phones and passwords in URLs."""
    if not _SUSPECT.search(text):
        return text
    for pattern, mask in _SECRETS:
        text = pattern.sub(mask, text)
    return text


class JsonLines(logging.Formatter):
    """One object a line: at_s, level, log, request_id, message, and the record's own fields."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at_s": self._clock.now_s(),
            "level": record.levelname.lower(),
            "log": record.name,
            "request_id": _request_id.get(),
            "message": masked(record.getMessage()),
        }
        fields = getattr(record, "fields", {})
        line |= {name: masked(v) if isinstance(v, str) else v for name, v in fields.items()}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = masked("".join(traceback.format_exception(record.exc_info[1])))
        return _ENCODER.encode(line)


def set_up(clock: Clock, level: str) -> None:
    """Send every log of the process to stderr in this form. level: as ``logging`` names it."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(clock))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def tell(message: str, fields: Mapping[str, Any]) -> None:
    """One line about the request that is being answered."""
    REQUESTS.info(message, extra={"fields": dict(fields)})


class Correlated:
    """Gives each request its id: the caller's own where it fits, else a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        # Apart from other processes, so that logs of several can be laid together.
        self._prefix, self._numbers = os.urandom(6).hex(), count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if _ID.fullmatch(given) else f"{self._prefix}-{next(self._numbers)}"
        mark = _request_id.set(request_id)
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            # No bug of ours, and nobody is there to be answered; as nginx tells it.
            status = 499
        except Exception as error:
            # Here, where the request's id is still known.
            REQUESTS.error("a request failed", exc_info=error)
            if status:
                raise
            await problem_of(error).response()(scope, receive, answer)
        finally:
            if REQUESTS.isEnabledFor(logging.INFO):
                # The route, not the path: an id in a path may be a person's.
                route = scope.get(ROUTE, "")
                tell("answered", {"method": scope["method"], "route": route, "status": status})
            _request_id.reset(mark)
