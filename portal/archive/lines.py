"""What kinds of things are told while they go out, and while they come in."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from django.utils.dateparse import parse_datetime

from catalog.errors import Fault, Invalid
from portal.permissions import Actor

Document = dict[str, Any]
CHUNK = 1_000
SHOWN = 20


@dataclass(frozen=True)
class Selection:
    """What of an installation goes into an archive; no blueprints means all of them."""

    kinds: frozenset[str]
    blueprints: frozenset[str] = frozenset()
    has_passwords: bool = False

    def has(self, blueprint: str) -> bool:
        """Say whether entities of a blueprint go into it."""
        return not self.blueprints or blueprint in self.blueprints


@dataclass(frozen=True)
class Lines:
    """The documents of one file of an archive; they can be gone through more than once."""

    file: str
    read: Callable[[], Iterator[Document]]

    def __iter__(self) -> Iterator[tuple[int, Document]]:
        """Yield the documents with the numbers of their lines, from 1."""
        return enumerate(self.read(), start=1)


@dataclass
class Tally:
    """What became of the documents of a kind. `note` says why nothing was done, if so."""

    created: int = 0
    changed: int = 0
    same: int = 0
    note: str = ""

    @property
    def moved(self) -> int:
        """Return how many were written."""
        return self.created + self.changed


@dataclass
class Context:
    """Who brings an archive in, and what there is to do when all of it is in."""

    by: Actor
    now: datetime
    clock: Callable[[], datetime]
    is_dry: bool = False
    advance: Callable[[int], object] = lambda count: None
    unpublished: list[Document] = field(default_factory=list)


class Kind(Protocol):
    """One kind of thing in an archive: a file of lines."""

    name: str
    is_history: bool

    def documents(self, selection: Selection) -> Iterator[Document]:
        """Yield what there is, always in the same order."""

    def secrets(self) -> list[str]:
        """Return the names of those whose secrets stay behind."""

    def store(self, lines: Lines, context: Context) -> Tally:
        """Write what the lines say; raises `Invalid`, inside a transaction of the caller's."""


@dataclass
class Faults:
    """What is wrong in a file, by line."""

    file: str
    found: list[Fault] = field(default_factory=list)

    def add(self, line: int, faults: Iterable[Fault]) -> None:
        """Note faults of the document in a line."""
        for fault in faults:
            at = f"{self.file}, line {line}"
            self.found.append(fault.at(f"{at}, {fault.path}" if fault.path else at))

    def must_be_none(self) -> None:
        """Raise `Invalid` with the first of them, if there are any."""
        if self.found:
            raise Invalid(self.found[:SHOWN])


def unknown_keys(document: Document, known: Iterable[str]) -> list[Fault]:
    """Return a fault for each key that a document must have and has not, or the other way."""
    known = set(known)
    return [
        *(Fault(key, "is missing") for key in sorted(known - document.keys())),
        *(Fault(key, "is unknown to this version") for key in sorted(document.keys() - known)),
    ]


def moment(value: Any) -> datetime | None:
    """Return the moment that a text tells, with a time zone; None where it tells none."""
    try:
        found = parse_datetime(value) if isinstance(value, str) else None
        return found.astimezone(UTC) if found and found.tzinfo else None
    except (ValueError, OverflowError):
        return None
