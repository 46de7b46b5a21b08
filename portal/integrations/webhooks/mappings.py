"""Mappings: how a request that came in becomes entities. Pure.

A mapping is ``{"blueprint", "operation"?, "filter"?, "itemsToParse"?, "entity": {"identifier",
"title"?, "icon"?, "team"?, "properties"?, "relations"?}}``. Its texts are jq programs over
``{"body", "headers", "queryParams", "item"}``; the blueprint and the operation are plain. Where an
identifier stands there may be a search, ``{"combinator", "rules": [{"property", "operator",
"value"}]}``, whose texts are programs as well.

What a mapping asks for is worked out by one program over one document, whatever the number of
items: the document is sent and read once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from catalog.errors import Fault, Invalid
from portal.integrations.jq_bundles import attempt, bundle, program_faults, unbundled
from portal.integrations.jq_trees import Tree

MAX_ITEMS = 500
MAX_MAPPINGS = 100
OPERATIONS = ("create", "delete")
_ENTITY_KEYS = ("identifier", "title", "icon", "team", "properties", "relations")
# What may stand in a search as it is: no jq program looks like it.
_PLAIN = frozenset(["and", "or", "=", "in", "contains", "containsAny"])

_PROGRAM = """. as $given
| {items} as $list
| def answers: .key as $index | ($given + {{item: .value}}) | {filter} as $kept
    | if ($kept | length) > 1 then {{index: $index, filter: $kept[1]}}
      elif $kept[0] then {{index: $index, values: {bundle}}}
      else empty end;
if ($list | length) == 1 and ($list[0] | type) == "array" then
  {{total: ($list[0] | length), answers: [$list[0][:{limit}] | to_entries[] | answers]}}
