"""Exported JSON: what kind of thing each document is, and what is adapted before it is taken. Pure.

A file holds one thing, a list of things, or an object of lists, as exports and answers have them:
``{"blueprints": [...], "scorecards": [...], "entities": [...]}``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from catalog.errors import Invalid

# In the order in which they are taken.
KINDS = ("blueprint", "entity", "scorecard", "page")
LEFT_OUT = "left out"
_PAGE_TYPES = ("dashboard", "blueprint-entities", "entity", "home")
# Only with an average: other exports have them beside a count, where they say nothing.
_AVERAGE_KEYS = ("averageOf", "measureTimeBy")
_TYPES = {"integer": "number", "date": "string", "enum": "string"}


@dataclass(frozen=True)
class Item:
    """One thing of an export. `place` names the file and where in it; `notes` what was adapted."""

    kind: str
    place: str
    body: Mapping[str, Any]
    notes: tuple[str, ...] = field(default=())

    def adapted(self, note: str, **changes: Any) -> "Item":
        """Return the thing with other parts, and why."""
        return replace(self, body={**self.body, **changes}, notes=(*self.notes, note))


def read_export(raw: Any, *, place: str, blueprint: str | None = None) -> Iterator[Item]:
    """Yield what a file holds; raises `Invalid` for what is nothing that is known.

    `blueprint` is that of scorecards which do not say whose they are.
    """
    match raw:
        case list():
            for index, item in enumerate(raw):
                yield from read_export(item, place=f"{place}[{index}]", blueprint=blueprint)
        case dict() if sections := [key for key in raw if _section_kind(key, raw[key])]:
            for key in sections:
                kind = _section_kind(key, raw[key])
                bodies = raw[key] if isinstance(raw[key], list) else [raw[key]]
                for index, body in enumerate(bodies):
                    yield _item(kind, body, f"{place}.{key}[{index}]", blueprint)
            yield from _left_out(raw, sections, place)
        case dict():
            yield _item(_kind_of(raw, place), raw, place, blueprint)
        case _:
            raise Invalid.at(place, "is neither an object nor a list")


def _left_out(raw: Mapping[str, Any], sections: list[str], place: str) -> Iterator[Item]:
    """Yield a note for every other list of an export."""
    for key, value in raw.items():
        if key not in sections and isinstance(value, list) and value:
            note = f"{len(value):,} {key} are left out: this import does not know them"
            yield Item(LEFT_OUT, f"{place}.{key}", {}, (note,))


def _section_kind(key: str, value: Any) -> str:
    """Return the kind that a key such as ``blueprints`` or ``blueprint`` holds; empty for none."""
    for kind in KINDS:
        plural = "entities" if kind == "entity" else f"{kind}s"
        if (key == plural and isinstance(value, list)) or (key == kind and isinstance(value, dict)):
            return kind
    return ""


def _kind_of(body: Mapping[str, Any], place: str) -> str:
    if body.get("type") in _PAGE_TYPES and ("widgets" in body or "blueprint" in body):
        return "page"
    if isinstance(body.get("rules"), list):
        return "scorecard"
    if isinstance(body.get("schema"), dict):
        return "blueprint"
    if "identifier" in body and isinstance(body.get("blueprint"), str):
        return "entity"
    raise Invalid.at(
        place, "is neither a blueprint, a scorecard, a page nor an entity with its blueprint"
    )


def _item(kind: str, body: Any, place: str, blueprint: str | None) -> Item:
    if not isinstance(body, dict):
        raise Invalid.at(place, f"is no {kind}: give an object")
    item = Item(kind, place, body)
    if kind == "scorecard" and body.get("blueprint") is None and blueprint is not None:
        item = replace(item, body={**body, "blueprint": blueprint})
    return item


def adapt(item: Item) -> Item:
    """Return the thing as it can be taken, with a note for each change."""
    adapter = _ADAPTERS.get(item.kind)
    return adapter(item) if adapter else item


def _blueprint(item: Item) -> Item:
    definitions = item.body.get("aggregationProperties")
    for key, definition in (definitions if isinstance(definitions, dict) else {}).items():
        item = _counting(item, key, definition)
    schema = item.body.get("schema")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    for key, definition in (properties if isinstance(properties, dict) else {}).items():
        kind = definition.get("type") if isinstance(definition, dict) else None
        if isinstance(kind, str) and kind in _TYPES:
            typed = {**definition, "type": _TYPES[kind]}
            whole = {**item.body["schema"]["properties"], key: typed}
            item = item.adapted(
                f"the type of '{key}' is {_TYPES[kind]}: there is no {kind}",
                schema={**item.body["schema"], "properties": whole},
            )
    return item


def _counting(item: Item, key: str, definition: Any) -> Item:
    spec = definition.get("calculationSpec") if isinstance(definition, dict) else None
    if not isinstance(spec, dict) or spec.get("func") != "count":
        return item
    extra = [name for name in _AVERAGE_KEYS if name in spec]
    if not extra:
        return item
    kept = {name: value for name, value in spec.items() if name not in extra}
    whole = {
        **item.body["aggregationProperties"],
        key: {**definition, "calculationSpec": kept},
    }
    note = f"'{key}' counts, so that {' and '.join(extra)} says nothing: left out"
    return item.adapted(note, aggregationProperties=whole)


def _scorecard(item: Item) -> Item:
    if "levels" in item.body and item.body["levels"] is None:
        item = item.adapted("has no levels: has Basic, Bronze, Silver and Gold", levels=[])
        item = replace(item, body={k: v for k, v in item.body.items() if k != "levels"})
    if "filter" in item.body and item.body["filter"] is None:
        item = replace(item, body={k: v for k, v in item.body.items() if k != "filter"})
    return _with_levels_of_rules(item)


def _with_levels_of_rules(item: Item) -> Item:
    """Return a scorecard with the levels that its rules name and that it lacks, on top."""
    levels, rules = item.body.get("levels"), item.body.get("rules")
    if not isinstance(levels, list) or not isinstance(rules, list):
        return item
    titles = [level.get("title") for level in levels if isinstance(level, dict)]
    named = [rule.get("level") for rule in rules if isinstance(rule, dict)]
    for title in dict.fromkeys(name for name in named if isinstance(name, str)):
        if title not in titles:
            levels = [*levels, {"title": title, "color": "lightGray"}]
            item = item.adapted(f"rules name the level '{title}': added on top", levels=levels)
    return item


def _page(item: Item) -> Item:
    count = 0

    def whole(value: Any) -> Any:
        nonlocal count
        match value:
            case dict():
                found = {key: whole(inner) for key, inner in value.items()}
                if isinstance(found.get("dataset"), list):
                    count += 1
                    found["dataset"] = {"combinator": "and", "rules": found["dataset"]}
                return found
            case list():
                return [whole(inner) for inner in value]
        return value

    widgets = whole(item.body.get("widgets", []))
    if not count:
        return item
    return item.adapted(f"{count} datasets were lists of rules: all must hold", widgets=widgets)


_ADAPTERS = {"blueprint": _blueprint, "scorecard": _scorecard, "page": _page}


def numbers_in_rules(item: Item, number_keys: frozenset[str]) -> Item:
    """Return a scorecard in whose rules numbers are not quoted where the property is a number."""
    rules = item.body.get("rules")
    for index, rule in enumerate(rules if isinstance(rules, list) else []):
        conditions = rule.get("query", {}).get("conditions") if _has_query(rule) else None
        if not isinstance(conditions, list):
            continue
        numbered = [_numbered(condition, number_keys) for condition in conditions]
        if numbered != conditions:
            changed = {**rule, "query": {**rule["query"], "conditions": numbered}}
            item = item.adapted(
                f"rule '{rule.get('identifier')}' compared a number with text: now with a number",
                rules=[*item.body["rules"][:index], changed, *item.body["rules"][index + 1 :]],
            )
    return item


def _has_query(rule: Any) -> bool:
    return isinstance(rule, dict) and isinstance(rule.get("query"), dict)


def _numbered(condition: Any, number_keys: frozenset[str]) -> Any:
    match condition:
        case {"property": str() as key, "value": str() as text} if key in number_keys:
            try:
                number = float(text)
            except ValueError:
                return condition
            if number not in (float("inf"), float("-inf")) and number == number:
                return {**condition, "value": int(number) if number.is_integer() else number}
    return condition
