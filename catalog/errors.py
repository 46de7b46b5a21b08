"""What operations raise. Each surface has one handler that turns these into its own answer."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong with what was sent: `path` names the place, `message` the way out."""

    path: str
    message: str

    def under(self, prefix: str) -> "Fault":
        """Return the same fault, seen from a document that holds this one at `prefix`."""
        separator = "" if not self.path or self.path.startswith("[") else "."
        return Fault(f"{prefix}{separator}{self.path}", self.message)

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
    def at(cls, path: str, message: str) -> "Invalid":
        """Return the error for a single fault."""
        return cls([Fault(path, message)])


class NotFound(CatalogError):
    """What was asked for does not exist."""


class Conflict(CatalogError):
    """The request is fine in itself but clashes with what is stored."""


class HasDependents(Conflict):
    """Something else requires what was to be deleted."""
