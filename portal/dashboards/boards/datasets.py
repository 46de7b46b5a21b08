"""Which entities a widget is about: a blueprint, and conditions on its entities. Pure.

A dataset is a query, or, in older documents, a plain list of rules that all must hold; the
blueprint stands beside it, or in it as a rule on ``$blueprint``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

EVERYTHING: Mapping[str, Any] = {"combinator": "and", "rules": []}


@dataclass(frozen=True)
class Dataset:
    """A blueprint by identifier, empty where none is named, and a query."""

    blueprint: str
    query: Mapping[str, Any]

    @property
    def is_everything(self) -> bool:
        """Say whether every entity of the blueprint is meant."""
        return not rules_of(self.query)


def dataset_of(widget: Mapping[str, Any]) -> Dataset:
    """Return what a widget, or a line of one, is about."""
    raw = widget.get("dataset")
    if not isinstance(raw, Mapping | list):
        raw = EVERYTHING
    query = {"combinator": "and", "rules": raw} if isinstance(raw, list) else raw
    named = widget.get("blueprint")
    if isinstance(named, str) and named:
        return Dataset(named, query)
    found = next(_blueprints_in(query), "")
    return Dataset(found, _without_blueprint(query))


def rules_of(query: Mapping[str, Any]) -> list[Any]:
    """Return the parts of a group, by whichever name it has them."""
    rules = query.get("rules", query.get("conditions"))
    return rules if isinstance(rules, list) else []


def both(first: Mapping[str, Any], second: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the query that two queries hold."""
    parts = [part for part in (first, second) if rules_of(part)]
    if len(parts) == 2:
        return {"combinator": "and", "rules": parts}
    return parts[0] if parts else EVERYTHING


def _blueprints_in(query: Mapping[str, Any]) -> Iterator[str]:
    for rule in rules_of(query):
        if _is_about_blueprint(rule):
            value = rule.get("value")
            yield value[0] if isinstance(value, list) and value else str(value)


def _without_blueprint(query: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = [rule for rule in rules_of(query) if not _is_about_blueprint(rule)]
    return {"combinator": query.get("combinator", "and"), "rules": kept}


def _is_about_blueprint(rule: Any) -> bool:
    return isinstance(rule, Mapping) and rule.get("property") == "$blueprint"
