"""JSON documents whose texts are jq programs, and how they become documents of values. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from catalog.errors import Fault
from portal.integrations.jq_bundles import Failure


class _Mark:
    """A value that no JSON document holds."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


# In the place of a value: it goes out of the document together with its key.
DROPPED: Final[Any] = _Mark("DROPPED")
# In the place of a key: the pairs of the value take the place of this one.
SPREAD: Final[Any] = _Mark("SPREAD")


@dataclass(frozen=True)
class Slot:
    """A place in a document that the values of some programs fill.

    `programs` are their positions among those of the tree; `join` makes one value of theirs.
    """

    path: str
    programs: tuple[int, ...]
    join: Callable[[list[Any]], Any]


@dataclass(frozen=True)
class Filled:
    """A document of values, and what is wrong with those that are not in it."""

    value: Any
    faults: list[Fault]


@dataclass
class Tree:
    """A document with slots, the programs that fill them, and the places they stand at.

    With `drops_null` a pair goes whose value was worked out and is null.
    """

    document: Any
    programs: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    drops_null: bool = False

    def slot(self, path: str, programs: Sequence[str], join: Callable[[list[Any]], Any]) -> Slot:
        """Return a new slot for what these programs give."""
        first = len(self.programs)
        self.programs.extend(programs)
        self.places.extend([path] * len(programs))
        return Slot(path, tuple(range(first, first + len(programs))), join)

    def named(self) -> dict[str, str]:
        """Return the programs by the place of each, for telling which does not compile."""
        counts: dict[str, int] = {}
        named: dict[str, str] = {}
        for place, program in zip(self.places, self.programs, strict=True):
            counts[place] = counts.get(place, 0) + 1
            named[place if counts[place] == 1 else f"{place} ({counts[place]})"] = program
        return named

    def filled(self, values: Sequence[Any]) -> Filled:
        """Return the document with the values in their slots; what failed is left out and told."""
        filling = _Filling(values, self.drops_null)
        return Filled(filling.fill(self.document), filling.faults)


class _Filling:
    def __init__(self, values: Sequence[Any], drops_null: bool) -> None:
        self.values, self.drops_null = values, drops_null
        self.faults: list[Fault] = []

    def fill(self, node: Any) -> Any:
        match node:
            case Slot():
                return self._fill_slot(node)
            case dict():
                return dict(self._pairs(node))
            case list():
                return [value for item in node if (value := self.fill(item)) is not DROPPED]
        return node

    def _fill_slot(self, slot: Slot) -> Any:
        found = [self.values[position] for position in slot.programs]
        failures = [value for value in found if isinstance(value, Failure)]
        if failures:
            self.faults.extend(Fault(slot.path, failure.message) for failure in failures)
            return DROPPED
        return slot.join(found)

    def _pairs(self, node: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
        for key, item in node.items():
            value = self.fill(item)
            if value is None and isinstance(item, Slot) and self.drops_null:
                continue
            name = self.fill(key)
            if name is SPREAD and isinstance(value, dict):
                yield from value.items()
            elif name is SPREAD and value not in (None, DROPPED):
                place = item.path if isinstance(item, Slot) else ""
                self.faults.append(Fault(place, "only an object can be spread"))
            elif name not in (SPREAD, DROPPED, None) and value is not DROPPED:
                yield str(name), value
