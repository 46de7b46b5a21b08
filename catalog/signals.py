"""What the catalog tells the rest of the house."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.dispatch import Signal

# Sent inside the transaction that moved facts, once for all that one operation moved.
# Arguments: moved (blueprint identifier -> entity id -> keys of the facts that moved; a key set
# holding EVERYTHING means: not known, treat all as moved), now.
entities_changed = Signal()

EVERYTHING = "*"

# Sent before entities are deleted, inside the transaction, while everything about them is still
# there. Argument: entity_ids.
entities_deleting = Signal()

# Sent when entities of a blueprint have other identifiers, inside the transaction. Arguments:
# blueprint (its identifier), names (old identifier -> new identifier).
entities_renamed = Signal()

# Sent before a blueprint is deleted, inside the transaction: a receiver that cannot do without it
# raises `HasDependents`. Argument: blueprint.
blueprint_deleting = Signal()

# Sent when blueprints were created or replaced, inside the transaction. Arguments: by, now.
blueprints_saved = Signal()

# Sent before a blueprint gets another identifier, inside the transaction: a receiver takes its own
# along, or raises `Conflict` where it cannot. Arguments: blueprint (as it was), identifier (the new
# one), by, now.
blueprint_renaming = Signal()

# Sent before a property or a relation gets another name, inside the transaction: a receiver that
# holds on to the old one raises `Conflict`. Arguments: blueprint, fact (the key of the facts).
fact_renaming = Signal()

_is_muted = ContextVar("is_muted", default=False)


def is_muted() -> bool:
    """Say whether an operation is at work that settles what it deletes by itself."""
    return _is_muted.get()


@contextmanager
def muted() -> Iterator[None]:
    """Keep the receivers of plain deletes quiet for the length of a block."""
    token = _is_muted.set(True)
    try:
        yield
    finally:
        _is_muted.reset(token)
