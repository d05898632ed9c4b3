"""The bank as its clients reach it: tokens that are renewed, commands that are repeated."""

import asyncio
from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Final

import orjson

from sim.stress.client import Client
from sim.stress.http import Answer, Http, Unanswered

# Tokens live for 900 s.
_RENEW_S: Final = 600.0
_PAUSE_S_FIRST, _PAUSE_S_MAX = 0.02, 0.5
# Answers that say: come again, with the same key.
_AGAIN: Final = (429, 503)


class Refused(Exception):
    """An answer that is an error, and stays one."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {answer.body[:300]!r}")
        self.status = answer.status


@dataclass(slots=True)
class _Token:
    text: str
    from_s: float


class Gateway:
    """One server. repeats: requests that had to be sent again, because no answer came."""

    def __init__(self, http: Http, patience_s: float = 60.0) -> None:
        self._http, self._patience_s = http, patience_s
        self._tokens: dict[str, _Token] = {}
        self._renewing: dict[str, asyncio.Lock] = {}
        self.repeats = 0

    async def command(self, client: Client, path: str, body: Any, key: str) -> Any:
        """The answer to a command, sent again with the same key until there is one.

        Raises Refused for an error that stays, Unanswered when patience is over.
        """
        raw = orjson.dumps(body)
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        return await self._ask(client, "POST", path, headers, raw)

    async def read(self, client: Client, path: str) -> Any:
        """What stands there. Raises as ``command``."""
        return await self._ask(client, "GET", path, {}, b"")

    async def _ask(
        self, client: Client, method: str, path: str, headers: dict[str, str], raw: bytes
    ) -> Any:
        clock = asyncio.get_running_loop().time
        until, pause_s = clock() + self._patience_s, _PAUSE_S_FIRST
        while True:
            try:
                token = await self._token(client)
                given = {"Authorization": f"Bearer {token}", **headers}
                answer = await self._http.send(method, path, given, raw)
                if answer.status < 400:
                    return answer.json()
                if answer.status not in _AGAIN:
                    raise Refused(answer)
            except Unanswered:
                if clock() > until:
                    raise
            if clock() > until:
                raise Refused(answer)
            self.repeats += 1
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _PAUSE_S_MAX)

    async def _token(self, client: Client) -> str:
        clock = asyncio.get_running_loop().time
        async with self._renewing.setdefault(client.client_id, asyncio.Lock()):
            held = self._tokens.get(client.client_id)
            if held is None or clock() - held.from_s > _RENEW_S:
                held = _Token(await self._new_token(client), clock())
                self._tokens[client.client_id] = held
        return held.text

    async def _new_token(self, client: Client) -> str:
        basic = b64encode(f"{client.client_id}:{client.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}"}
        form = b"grant_type=client_credentials"
        answer = await self._http.send("POST", "/oauth/token", headers, form)
        if answer.status != 200:
            raise Unanswered(f"no token for {client.client_id}: {answer.status}")
        return str(answer.json()["access_token"])
