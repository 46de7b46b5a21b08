"""Who keeps what of deleted things: the catalog knows entities, the rest is registered with it.

What is kept of a thing by others hangs on it under a name; kinds of things other than entities are
restored by whoever kept them.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from catalog.errors import Fault
from catalog.models import Deleted
from portal.permissions import Actor

# What one deletion may take and still be undone: it is moved while somebody waits.
MOST_KEPT = 10_000
# And so many relation rows: a service may have millions of deployments.
MOST_EDGES = 100_000


@dataclass(frozen=True)
class Keeper:
    """What else is kept of things of a kind, as plain JSON, and how it comes back.

    `gather` maps ids of what is about to go to what is kept of it. `bring_back` gets the same by
    the ids of what came back, before that is evaluated.
    """

    gather: Callable[[Collection[int]], Mapping[int, Any]]
    bring_back: Callable[[Mapping[int, Any]], None]


# Returns what could not come back with it.
Restorer = Callable[[Deleted, Actor, datetime], list[Fault]]

# By kind and name.
keepers: dict[str, dict[str, Keeper]] = {kind: {} for kind in Deleted.Kind.values}
restorers: dict[str, Restorer] = {}


def new_batch() -> str:
    """Return a name for what one deletion takes."""
    return uuid4().hex
