"""The progress of studies on stderr: a bar each on a terminal, a line per replication in a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)


@contextmanager
def progress_of(at_most: Mapping[str, int]) -> Iterator[Callable[[str, int], None]]:
    """Studies by name, each of at most so many replications.

    Yields how to report the number of finished ones of the study of a name.
    """
    console = Console(stderr=True, highlight=False)
    if not console.is_interactive:
        yield lambda name, finished: _line(console, name, finished, at_most[name])
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        tasks = {name: progress.add_task(name, total=n, start=False) for name, n in at_most.items()}
        try:
            yield lambda name, finished: _advance(progress, tasks[name], finished)
        except BaseException:
            # A refusal is one line: the bar must not stay beside it.
            progress.live.transient = True
            raise


def _advance(progress: Progress, task: TaskID, finished: int) -> None:
    """A study's clock starts when it reports for the first time."""
    if not progress.tasks[task].started:
        progress.start_task(task)
    progress.update(task, completed=finished)


def _line(console: Console, name: str, finished: int, at_most: int) -> None:
    if finished:
        console.print(f"{name}: {finished} of at most {at_most} replications", soft_wrap=True)


@contextmanager
def map_progress(name: str) -> Iterator[Callable[[int, int], None]]:
    """A bar over the runs of a map, whose number grows; a line for each twentieth in a log."""
    console = Console(stderr=True, highlight=False)
    if not console.is_interactive:
        yield lambda done, total: _map_line(console, name, done, total)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task(f"{name}, map", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _map_line(console: Console, name: str, done: int, total: int) -> None:
    if done == total or done % max(total // 20, 1) == 0:
        console.print(f"{name}, map: {done} of {total} runs", soft_wrap=True)


@contextmanager
def invoices_progress(total: int) -> Iterator[Callable[[int], object]]:
    """A bar over recorded invoices that leaves nothing behind; silent in a log."""
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("replay"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    silent = not console.is_interactive
    with Progress(*columns, console=console, transient=True, disable=silent) as progress:
        task = progress.add_task("replay", total=total)
        yield lambda finished: progress.update(task, completed=finished)


@contextmanager
def fits_progress() -> Iterator[Callable[[int, int], None]]:
    """A bar over fits that leaves nothing behind; a line per fit in a log."""
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("fit"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    if not console.is_interactive:
        yield lambda done, of: console.print(f"fit: {done} of {of}", soft_wrap=True)
        return
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("fit", total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)