elif $list == [null] then {{answers: []}}
elif ({filter} | .[0] | not) then {{answers: []}}
else {{problem: ($list[1] // "gives \\($list[0] | type), not a list")}} end"""


@dataclass(frozen=True)
class Problem:
    """Something that kept a mapping from doing all it was asked for.

    `mapping` is its position and `item` that of the item, None where it is about the whole.
    """

    mapping: int | None
    item: int | None
    path: str
    message: str

    def as_json(self) -> dict[str, Any]:
        """Return the shape in which events keep it."""
        return {key: value for key, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Wish:
    """One entity that a mapping asks for. `entity` holds the parts that have values."""

    mapping: int
    item: int | None
    blueprint: str
    is_delete: bool
    deletes_dependents: bool
    entity: dict[str, Any]


@dataclass(frozen=True)
class EntityMapping:
    """A mapping that was read; `position` is its place among those of its webhook."""

    position: int
    blueprint: str
    is_delete: bool
    deletes_dependents: bool
    filter: str
    items: str
    tree: Tree

    @property
    def program(self) -> str:
        """Return the program that gives all that the mapping asks for."""
        return _PROGRAM.format(
            items=attempt(self.items or "[null]"),
            filter=attempt(self.filter or "true"),
            bundle=bundle(self.tree.programs),
            limit=MAX_ITEMS,
        )

    def programs(self) -> dict[str, str]:
        """Return every program by its place below the mapping."""
        own = {"filter": self.filter, "itemsToParse": self.items}
        return {key: text for key, text in own.items() if text} | self.tree.named()

    def read(self, result: Any) -> tuple[list[Wish], list[Problem]]:
        """Return what the answer of the program asks for, and what is wrong with it."""
        # Through the same door as bundles: a program that was stopped has failed as a whole.
        is_sound = isinstance(result, dict)
        if not is_sound:
            (failure,) = unbundled(result, count=1)
            return [], [Problem(self.position, None, "", failure.message)]
        if "problem" in result:
            return [], [Problem(self.position, None, "itemsToParse", result["problem"])]
        wishes: list[Wish] = []
        problems: list[Problem] = []
        for answer in result["answers"]:
            self._read_answer(answer, wishes, problems)
        total = result.get("total", 0)
        if total > MAX_ITEMS:
            message = f"gives {total:,} items; those after the first {MAX_ITEMS} were left out"
            problems.append(Problem(self.position, None, "itemsToParse", message))
        return wishes, problems

    def _read_answer(
        self, answer: dict[str, Any], wishes: list[Wish], problems: list[Problem]
    ) -> None:
        item = answer["index"] if self.items else None
        if "filter" in answer:
            problems.append(Problem(self.position, item, "filter", answer["filter"]))
            return
        filled = self.tree.filled(unbundled(answer["values"], count=len(self.tree.programs)))
        problems.extend(
            Problem(self.position, item, fault.path, fault.message) for fault in filled.faults
        )
        wishes.append(
            Wish(
                mapping=self.position,
                item=item,
                blueprint=self.blueprint,
                is_delete=self.is_delete,
                deletes_dependents=self.deletes_dependents,
                entity=filled.value,
            )
        )


def parse_mappings(documents: Any) -> list[EntityMapping]:
    """Return the mappings that a JSON value describes.

    Raises `Invalid` with paths such as ``mappings[0].entity.identifier``. Programs are not compiled
    here, see `compile_faults`.
    """
    if documents is None:
        return []
    if not isinstance(documents, list) or len(documents) > MAX_MAPPINGS:
        raise Invalid.at("mappings", f"give a list of at most {MAX_MAPPINGS} mappings")
    faults: list[Fault] = []
    mappings = []
    for position, document in enumerate(documents):
        found: list[Fault] = []
        mappings.append(_mapping(position, document, found))
        faults.extend(fault.under(f"mappings[{position}]") for fault in found)
    if faults:
        raise Invalid(faults)
    return [mapping for mapping in mappings if mapping is not None]


def compile_faults(mappings: list[EntityMapping]) -> list[Fault]:
    """Return a fault for every program of these mappings that does not compile."""
    return program_faults(
        {
            f"mappings[{mapping.position}].{path}": program
            for mapping in mappings
            for path, program in mapping.programs().items()
        }
    )


def _mapping(position: int, document: Any, faults: list[Fault]) -> EntityMapping | None:
    if not isinstance(document, dict):
        faults.append(Fault("", "give an object"))
        return None
    blueprint = document.get("blueprint")
    if not isinstance(blueprint, str) or not blueprint:
        faults.append(Fault("blueprint", "name the blueprint of the entities, as a plain text"))
    for name in ("filter", "itemsToParse"):
        if not isinstance(document.get(name), str | None):
            faults.append(Fault(name, "give a jq program as a text"))
    is_delete, deletes_dependents = _operation(document.get("operation"), faults)
    tree = _tree(document.get("entity"), faults)
    if faults:
        return None
    return EntityMapping(
        position=position,
        blueprint=blueprint,
        is_delete=is_delete,
        deletes_dependents=deletes_dependents,
        filter=document.get("filter") or "",
        items=document.get("itemsToParse") or "",
        tree=tree,
    )


def _operation(raw: Any, faults: list[Fault]) -> tuple[bool, bool]:
    """Return whether it deletes, and whether it deletes what requires the deleted."""
    settings = raw if isinstance(raw, dict) else {"type": "create" if raw is None else raw}
    kind, dependents = settings.get("type"), settings.get("deleteDependents")
    if kind not in OPERATIONS:
        place = "operation.type" if isinstance(raw, dict) else "operation"
        faults.append(Fault(place, f"give one of: {', '.join(OPERATIONS)}"))
    if not isinstance(dependents, bool | None):
        faults.append(Fault("operation.deleteDependents", "give true or false"))
    return kind == "delete", dependents is not False


def _tree(entity: Any, faults: list[Fault]) -> Tree:
    tree = Tree({})
    if not isinstance(entity, dict):
        faults.append(Fault("entity", "give an object with the programs of an entity's parts"))
        return tree
    if not entity.get("identifier"):
        faults.append(Fault("entity.identifier", "give a program that returns the identifier"))
    for name in ("properties", "relations"):
        if not isinstance(entity.get(name) or {}, dict):
            faults.append(Fault(f"entity.{name}", "give an object"))
    for key, value in entity.items():
        if key in _ENTITY_KEYS and value is not None:
            tree.document[key] = _slots(value, f"entity.{key}", tree)
    return tree


def _slots(value: Any, path: str, tree: Tree) -> Any:
    """Return the value with a slot in the place of every program."""
    match value:
        case str():
            return tree.slot(path, [value], itemgetter(0))
        case dict() if is_search(value):
            return dict(_search_slots(value, path, tree))
        case dict():
            return {key: _slots(item, f"{path}.{key}", tree) for key, item in value.items()}
        case list():
            return [_slots(item, f"{path}[{at}]", tree) for at, item in enumerate(value)]
    return value


def is_search(value: Any) -> bool:
    """Say whether a value that stands for an identifier is a search."""
    return isinstance(value, dict) and "combinator" in value and "rules" in value


def _search_slots(search: dict[str, Any], path: str, tree: Tree) -> Iterator[tuple[str, Any]]:
    for key, item in search.items():
        if isinstance(item, str) and _is_plain(item):
            yield key, item
        elif key == "rules" and isinstance(item, list):
            rules = [
                dict(_search_slots(rule, f"{path}.rules[{at}]", tree))
                if isinstance(rule, dict)
                else rule
                for at, rule in enumerate(item)
            ]
            yield key, rules
        else:
            yield key, _slots(item, f"{path}.{key}", tree)


def _is_plain(text: str) -> bool:
    return text in _PLAIN or text.removeprefix("$").isidentifier() and text.startswith("$")
