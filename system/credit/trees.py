"""Decision trees from a file: their nodes must point into themselves before anyone walks them.

scikit-learn follows node numbers without bounds, so a forged file could make it read outside its
memory, or go round for ever.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from system.errors import InputError

_LEAF: Final = -1
_DEPTH_MAX: Final = 12


def check_trees(estimator: Any, features_count: int) -> None:
    """Raises InputError for a tree in the estimator whose nodes or features are out of range."""
    for tree in _trees(estimator, _DEPTH_MAX):
        _check_tree(tree, features_count)


def _trees(part: Any, depth: int) -> Iterator[Any]:
    """Every sklearn Tree that can be reached from a fitted estimator."""
    if depth == 0:
        raise InputError("estimator", type(part).__name__, "nest estimators less deeply")
    if type(part).__name__ == "Tree":
        yield part
    elif isinstance(part, dict):
        for item in part.values():
            yield from _trees(item, depth - 1)
    elif isinstance(part, list | tuple) or (isinstance(part, np.ndarray) and part.dtype == object):
        for item in part:
            yield from _trees(item, depth - 1)
    elif hasattr(part, "__dict__") and not isinstance(part, type):
        yield from _trees(vars(part), depth - 1)


def _check_tree(tree: Any, features_count: int) -> None:
    nodes = np.arange(tree.node_count)
    left, right = tree.children_left, tree.children_right
    inner = left != _LEAF
    # A child is numbered after its parent: what points backwards would go round for ever.
    sound = (right != _LEAF) == inner
    for child in (left, right):
        sound &= ~inner | ((child > nodes) & (child < tree.node_count))
    sound &= ~inner | ((tree.feature >= 0) & (tree.feature < features_count))
    if not tree.node_count or not sound.all() or tree.value.shape[0] != tree.node_count:
        bad = np.flatnonzero(~sound)[:5].tolist()
        raise InputError("tree", bad, "give a forest whose nodes point into themselves")
