"""POSTs by the standard library: TLS with the system's authorities, no redirects, short waits."""

import http.client
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from threading import Event, Timer
from typing import Final
from urllib.parse import urlsplit

_TIMEOUT_S: Final = 5.0
# However it drips: whoever posts waits for the slowest of them, and so does a shutdown.
_WHOLE_S: Final = 10.0


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
        is_late = Event()
        late = Timer(_WHOLE_S, _break, [connection, is_late])
        late.daemon = True
        late.start()
        try:
            connection.connect()
            if is_late.is_set():
                # There was nothing to break when the time was over, and nobody will break it now.
                raise TimeoutError(f"no connection in {_WHOLE_S:g} s")
            connection.request(
                "POST", f"{path}?{place.query}" if place.query else path, body, dict(headers)
            )
            # Of an answer only the status counts.
            return connection.getresponse().status
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            late.cancel()
            connection.close()


def _break(connection: http.client.HTTPConnection, is_late: Event) -> None:
    # Said first: whoever connects meanwhile sees it, or has a socket here.
    is_late.set()
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
