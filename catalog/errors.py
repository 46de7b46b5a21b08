"""What operations raise. Each surface has one handler that turns these into its own answer."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True)
class Fault:
    """One thing wrong with what was sent: `path` names the place, `message` the way out.

    `is_missing`: what was named does not exist. `is_conflict`: the identifier is taken.
    `is_forbidden`: whoever asks may not. Surfaces that tell these apart answer 404, 409 and 403.
    """

    path: str
    message: str
    is_missing: bool = False
    is_conflict: bool = False
    is_forbidden: bool = False

    def at(self, path: str) -> Self:
        """Return the same fault at another place."""
        return replace(self, path=path)

    def under(self, prefix: str) -> Self:
        """Return the same fault, seen from a document that holds this one at `prefix`."""
        separator = "" if not self.path or self.path.startswith("[") else "."
        return self.at(f"{prefix}{separator}{self.path}")

    def out_of(self, prefix: str) -> Self:
        """Return the same fault, seen from the document at `prefix`: the opposite of `under`."""
        return self.at(self.path.removeprefix(prefix).removeprefix("."))

    def as_json(self) -> dict[str, str]:
        """Return the shape that APIs show."""
        return {"path": self.path, "message": self.message}


class CatalogError(Exception):
    """Anything that a caller did wrong."""


class Invalid(CatalogError):
    """The input is not acceptable; nothing was saved. `faults` lists every reason."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = list(faults)
        super().__init__("; ".join(f"{fault.path}: {fault.message}" for fault in self.faults))

    @classmethod
    def at(cls, path: str, message: str, *, is_missing: bool = False) -> Self:
        """Return the error for a single fault."""
        return cls([Fault(path, message, is_missing=is_missing)])


class NotFound(CatalogError):
    """What was asked for does not exist."""


class Conflict(CatalogError):
    """The request is fine in itself but clashes with what is stored."""


class HasDependents(Conflict):
    """Something else requires what was to be deleted."""
