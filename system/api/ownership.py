"""Whether a request speaks for the caller's own party."""

from collections.abc import Mapping

from system.api.access import Caller
from system.api.answers import not_found
from system.api.bodies import Body
from system.api.route import Route


def check_owner(route: Route, caller: Caller, path: Mapping[str, str], body: Body | None) -> None:
    """Raises Problem unless one of the fields that the route names is the caller's party."""
    if not route.owns:
        return
    named = [str(path.get(name) or getattr(body, name, "")) for name in route.owns]
    if not caller.is_one_of(*named):
        raise not_found()
