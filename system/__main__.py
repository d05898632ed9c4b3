"""``python -m system``: one gateway process, set up by the environment (docs/OPERATIONS.md)."""

import os
import sys

import uvicorn

from system.adapters.os_clock import OsClock
from system.api.start import ADMINISTRATOR, Opening, Process
from system.errors import InputError
from system.settings import secret_from, server_from, settings_from

_LOOPBACK = "127.0.0.1"


def main() -> int:
    """Serve until stopped. Exit code 2 for settings that cannot be used."""
    try:
        port = server_from(os.environ)
        process = Process(Opening(OsClock(), settings_from(os.environ), secret_from(os.environ)))
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    serve(process, port)
    return 0


def serve(process: Process, port: int) -> None:
    """Answer on loopback until a signal ends it. A proxy in front of it brings TLS."""
    print(f"http://{_LOOPBACK}:{port}  first client: {ADMINISTRATOR}", file=sys.stderr)
    config = uvicorn.Config(
        process.app,
        host=_LOOPBACK,
        port=port,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=30,
        limit_concurrency=1_000,
    )
    try:
        uvicorn.Server(config).run()
    finally:
        process.close()


if __name__ == "__main__":
    sys.exit(main())
