"""How a client's requests travel: HTTP by the standard library, TLS where the address says so."""

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from system.errors import InputError


@dataclass(frozen=True, slots=True)
class Reply:
    """headers: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """One request, one reply. Raises OSError where it is not known whether it arrived."""

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply: ...


class HttpTransport:
    """address: http(s)://HOST:PORT.  authority, certificate, key: PEM files, for a bank's own
    authority and for mutual TLS."""

    def __init__(
        self,
        address: str,
        *,
        authority: str | None = None,
        certificate: str | None = None,
        key: str | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        place = urlsplit(address)
        if place.scheme not in ("http", "https") or place.hostname is None:
            raise InputError("address", address, "write http://HOST:PORT or https://HOST:PORT")
        self._host, self._port, self._timeout_s = place.hostname, place.port, timeout_s
        self._context: ssl.SSLContext | None = None
        if place.scheme == "https":
            self._context = ssl.create_default_context(cafile=authority)
            if certificate is not None:
                self._context.load_cert_chain(certificate, key)

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """As the protocol has it; a connection for each request."""
        connection = self._connection()
        try:
            connection.request(method, path, body or None, dict(headers))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, found, answer.read())
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._context is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=self._timeout_s, context=self._context
        )
