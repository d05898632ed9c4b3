"""The command line: ``shapan``, also ``python -m sim``.

Exit codes: 0 done, 1 an invariant was broken or a run failed, 2 unusable input, 3 a required claim
is not supported. Commands import what they need when they are called, so that help is instant.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

import typer

from sim.commands.audit import audit
from sim.commands.bundle import bundle
from sim.commands.compare import compare
from sim.commands.keys import keys
from sim.commands.models import models
from sim.commands.options import INTERRUPTED
from sim.commands.pilot import pilot
from sim.commands.products import FIT, REPLAY, by_product
from sim.commands.report import report
from sim.commands.run import run
from sim.commands.scenarios import scenarios
from sim.commands.schedule import schedule
from sim.commands.serve import serve
from sim.commands.shrink import shrink
from sim.commands.soak import soak
from sim.commands.stress import stress
from sim.commands.verify import verify
from system.errors import InputError, ShapanError

FAILED, UNUSABLE = 1, 2

app = typer.Typer(
    name="shapan",
    help="Test what bank-enterprise products promise, in a simulated economy on real parts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    scenarios,
    run,
    pilot,
    verify,
    compare,
    report,
    bundle,
    schedule,
    serve,
    soak,
    stress,
    shrink,
):
    app.command()(command)
for name, products, summary in (
    ("fit", FIT, "Fit a product's parameters to real data, with the quality of the fit."),
    ("replay", REPLAY, "Recorded real events through the production code, in shadow mode."),
):
    app.add_typer(by_product(products, summary), name=name)

app.add_typer(audit, name="audit")
app.add_typer(keys, name="keys")
app.add_typer(models, name="models")


def call(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code. Errors are one line on stderr."""
    try:
        code = app(list(arguments), prog_name="shapan", standalone_mode=False)
    except typer.TyperException as error:
        return _refuse(error.format_message(), UNUSABLE)
    except InputError as error:
        return _refuse(str(error), UNUSABLE)
    except ShapanError as error:
        return _refuse(str(error), FAILED)
    return int(code or 0)


def _refuse(message: str, code: int) -> int:
    typer.echo(" ".join(message.split()), err=True)
    return code


def main() -> None:
    """Entry point of the ``shapan`` script."""
    # As Ctrl-C, which a shell keeps from what it runs in the background: folders are closed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(call(sys.argv[1:]))
    except KeyboardInterrupt:
        # Before a command has begun, or from one that has nothing to close.
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
