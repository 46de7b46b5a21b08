"""The scorecard document: how APIs, packs and forms say what a scorecard is. Parsing is pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from catalog import schemas
from catalog.conditions import ConditionError, check_properties
from catalog.conditions import parse as parse_query
from catalog.errors import Fault, Invalid
from catalog.storable import storable_faults
from scorecards.models import MAX_RULES, LevelColor, Scorecard

DEFAULT_LEVELS = (
    {"title": "Basic", "color": "paleBlue"},
    {"title": "Bronze", "color": "bronze"},
    {"title": "Silver", "color": "silver"},
    {"title": "Gold", "color": "gold"},
)
IDENTIFIER = {
    "type": "string",
    "minLength": 1,
    "maxLength": 100,
    "pattern": r"^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/=-]+$",
}
_QUERY = {"type": ["object", "null"]}
RULE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["identifier", "title", "level", "query"],
    "additionalProperties": False,
    "properties": {
        "identifier": IDENTIFIER,
        "title": {"type": "string", "minLength": 1, "maxLength": 200},
        "description": {"type": "string", "maxLength": 5_000},
        "how_to_fix": {"type": "string", "maxLength": 5_000},
        "level": {"type": "string"},
        "query": _QUERY,
        "filter": _QUERY,
        "evidence": _QUERY,
        "is_enabled": {"type": "boolean"},
        "in_force_from": {"type": ["string", "null"], "format": "date"},
        "owner": {"type": ["string", "null"]},
    },
}
SCORECARD_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["identifier", "title", "blueprints"],
    "additionalProperties": False,
    "properties": {
        "identifier": IDENTIFIER,
        "title": {"type": "string", "minLength": 1, "maxLength": 200},
        "description": {"type": "string", "maxLength": 5_000},
        "follows_catalog": {"type": "boolean"},
        "blueprints": {
            "type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True
        },
        "filter": _QUERY,
        "status": {"enum": list(Scorecard.Status.values)},
        "levels": {
            "type": "array",
            "minItems": 2,
            "maxItems": 20,
            "items": {
                "type": "object",
                "required": ["title", "color"],
                "additionalProperties": False,
                "properties": {
                    "title": {"type": "string", "minLength": 1, "maxLength": 100},
                    "color": {"enum": list(LevelColor.values)},
                },
            },
        },
        "rules": {"type": "array", "items": RULE_SCHEMA},
    },
}  # fmt: skip
# Of a scorecard that follows the catalog, whose document does not decide what it grades.
FOLLOWING_SCHEMA: dict[str, Any] = {
    **SCORECARD_SCHEMA,
    "required": ["identifier", "title"],
    "properties": {
        **SCORECARD_SCHEMA["properties"],
        "blueprints": {"type": "array", "items": {"type": "string"}},
    },
}
_VALIDATOR = schemas.validator_of(SCORECARD_SCHEMA)
_FOLLOWING_VALIDATOR = schemas.validator_of(FOLLOWING_SCHEMA)


@dataclass(frozen=True)
class Reach:
    """What the catalog comes to for a scorecard that follows it.

    `keys` are facts that its conditions may read whichever blueprints there are: a blueprint that
    has them may come any day.
    """

    blueprints: Collection[str]
    keys: Collection[str]


@dataclass(frozen=True)
class RuleDocument:
    """A rule as written: `level` by title, `owner` by team identifier; no `query` is *reported*."""

    identifier: str
    title: str
    description: str
    how_to_fix: str
    level: str
    query: Mapping[str, Any] | None
    filter: Mapping[str, Any] | None
    evidence: Mapping[str, Any] | None
    is_enabled: bool
    in_force_from: date | None
    owner: str | None


@dataclass(frozen=True)
class ScorecardDocument:
    """A scorecard as written, checked. Levels are (title, colour), lowest first.

    Of one that follows the catalog, `blueprints` are those that it comes to now.
    """

    identifier: str
    title: str
    description: str
    follows_catalog: bool
    blueprints: tuple[str, ...]
    filter: Mapping[str, Any] | None
    status: str
    levels: tuple[tuple[str, str], ...]
    rules: tuple[RuleDocument, ...]


def parse(
    raw: Mapping[str, Any], *, known_keys: Mapping[str, Collection[str]], reach: Reach | None = None
) -> ScorecardDocument:
    """Return the parsed scorecard; raises `Invalid` with every fault and its path.

    `known_keys` maps the identifiers of all blueprints to the keys of their entities' facts; a
    condition may name what any of the graded blueprints has. `reach` is that of a scorecard that
    follows the catalog.
    """
    follows = isinstance(raw, Mapping) and raw.get("follows_catalog") is True
    validator = _FOLLOWING_VALIDATOR if follows else _VALIDATOR
    found = storable_faults(raw) or schemas.faults(validator, raw)
    if found:
        raise Invalid(found)
    if follows:
        raw = {**raw, "blueprints": sorted(reach.blueprints) if reach else []}
    levels = tuple((item["title"], item["color"]) for item in raw.get("levels") or DEFAULT_LEVELS)
    found = [*_blueprint_faults(raw, known_keys), *_repeats(raw, levels)]
    if len(raw.get("rules", [])) > MAX_RULES:
        message = f"a scorecard holds at most {MAX_RULES} rules; split it into two scorecards"
        found.append(Fault("rules", message))
    keys = {key for name in raw["blueprints"] for key in known_keys.get(name, ())}
    if follows and reach:
        keys |= reach.keys
    found.extend(_query_faults(raw.get("filter"), "filter", keys))
    rules = tuple(
        _rule(item, at=f"rules[{index}]", levels=levels, keys=keys, found=found)
        for index, item in enumerate(raw.get("rules", []))
    )
    if found:
        raise Invalid(found)
    return ScorecardDocument(
        identifier=raw["identifier"],
        title=raw["title"],
        description=raw.get("description", ""),
        follows_catalog=follows,
        blueprints=tuple(raw["blueprints"]),
        filter=raw.get("filter"),
        status=raw.get("status", Scorecard.Status.PUBLISHED),
        levels=levels,
        rules=rules,
    )


def _blueprint_faults(
    raw: Mapping[str, Any], known: Mapping[str, Collection[str]]
) -> Iterator[Fault]:
    for index, name in enumerate(raw["blueprints"]):
        if name not in known:
            message = f"there is no blueprint '{name}'{_suggest(name, known)}"
            yield Fault(f"blueprints[{index}]", message, is_missing=True)


def _repeats(raw: Mapping[str, Any], levels: tuple[tuple[str, str], ...]) -> Iterator[Fault]:
    named = {
        "levels": [title for title, _ in levels],
        "rules": [rule["identifier"] for rule in raw.get("rules", [])],
    }
    for section, names in named.items():
        for index, name in enumerate(names):
            if name in names[:index]:
                yield Fault(f"{section}[{index}]", f"'{name}' stands twice; names must differ")


def _rule(
    item: Mapping[str, Any],
    *,
    at: str,
    levels: tuple[tuple[str, str], ...],
    keys: Collection[str],
    found: list[Fault],
) -> RuleDocument:
    titles = [title for title, _ in levels]
    if item["level"] not in titles:
        found.append(
            Fault(
                f"{at}.level",
                f"there is no level '{item['level']}'; choose one of {', '.join(titles[1:])}",
            )
        )
    elif item["level"] == titles[0]:
        found.append(
            Fault(
                f"{at}.level",
                f"'{titles[0]}' is where every entity starts and owns no rules; "
                f"choose one of {', '.join(titles[1:])}",
            )
        )
    found.extend(_query_faults(item["query"], f"{at}.query", keys))
    found.extend(_query_faults(item.get("filter"), f"{at}.filter", keys))
    found.extend(_query_faults(item.get("evidence"), f"{at}.evidence", keys))
    return RuleDocument(
        identifier=item["identifier"],
        title=item["title"],
        description=item.get("description", ""),
        how_to_fix=item.get("how_to_fix", ""),
        level=item["level"],
        query=item["query"],
        filter=item.get("filter"),
        evidence=item.get("evidence"),
        is_enabled=item.get("is_enabled", True),
        in_force_from=_day(item.get("in_force_from"), f"{at}.in_force_from", found),
        owner=item.get("owner"),
    )


def _day(text: str | None, at: str, found: list[Fault]) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        # JSON Schema's calendar has a year 0.
        found.append(Fault(at, f"there is no day '{text}'; write one like 2025-01-31"))
        return None


def _query_faults(raw: Mapping[str, Any] | None, at: str, keys: Collection[str]) -> Iterator[Fault]:
    if raw is None:
        return
    try:
        query = parse_query(raw, path=at)
    except ConditionError as error:
        yield from error.faults
        return
    yield from check_properties(query, keys, path=at, written=raw)


def _suggest(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
