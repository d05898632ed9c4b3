"""``--engine``: which pool the words of the command line mean."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from sim.pools.base import Pool
from sim.pools.local import LocalPool
from system.errors import InputError

ENGINES: Final = "local, dask:ADDR or ray:ADDR"


def pool_of(engine: str, workers: int | None) -> Pool:
    """The pool; ``workers`` is for ``local`` only (the number of cores if None).

    Raises InputError for another word, and where a cluster's library or the cluster is missing.
    """
    kind, _, address = engine.partition(":")
    if engine == "local":
        return LocalPool(workers or os.cpu_count() or 1)
    if kind not in _CLUSTERS or not address:
        raise InputError("--engine", engine, f"use {ENGINES}")
    if workers is not None:
        raise InputError("--workers", workers, "a cluster has its own workers: leave this out")
    return _CLUSTERS[kind](address)


def _dask(address: str) -> Pool:
    from sim.pools.dask_cluster import DaskPool

    return DaskPool(address)


def _ray(address: str) -> Pool:
    from sim.pools.ray_cluster import RayPool

    return RayPool(address)


_CLUSTERS: Final[dict[str, Callable[[str], Pool]]] = {"dask": _dask, "ray": _ray}
