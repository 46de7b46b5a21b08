"""Faults of ours, with paths as they are in what the client sent."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from catalog.errors import Invalid


@contextmanager
def as_sent(names: Mapping[str, str]) -> Iterator[None]:
    """Name the places of faults raised in the block by `names`: ours to those on the wire."""
    try:
        yield
    except Invalid as error:
        raise Invalid(fault.at(_renamed(fault.path, names)) for fault in error.faults) from None


def _renamed(path: str, names: Mapping[str, str]) -> str:
    for ours, theirs in names.items():
        if path == ours or path.startswith((f"{ours}.", f"{ours}[")):
            return f"{theirs}{path.removeprefix(ours)}"
    return path
