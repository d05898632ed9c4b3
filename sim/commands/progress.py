"""The progress of a study on stderr: a bar on a terminal, a line per replication in a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def progress_of(name: str, numbers: range) -> Iterator[Callable[[int], None]]:
    """At most ``len(numbers)`` replications; yields how to report the number of finished ones."""
    console = Console(stderr=True, highlight=False)
    if not console.is_interactive:
        yield lambda finished: _line(console, name, finished, len(numbers))
        return
    columns = (TextColumn(name), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(name, total=len(numbers))
        try:
            yield lambda finished: progress.update(task, completed=finished)
        except BaseException:
            # A refusal is one line: the bar must not stay beside it.
            progress.live.transient = True
            raise


def _line(console: Console, name: str, finished: int, at_most: int) -> None:
    if finished:
        console.print(f"{name}: {finished} of at most {at_most} replications", soft_wrap=True)


@contextmanager
def invoices_progress(total: int) -> Iterator[Callable[[int], object]]:
    """A bar over recorded invoices that leaves nothing behind; silent in a log."""
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("replay"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    silent = not console.is_interactive
    with Progress(*columns, console=console, transient=True, disable=silent) as progress:
        task = progress.add_task("replay", total=total)
        yield lambda finished: progress.update(task, completed=finished)
