"""The advanced filter of a table: conditions typed as JSON. No query."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog.conditions import META_PROPERTIES, Group, Query, describe, dump, title_of
from portal.dashboards.properties import Property

if TYPE_CHECKING:
    from catalog.models import Blueprint

NAME = "query"
RELATION = "relation#"
MOST_WORDS = 160
MOST_FAULTS = 5
# Each condition that can be lifted is a link with all others in it.
MOST_PARTS = 8


@dataclass(frozen=True)
class Advanced:
    """What the field holds and says: the text, what is wrong with it, and what can be asked."""

    text: str
    faults: list[str]
    titles: Mapping[str, str]

    @property
    def shown_faults(self) -> list[str]:
        """Return the first faults: mending those mends many others."""
        return self.faults[:MOST_FAULTS]

    @property
    def more_faults(self) -> int:
        """Return how many faults are not shown."""
        return len(self.faults) - len(self.shown_faults)

    @property
    def properties(self) -> list[tuple[str, str]]:
        """Return the properties that conditions can name, with their titles."""
        own = [pair for pair in self.titles.items() if not pair[0].startswith(RELATION)]
        return [*own, *((key, title_of(key, {}).capitalize()) for key in META_PROPERTIES)]

    @property
    def relations(self) -> list[tuple[str, str]]:
        """Return the relations that conditions can name, with their titles."""
        pairs = self.titles.items()
        return [(key.removeprefix(RELATION), it) for key, it in pairs if key.startswith(RELATION)]

    @property
    def example(self) -> str:
        """Return a query that can be asked here."""
        named = self.properties[0][0]
        conditions = [
            {"property": named, "operator": "isNotEmpty"},
            {"property": "$updatedAt", "operator": "between", "value": {"preset": "lastMonth"}},
        ]
        return json.dumps({"combinator": "and", "conditions": conditions}, indent=2)


def titles_of(blueprint: "Blueprint", properties: Mapping[str, Property]) -> dict[str, str]:
    """Return what people call the keys of an entity's facts."""
    relations = {
        f"{RELATION}{key}": item.get("title") or key for key, item in blueprint.relations.items()
    }
    return {**{key: item.title for key, item in properties.items()}, **relations}


def fact_keys(titles: Iterable[str]) -> Collection[str]:
    """Return every key that a condition may name."""
    return frozenset([*titles, *META_PROPERTIES])


@dataclass(frozen=True)
class Part:
    """One condition of a query, and as JSON the query without it."""

    query: Query
    rest: str


def parts_of(query: Query) -> list[Part]:
    """Return the conditions of a query that can be lifted one by one: a few that all must hold."""
    nodes = query.root.conditions
    if query.root.combinator != "and" or not 1 < len(nodes) <= MOST_PARTS:
        return []
    return [
        Part(
            Query(Group("and", (node,))),
            json.dumps(
                dump(Query(Group("and", (*nodes[:at], *nodes[at + 1 :])))),
                separators=(",", ":"),
                ensure_ascii=False,
            ),
        )
        for at, node in enumerate(nodes)
    ]


def in_words(query: Query, titles: Mapping[str, str]) -> str:
    """Say what a query asks for, as far as it fits a chip."""
    return clipped(describe(query, titles=titles))


def clipped(text: str) -> str:
    """Return as much of a text as fits a chip."""
    return text if len(text) <= MOST_WORDS else f"{text[:MOST_WORDS].rstrip()}…"
