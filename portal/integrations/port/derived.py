"""Scorecards, their rules and their results as entities of blueprints that nobody has to make.

None of them is stored as an entity: they are read out of scorecards and evaluations, and what is
written to them is written to scorecards (see `derived_writing`). Where `rights` are given, what
these may not read is left out.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from catalog.conditions import Query
from catalog.facts import timestamp
from catalog.models import Blueprint
from portal.integrations.port.cursors import cursor_of, position_of
from portal.integrations.port.derived_blueprints import (
    DERIVED,
    RULE,
    RULE_RESULT,
    SCORECARD,
    documents,
    property_keys,
)
from portal.integrations.port.derived_definitions import Definitions, Facts
from portal.integrations.port.derived_names import result_name
from portal.integrations.port.derived_narrowing import of_name
from portal.integrations.port.derived_results import add_late_facts, evaluations_of, results_of
from portal.integrations.port.derived_search import page_of_definitions, page_of_results
from portal.permissions import SYSTEM, Rights, sight_with
from scorecards.models import Scorecard

__all__ = ["DERIVED", "derived_blueprint", "derived_blueprints", "find_derived", "search_derived"]


def derived_blueprint(identifier: str, *, rights: Rights | None = None) -> dict[str, Any] | None:
    """Return the document of a derived blueprint; None where there is none so called."""
    if identifier not in DERIVED:
        return None
    return next(
        item for item in derived_blueprints(rights=rights) if item["identifier"] == identifier
    )


def derived_blueprints(*, rights: Rights | None = None) -> list[dict[str, Any]]:
    """Return the documents of all derived blueprints, with two queries.

    Results have a relation to every blueprint that a scorecard grades.
    """
    portal = Blueprint.objects.filter(is_system=True).order_by("id").first()
    at = timestamp(portal.created_at) if portal else None
    stamps = {
        "createdAt": at,
        "createdBy": SYSTEM.label,
        "updatedAt": at,
        "updatedBy": SYSTEM.label,
    }
    return [{**document, **stamps} for document in _documents(rights).values()]


def find_derived(
    blueprint: str, identifier: str, *, now: datetime, rights: Rights | None = None
) -> dict[str, Any] | None:
    """Return a derived entity as clients see it; None where there is none so called."""
    facts = _find(blueprint, identifier, Definitions(rights))
    return None if facts is None else _Presenter(blueprint, rights).present(facts)


def search_derived(
    blueprint: str,
    *,
    query: Query | None,
    now: datetime,
    limit: int | None,
    after: str | None,
    rights: Rights | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return derived entities that a query holds for, and the cursor of the next page, if any.

    Without a `limit` they are all returned; raises `Invalid` where these are too many. A page may
    hold fewer than `limit`, even none, where a long stretch was gone through for nothing: the last
    page is the one without a cursor. `after` is what came with the page before; raises `Invalid`.
    """
    definitions = Definitions(rights)
    if blueprint == RULE_RESULT:
        found, last = page_of_results(
            query,
            definitions,
            now=now,
            limit=limit,
            after=position_of(after, length=3),
        )
    else:
        found, last = page_of_definitions(
            definitions.facts(blueprint),
            query,
            now=now,
            limit=limit,
            after=position_of(after, length=1),
        )
    presenter = _Presenter(blueprint, rights)
    return list(map(presenter.present, found)), cursor_of(last)


def _find(blueprint: str, identifier: str, definitions: Definitions) -> Facts | None:
    if blueprint == SCORECARD:
        card = definitions.scorecard_named(identifier)
        return definitions.scorecard_facts(card) if card else None
    if blueprint == RULE:
        rule = definitions.rule_named(identifier)
        return definitions.rule_facts(rule) if rule else None
    name = result_name(identifier)
    if name is None:
        return None
    evaluations = evaluations_of(of_name(name) & definitions.readable, after=None, limit=1)
    found = [
        result
        for result in results_of(evaluations, definitions)
        if result.facts["$identifier"] == identifier
    ]
    add_late_facts(found)
    return found[0].facts if found else None


class _Presenter:
    """Shows derived entities of one blueprint; what has no value is null."""

    def __init__(self, blueprint: str, rights: Rights | None) -> None:
        document = _documents(rights)[blueprint]
        self.properties = property_keys(document)
        self.relations = list(document["relations"])

    def present(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "identifier": facts["$identifier"],
            "blueprint": facts["$blueprint"],
            "title": facts["$title"],
            "icon": facts["$icon"],
            "team": facts["$team"],
            "properties": {key: facts.get(key) for key in self.properties},
            "relations": {key: facts.get(f"relation#{key}") for key in self.relations},
            **{key: facts[f"${key}"] for key in _STAMPS},
        }


_STAMPS = ("createdAt", "createdBy", "updatedAt", "updatedBy")


def _documents(rights: Rights | None) -> dict[str, dict[str, Any]]:
    published = Scorecard.objects.published().values("blueprints")
    graded = sight_with(rights).narrow(Blueprint.objects.filter(pk__in=published), via="pk")
    return documents(dict(graded.order_by("identifier").values_list("identifier", "title")))
