"""Commands that each product has in its own way: ``shapan fit PRODUCT``, ``replay PRODUCT``.

A product is one line of its table here, and one function with the options that it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import typer
from typer.core import TyperGroup

from sim.commands.fit_credit import fit_credit
from sim.commands.fit_receivables import fit_receivables
from sim.commands.replay_credit import replay_credit
from sim.commands.replay_leasing import replay_leasing
from sim.commands.replay_receivables import replay_receivables
from system.errors import InputError

Commands = Mapping[str, Callable[..., int]]
FIT: Final[Commands] = {"receivables": fit_receivables, "credit": fit_credit}
REPLAY: Final[Commands] = {
    "receivables": replay_receivables,
    "credit": replay_credit,
    "leasing": replay_leasing,
}


class _ByProduct(TyperGroup):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raises InputError without a product, and for one that is not known."""
        product = args[0] if args else None
        if product not in self.commands and product != "--help":
            raise InputError("PRODUCT", product, f"use {' or '.join(self.commands)}")
        return super().parse_args(ctx, args)


def by_product(commands: Commands, summary: str) -> typer.Typer:
    """One command whose first argument names the product."""
    group = typer.Typer(cls=_ByProduct, help=summary, subcommand_metavar="PRODUCT DATA …")
    for product, command in commands.items():
        group.command(product)(command)
    return group
