"""Two synthetic books about overlapping merchants, and files of them."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from system.privacy.records import OwnData, Role


@dataclass(frozen=True)
class Books:
    """Rows of the common merchants stand in the same order in both."""

    own: dict[Role, OwnData]
    target: np.ndarray


def books(rows: int, columns: int, seed: int) -> Books:
    """Both sides' columns matter, are skewed like money, and hang together."""
    luck = np.random.Generator(np.random.Philox(seed))
    common = luck.standard_normal((rows, 1))
    latent = 0.6 * common + 0.8 * luck.standard_normal((rows, 2 * columns))
    pull = luck.uniform(-0.7, 0.7, 2 * columns)
    chance = 1.0 / (1.0 + np.exp(-(latent @ pull - 1.2)))
    target = luck.random(rows) < chance
    values = np.exp(latent * 0.8 + 9.0)
    ids = tuple(f"merchant-{number:07d}-商户" for number in luck.permutation(10**6)[:rows])
    bank = OwnData(ids, tuple(f"b{k}" for k in range(columns)), values[:, :columns], target)
    platform = OwnData(ids, tuple(f"p{k}" for k in range(columns)), values[:, columns:])
    return Books({Role.BANK: bank, Role.PLATFORM: platform}, target)


def part(own: OwnData, rows: np.ndarray) -> OwnData:
    """Some rows of one side, in the given order."""
    return replace(
        own,
        ids=tuple(own.ids[row] for row in rows),
        values=own.values[rows],
        target=None if own.target is None else own.target[rows],
    )


def write_csv(path: Path, own: OwnData) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        target = () if own.target is None else ("target",)
        writer.writerow(("id", *own.names, *target))
        outcomes = [()] * len(own.ids) if own.target is None else [(int(y),) for y in own.target]
        for name, row, outcome in zip(own.ids, own.values.tolist(), outcomes, strict=True):
            writer.writerow((name, *row, *outcome))
    return path
