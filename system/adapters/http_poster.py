"""POSTs by the standard library: TLS with the system's authorities, no redirects, short waits."""

import http.client
import ssl
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

_TIMEOUT_S: Final = 5.0
_ANSWER_BYTES_MAX: Final = 65_536


class HttpPoster:
    """For https, and for http on loopback (whoever registers a URL is checked before)."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """As the port has it."""
        place = urlsplit(url)
        assert place.hostname is not None, "checked at registration"
        connection: http.client.HTTPConnection
        if place.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(
                place.hostname, place.port, timeout=_TIMEOUT_S, context=context
            )
        else:
            connection = http.client.HTTPConnection(place.hostname, place.port, timeout=_TIMEOUT_S)
        path = place.path or "/"
        try:
            connection.request(
                "POST", f"{path}?{place.query}" if place.query else path, body, dict(headers)
            )
            answer = connection.getresponse()
            answer.read(_ANSWER_BYTES_MAX)
            return answer.status
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()
