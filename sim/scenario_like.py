"""A scenario that says only in what it differs: ``like = "NAME"`` takes the rest from another one.

Parameters and populations are taken one by one, every other section as a whole.
"""

from collections.abc import Callable
from typing import Final

from sim.scenario_parse import Data
from sim.scenario_records import Document

LIKE: Final = "like"
_ONE_BY_ONE: Final = ("parameters", "populations")


def completed(
    data: Data, document: Document, read: Callable[[str], tuple[Data, Document]]
) -> tuple[Data, Document]:
    """The whole data, and where each part stands; ``data`` itself where it is like no other.

    read: the packaged scenario of a name. Raises InputError for a name that there is not, and for
    scenarios that are like one another.
    """
    seen: list[str] = []
    while LIKE in data:
        name = data[LIKE]
        if not isinstance(name, str) or name in seen or name == data.get("name"):
            raise document.error((LIKE,), name, "name another packaged scenario")
        seen.append(name)
        data, document = _laid_over(data, document, *read(name))
    return data, document


def _laid_over(
    data: Data, document: Document, base: Data, where: Document
) -> tuple[Data, Document]:
    whole = dict(base)
    for key in base:
        if key not in data:
            document = document.changed((key,), where.file)
    for key, value in data.items():
        if key == LIKE:
            continue
        if key in _ONE_BY_ONE and isinstance(value, dict) and isinstance(base.get(key), dict):
            whole[key] = base[key] | value
            for name in base[key].keys() - value.keys():
                document = document.changed((key, name), where.file)
        else:
            whole[key] = value
    return whole, document
