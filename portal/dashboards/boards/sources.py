"""What the widgets of a board read of the catalog, loaded once for all of them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from itertools import islice
from typing import Any

from django.urls import reverse

from catalog.conditions import ConditionError, Query, check_properties
from catalog.conditions import parse as parse_query
from catalog.errors import Fault
from catalog.models import TEAM, USER, Blueprint, Entity
from catalog.querysets import EntityQuerySet
from portal.dashboards.advanced import fact_keys, titles_of
from portal.dashboards.boards.datasets import Dataset, dataset_of
from portal.dashboards.boards.subjects import Kind, Subject
from portal.dashboards.finding import as_seen
from portal.dashboards.properties import Property, properties_of
from portal.dashboards.querystring import QueryString
from portal.permissions import Sight
from scorecards.models import Rule, Scorecard


class Undrawable(Exception):
    """A widget cannot be drawn; the message names the place and the way out."""


class NotThere(Undrawable):
    """What a widget is about is not there, or not yet: a page may come before it."""


@dataclass(frozen=True)
class About:
    """A blueprint with what widgets may name of it. Scorecards have their parts."""

    blueprint: Blueprint
    properties: Mapping[str, Property]
    scorecards: Mapping[str, Scorecard]

    def scorecard(self, identifier: str) -> Scorecard:
        """Return a scorecard that grades the blueprint; raises `Undrawable`."""
        found = self.scorecards.get(identifier)
        if found is None:
            names = ", ".join(sorted(self.scorecards)) or "none"
            raise NotThere(
                f"no published scorecard '{identifier}' grades {self.blueprint.identifier}; "
                f"there are: {names}"
            )
        return found

    def rule(self, subject: Subject) -> Rule:
        """Return the rule that is named; raises `Undrawable`."""
        rules = self.scorecard(subject.scorecard).rules.all()
        found = next((rule for rule in rules if rule.identifier == subject.key), None)
        if found is None:
            raise NotThere(f"'{subject.scorecard}' has no rule '{subject.key}'")
        return found

    def title_of(self, subject: Subject) -> str:
        """Return what people call what is named; raises `Undrawable` where it is not there."""
        match subject.kind:
            case Kind.SCORECARD:
                return self.scorecard(subject.key).title
            case Kind.RULE:
                return self.rule(subject).title
            case Kind.OWNER:
                return "Owner"
            case Kind.META:
                return subject.key.removeprefix("$")
            case Kind.RELATION:
                return self._relation(subject.key)
        return self.property(subject.key).title

    def property(self, key: str) -> Property:
        """Return a property of the blueprint; raises `Undrawable`."""
        if key not in self.properties:
            close = get_close_matches(key, list(self.properties), n=1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            raise self.lacking(f"{self.blueprint.identifier} has no property '{key}'{hint}")
        return self.properties[key]

    def lacking(self, message: str) -> Undrawable:
        """Return the error for a name that the blueprint does not have.

        Blueprints of our own are there from the start, and get their properties later.
        """
        return NotThere(message) if self.blueprint.is_system else Undrawable(message)

    def _relation(self, key: str) -> str:
        if key not in self.blueprint.relations:
            raise self.lacking(f"{self.blueprint.identifier} has no relation '{key}'")
        return str(self.blueprint.relations[key].get("title") or key)


@dataclass(frozen=True)
class Scope:
    """The entities that a widget is about, and what it may name of them."""

    about: About
    dataset: Dataset
    entities: EntityQuerySet

    def table(self, *conditions: Mapping[str, Any], levels: Mapping[str, str] | None = None) -> str:
        """Return the address of the table of these entities, narrowed further."""
        rules = [*([] if self.dataset.is_everything else [self.dataset.query]), *conditions]
        query = QueryString(tuple((f"level.{key}", title) for key, title in (levels or {}).items()))
        if rules:
            query = query.having("query", json.dumps({"combinator": "and", "conditions": rules}))
        where = reverse("catalog_table", args=[self.about.blueprint.identifier])
        return f"{where}{query if query.pairs else ''}"


class Sources:
    """The blueprints and scorecards that some widgets name; six queries, however many."""

    def __init__(
        self, widgets: Iterable[Mapping[str, Any]], *, now: datetime, sight: Sight
    ) -> None:
        self.now = now
        self.sight = sight
        names = {name for widget in widgets for name in _named(widget)}
        rows = Blueprint.objects.filter(identifier__in=names)
        blueprints = [as_seen(row, sight) for row in rows]
        cards = list(
            Scorecard.objects.published()
            .filter(blueprints__in=blueprints)
            .distinct()
            .with_parts()
            .order_by("title", "id")
        )
        self._about = {row.identifier: _about(row, cards) for row in blueprints}

    @cached_property
    def teams(self) -> Mapping[str, str]:
        """Return the titles of all teams."""
        rows = Entity.objects.all_of(TEAM).order_by("title", "id")
        return dict(rows.values_list("identifier", "title"))

    def about(self, identifier: str) -> About:
        """Return a blueprint; raises `Undrawable`."""
        if not identifier:
            raise Undrawable("name a blueprint")
        if identifier not in self._about:
            raise NotThere(f"there is no blueprint '{identifier}'")
        if not self.sight.sees(identifier):
            who = "log in to see people" if identifier == USER else "you may not see this"
            raise NotThere(who)
        return self._about[identifier]

    def scope(self, widget: Mapping[str, Any]) -> Scope:
        """Return what a widget, or a line of one, is about; raises `Undrawable`."""
        dataset = dataset_of(widget)
        about = self.about(dataset.blueprint)
        entities = Entity.objects.filter(blueprint=about.blueprint)
        if dataset.is_everything:
            return Scope(about, dataset, entities)
        query = _query_of(dataset.query, about)
        return Scope(about, dataset, entities.matching(query, now=self.now))

    def entity(self, blueprint: Any, identifier: Any) -> Entity:
        """Return an entity that a widget names; raises `Undrawable`."""
        about = self.about(str(blueprint or ""))
        rows = Entity.objects.filter(blueprint=about.blueprint, identifier=str(identifier or ""))
        found = rows.select_related("blueprint").first()
        if found is None:
            raise NotThere(f"there is no {about.blueprint.identifier} '{identifier}'")
        return found


def _query_of(raw: Mapping[str, Any], about: About) -> Query:
    try:
        query = parse_query(raw, path="dataset", allow_empty=True)
    except ConditionError as error:
        raise Undrawable(_in_words(error.faults))
    keys = fact_keys(titles_of(about.blueprint, about.properties))
    unknown = list(check_properties(query, keys, path="dataset", written=raw))
    if unknown:
        raise about.lacking(_in_words(unknown))
    return query


def _in_words(faults: Iterable[Fault]) -> str:
    return "; ".join(f"{fault.path}: {fault.message}" for fault in islice(faults, 3))


def _named(widget: Mapping[str, Any]) -> Iterator[str]:
    """Yield the blueprints that a widget names, wherever it does."""
    yield dataset_of(widget).blueprint
    if isinstance(widget.get("blueprintIdentifier"), str):
        yield widget["blueprintIdentifier"]
    lines = widget.get("lines")
    for line in lines if isinstance(lines, list) else []:
        if isinstance(line, Mapping):
            yield dataset_of(line).blueprint


def _about(blueprint: Blueprint, cards: Iterable[Scorecard]) -> About:
    grading = [card for card in cards if blueprint in card.blueprints.all()]
    return About(
        blueprint=blueprint,
        properties=properties_of(blueprint),
        scorecards={card.identifier: card for card in grading},
    )
