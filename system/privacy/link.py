"""The one channel between the two parties: mutual TLS with pinned certificates, by SPU's link.

Everything that either side learns from the other passes here: blinded ids, shares, protocol
messages. There is no way to open it without certificates.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from system.errors import InputError, PeerUnavailable
from system.privacy.records import Endpoint, Role

_CONNECT_PAUSE_MS = 250


class Link:
    """An open channel to the other party. ``context`` is SPU's own, for its protocol runtime."""

    def __init__(self, context: Any, role: Role) -> None:
        self.context, self.role = context, role

    def send(self, message: bytes) -> None:
        """Raises PeerUnavailable."""
        with peer_errors("take a message"):
            self.context.send(self.role.other.rank, message)

    def receive(self) -> bytes:
        """The next message, in the order of sending. Raises PeerUnavailable."""
        with peer_errors("send a message"):
            return bytes(self.context.recv(self.role.other.rank))

    def exchange(self, message: bytes) -> bytes:
        """Both sides send, then both receive."""
        self.send(message)
        return self.receive()


@contextmanager
def peer_errors(operation: str) -> Iterator[None]:
    """SPU's exceptions as PeerUnavailable: in a two-party protocol each means a lost peer."""
    try:
        yield
    except (RuntimeError, OSError) as error:
        raise PeerUnavailable(operation, str(error).splitlines()[0]) from error


@contextmanager
def connect(endpoint: Endpoint) -> Iterator[Link]:
    """Listen, find the other party, and prove who is who. Waits ``patience_s`` for it.

    Raises InputError for an unusable file or address, PeerUnavailable when the other party does
    not come, shows another certificate, or does not accept ours.
    """
    _check(endpoint)
    spu = load_spu()
    with peer_errors("connect"):
        context = spu.link.create_brpc(_description(spu, endpoint), endpoint.role.rank)
    yield Link(context, endpoint.role)
    # Only after a good end: with a lost peer it would wait for answers that never come.
    with peer_errors("close"):
        context.stop_link()


def load_spu() -> Any:
    """SPU's native module, silent on the console. Raises InputError when it is not installed."""
    try:
        from spu import libspu
    except ImportError as error:
        _not_installed("spu", error)
    options = libspu.logging.LogOptions()
    options.log_level = libspu.logging.LogLevel.ERROR
    options.enable_console_logger = False
    libspu.logging.setup_logging(options)
    return libspu


def load_psi() -> Any:
    """The set intersection library. Raises InputError when it is not installed."""
    try:
        from private_set_intersection import python
    except ImportError as error:
        _not_installed("openmined-psi", error)
    return python


def _not_installed(package: str, error: ImportError) -> NoReturn:
    raise InputError(
        "environment", package, "run it in the environment of docs/PRIVACY.md"
    ) from error


def _description(spu: Any, endpoint: Endpoint) -> Any:
    hosts = {endpoint.role: endpoint.listen, endpoint.role.other: endpoint.peer}
    description = spu.link.Desc()
    description.id = "shapan"
    for role in Role:
        description.add_party(role.value, hosts[role])
    description.connect_retry_interval_ms = _CONNECT_PAUSE_MS
    description.connect_retry_times = endpoint.patience_s * 1_000 // _CONNECT_PAUSE_MS
    description.recv_timeout_ms = endpoint.patience_s * 1_000
    description.http_timeout_ms = endpoint.patience_s * 1_000
    description.enable_ssl = True
    for options in (description.client_ssl_opts, description.server_ssl_opts):
        options.cert.certificate_path = str(endpoint.cert)
        options.cert.private_key_path = str(endpoint.key)
        options.verify.ca_file_path = str(endpoint.peer_cert)
        options.verify.verify_depth = 1
    return description


def _check(endpoint: Endpoint) -> None:
    for field in ("cert", "key", "peer_cert"):
        if not getattr(endpoint, field).is_file():
            raise InputError(field, str(getattr(endpoint, field)), "give a PEM file that exists")
    for field in ("listen", "peer"):
        host, _, port = getattr(endpoint, field).rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise InputError(field, getattr(endpoint, field), "write HOST:PORT, port 1..65535")
