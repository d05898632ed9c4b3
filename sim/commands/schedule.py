"""``shapan schedule``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from sim.commands import options

if TYPE_CHECKING:
    from system.leasing.schedule import Schedule, Terms

_COLUMNS = ("interest", "principal", "payment", "balance")


def schedule(
    kind: Annotated[
        Literal["annuity", "equal-principal", "bullet"],
        typer.Option("--type", help="Equal payments, equal parts of principal, or all at the end."),
    ],
    principal_fen: Annotated[
        int, typer.Option("--principal-fen", help="Fen (1/100 yuan): 500000 is 5,000 yuan.")
    ],
    rate_ppm: Annotated[int, typer.Option("--rate-ppm", help="Per year: 80000 is 8 %.")],
    start: Annotated[str, typer.Option("--start", help="YYYY-MM-DD, when the money is paid out.")],
    periods: Annotated[int, typer.Option("--periods", help="How many payments.")],
    period: Annotated[
        Literal["1M", "3M", "1Y"],
        typer.Option(
            "--period",
            help="Between payments; counted from --start, so that 31 January "
            "is followed by 28 February and 31 March.",
        ),
    ] = "1M",
    day_count: Annotated[
        Literal["A365", "A360", "30E360", "AA"],
        typer.Option(
            "--day-count",
            help="Actual days over 365; over 360; months of 30 days over 360; actual days over "
            "those of their own year (366 in leap years).",
        ),
    ] = "A365",
    json: options.Json = False,
    lang: options.Lang = None,
) -> int:
    """Payment schedule of an annuity, an equal-principal or a bullet contract, to the fen.

    Each row's interest is that of its own actual days, so annuities differ a little from the
    textbook's equal months: 5,000 yuan over 12 months at 8 % cost 434.87 a month, not 434.94.
    The last row clears the balance.

    shapan schedule --type annuity --principal-fen 500000 --rate-ppm 80000 --start 2013-01-01
    --periods 12 --period 1M --day-count A365
    """
    from system.kernels.day_count import DayCount
    from system.leasing.kernels.schedule import Repayment
    from system.leasing.schedule import Terms, payment_schedule

    chosen = options.language_of(lang)
    terms = Terms(
        Repayment(kind), principal_fen, rate_ppm, start, periods, period, DayCount(day_count)
    )
    found = payment_schedule(terms)
    if json:
        options.print_json(_document(terms, found))
    else:
        _show(found, chosen)
    return 0


def _document(terms: Terms, found: Schedule) -> dict[str, Any]:
    flows = found.flows
    columns = [getattr(flows, f"{name}_fen").tolist() for name in _COLUMNS]
    names = ("date", *(f"{name}_fen" for name in _COLUMNS))
    return {
        "type": str(terms.repayment),
        "principal_fen": terms.principal_fen,
        "rate_ppm": terms.rate_ppm,
        "start": terms.start,
        "periods": terms.periods,
        "period": terms.period,
        "day_count": str(terms.day_count),
        "rows": [
            dict(zip(names, row, strict=True)) for row in zip(found.dates, *columns, strict=True)
        ],
        "total": {
            f"{name}_fen": sum(column)
            for name, column in zip(_COLUMNS[:3], columns[:3], strict=True)
        },
    }


def _show(found: Schedule, lang: str) -> None:
    from rich.console import Console
    from rich.table import Table

    from sim.reports.words import words
    from system.money import yuan_of_fen

    word = words(lang)
    columns = [getattr(found.flows, f"{name}_fen").tolist() for name in _COLUMNS]
    table = Table(caption=word["in_yuan"])
    table.add_column(word["date"], footer=word["total"])
    totals = [yuan_of_fen(sum(column)) for column in columns[:3]] + [""]
    for name, total in zip(_COLUMNS, totals, strict=True):
        table.add_column(word[name], footer=total, justify="right")
    for day, *amounts in zip(found.dates, *columns, strict=True):
        table.add_row(day, *map(yuan_of_fen, amounts))
    table.show_footer = True
    Console().print(table)
