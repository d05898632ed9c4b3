"""``python -m system``: one gateway process, set up by the environment (docs/OPERATIONS.md).

``python -m system secrets`` prints what the operator has to know, and ends; ``python -m system
signer CLIENT KEY`` gives a client the key with which it signs.
"""

import gc
import math
import os
import resource
import ssl
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import uvicorn
from pydantic import ValidationError
from starlette.types import ASGIApp

from system.adapters.os_clock import OsClock
from system.adapters.rail_embedded import RailTerms
from system.api import client_changes
from system.api.client_changes import NewSigner
from system.api.connections import Bounds, connections_within
from system.api.logs import set_up
from system.api.problems import Problem
from system.api.start import ADMINISTRATOR, Opening, Process
from system.api.telemetry import EMBEDDED, account_of_bank
from system.errors import InputError, OperationalError
from system.ports.clock import Clock
from system.settings import (
    Listener,
    broker_from,
    field_keys_from,
    listener_from,
    log_level_from,
    rail_terms_from,
    secret_from,
    settings_from,
    token_secrets_from,
)

# Where the embedded broker keeps what it has answered, in the working folder.
SPOOL = "shapan-mqtt"
# New objects between two looks for cycles. Requests make next to none.
_YOUNG_OBJECTS = 10_000
# Open at once, where the machine admits it.
_FILES = 65_536
_CONNECTIONS = 4_096


def main() -> int:
    """Serve until stopped, or run an errand of the operator's.

    Exit code 2 for settings that cannot be used, 1 where a part of the bank that stands elsewhere
    does not answer.
    """
    try:
        errand = errand_of(sys.argv[1:])
        set_up(OsClock(), log_level_from(os.environ))
        listener = listener_from(os.environ)
        process = Process(opening_from(os.environ, OsClock()))
        if errand is not None:
            with closing(process):
                errand(process)
            return 0
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except OperationalError as error:
        print(error, file=sys.stderr)
        return 1
    files = open_many_files()
    _spare_what_stays()
    serve(process, listener, bounds_within(files))
    return 0


def errand_of(arguments: list[str]) -> Callable[[Process], None] | None:
    """What the arguments ask for, None where they are none. Raises InputError."""
    match arguments:
        case []:
            return None
        case ["secrets"]:
            return tell_secrets
        case ["signer", client_id, key]:
            return partial(set_signer, client_id=client_id, key=key)
    remedy = "write secrets, signer CLIENT KEY, or nothing"
    raise InputError("argument", " ".join(arguments), remedy)


def tell_secrets(process: Process) -> None:
    """Of the first client, admitted now unless it was before, and of the bank's own account, for a
    broker elsewhere. To standard output alone: logs hold none."""
    services, secret = process.gateway.services, process.administrator_secret()
    with services.unit() as unit:
        counts = services.clients.authenticate(unit, ADMINISTRATOR, secret) is not None
    if counts:
        print(ADMINISTRATOR, secret)
    else:
        print(f"{ADMINISTRATOR}: its first secret counts no more", file=sys.stderr)
    bank = account_of_bank(services.clients)
    print(bank.user, bank.secret)


def set_signer(process: Process, client_id: str, key: str) -> None:
    """The first administrator's key, which nobody else could give it, or one that was lost."""
    process.administrator_secret()  # the first client is there from now on
    services = process.gateway.services
    try:
        client_changes.set_signer(services, client_id, NewSigner(signer=key).signer)
    except ValidationError:
        raise InputError("key", key, "give an Ed25519 public key: 64 hex digits, small") from None
    except Problem as problem:
        raise InputError("client", client_id, problem.detail) from None


def opening_from(environment: Mapping[str, str], clock: Clock) -> Opening:
    """What the gateway is opened with. Raises InputError that names the variable."""
    broker = broker_from(environment)
    if broker.url == EMBEDDED:
        broker = replace(broker, spool=Path(f"{SPOOL}.db"))
    secret = secret_from(environment)
    return Opening(
        clock,
        settings_from(environment),
        secret,
        token_secrets=token_secrets_from(environment, secret),
        field_keys=field_keys_from(environment),
        broker=broker,
        rail_terms=RailTerms(**rail_terms_from(environment)),
    )


def open_many_files() -> int:
    """Each connection is an open file, also a silent one; the usual 1,024 are soon gone.

    Returns how many may be open now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def bounds_within(files: int) -> Bounds:
    """What connections may take where this many files may be open."""
    # The books, the chain and the broker need some too.
    return Bounds(connections_max=min(_CONNECTIONS, files // 2))


def _spare_what_stays() -> None:
    """Let no search for cycles walk through what the start built: everybody would wait for it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)


def serve(process: Process, listener: Listener, bounds: Bounds) -> None:
    """Answer until a signal ends it."""
    scheme = "https" if listener.certificate else "http"
    place = f"{scheme}://{listener.host}:{listener.port}"
    print(f"{place}  first client: {ADMINISTRATOR}", file=sys.stderr)
    try:
        uvicorn.Server(config_of(process.app, listener, bounds)).run()
    finally:
        process.close()


def config_of(app: ASGIApp, listener: Listener, bounds: Bounds) -> uvicorn.Config:
    """How the server listens: TLS where there is a certificate, mutual where clients need one."""
    return uvicorn.Config(
        app,
        host=listener.host,
        port=listener.port,
        ssl_certfile=listener.certificate or None,
        ssl_keyfile=listener.key or None,
        ssl_ca_certs=listener.client_authority or None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if listener.client_authority else ssl.CERT_NONE,
        log_level="warning",
        server_header=False,
        http=connections_within(bounds),
        ws="none",
        # The bounds end idle connections; this would only do it a second time.
        timeout_keep_alive=math.ceil(bounds.wait_s_max) + 1,
        # What is under way after that was not acknowledged: its client sends it again.
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    sys.exit(main())
