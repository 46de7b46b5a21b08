"""What the forms of widgets offer to choose from: blueprints, and what each of them has."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from catalog import registry
from catalog.forms_rows import Subjects
from catalog.forms_subjects import subjects_of
from catalog.models import Blueprint, Entity
from portal.dashboards.boards.sources import About, Sources, Undrawable
from portal.dashboards.boards.subjects import Kind, Subject
from portal.dashboards.properties import Origin, Property
from portal.permissions import Sight

# Groups of choices, or choices without groups.
Choices = list[Any]
Spelling = Callable[[Property], str]
MOST_SUGGESTIONS = 100
MOMENTS = ("date-time", "timer")
_PREFIXES = {
    Origin.GIVEN: "property",
    Origin.MIRROR: "mirror-property",
    Origin.CALCULATION: "calculation-property",
    Origin.AGGREGATION: "aggregation-property",
}


def charted(prop: Property) -> str:
    """Return how charts write a property."""
    return f"{_PREFIXES[prop.origin]}#{prop.identifier}"


def bare(prop: Property) -> str:
    """Return how numbers and columns write a property."""
    return prop.identifier


def lined(prop: Property) -> str:
    """Return how lines write a property."""
    return f"properties.{prop.identifier}"


def identity(subject: Subject) -> tuple[Kind, str, str]:
    """Return what is the same however a document writes it: ``team`` and ``$team`` are one."""
    return subject.kind, subject.fact or subject.key, subject.scorecard


class Desk:
    """What can be chosen, for forms about some blueprints; a handful of queries, however many."""

    def __init__(self, blueprints: Iterable[str], *, now: datetime, sight: Sight) -> None:
        self.sight = sight
        widgets = [{"blueprint": name} for name in blueprints]
        self.sources = Sources(widgets, now=now, sight=sight)

    @cached_property
    def blueprints(self) -> list[tuple[str, str]]:
        """Return all blueprints that may be chosen, those of our own last."""
        rows = Blueprint.objects.order_by("is_system", "title", "id")
        found = rows.values_list("identifier", "title")
        return [pair for pair in found if self.sight.sees(pair[0])]

    def about(self, identifier: str) -> About | None:
        """Return a blueprint, if it is there."""
        try:
            return self.sources.about(identifier)
        except Undrawable:
            return None

    def conditions(self, identifier: str) -> Subjects:
        """Return what conditions on the entities of a blueprint can be about."""
        return subjects_of(registry.graph(), [identifier])

    def entities(self, identifier: str) -> list[tuple[str, str]]:
        """Return the first entities of a blueprint, to suggest."""
        about = self.about(identifier)
        if about is None:
            return []
        rows = Entity.objects.filter(blueprint=about.blueprint).order_by("title", "id")
        return list(rows.values_list("identifier", "title")[:MOST_SUGGESTIONS])


def groups(about: About | None, write: Spelling = charted) -> Choices:
    """Return what entities can be counted by: values, owners, relations, levels and results."""
    if about is None:
        return []
    return _filled(
        [
            (_("Scorecards"), _scorecards(about)),
            (_("About the entity"), _owner(about, "$team")),
            (_("Properties"), _properties(about, write, _is_short)),
            (_("Relations"), _relations(about)),
            *_rules(about),
        ]
    )


def shares(about: About | None) -> Choices:
    """Return what the counts of a line can be split by."""
    if about is None:
        return []
    relations = [(f"relations.{key}", title) for key, title in _named_relations(about)]
    return _filled(
        [
            (_("About the entity"), _owner(about, "$team")),
            (_("Properties"), _properties(about, lined, _is_short)),
            (_("Relations"), relations),
        ]
    )


def numbers(about: About | None, write: Spelling = bare) -> Choices:
    """Return the properties that are numbers."""
    if about is None:
        return []
    return _properties(about, write, lambda prop: prop.is_number)


def moments(about: About | None) -> Choices:
    """Return the dates by which entities can be placed in time."""
    stamps = [("$createdAt", _("Created")), ("$updatedAt", _("Updated"))]
    if about is None:
        return [(_("About the entity"), stamps)]
    dated = _properties(about, lined, lambda prop: prop.format in MOMENTS)
    return _filled([(_("About the entity"), stamps), (_("Properties"), dated)])


def columns(about: About | None) -> Choices:
    """Return the columns that a table can have beside the name, as tables write them."""
    if about is None:
        return []
    stamps = [("$createdAt", _("Created")), ("$updatedAt", _("Updated"))]
    return _filled(
        [
            (_("Scorecards"), _scorecards(about)),
            (_("Properties"), _properties(about, bare, lambda prop: True)),
            (_("Relations"), _relations(about)),
            (_("About the entity"), [*_owner(about, "team"), *stamps]),
            *_rules(about),
        ]
    )


def groupings(about: About | None) -> Choices:
    """Return what the rows of a table can be grouped by."""
    if about is None:
        return []
    return _filled(
        [
            (_("Scorecards"), _scorecards(about)),
            (_("About the entity"), _owner(about, "team")),
            (_("Properties"), _properties(about, bare, _is_short)),
            (_("Relations"), _relations(about)),
        ]
    )


def _filled(choices: Choices) -> Choices:
    return [(title, items) for title, items in choices if items]


def _is_short(prop: Property) -> bool:
    return not prop.is_long


def _properties(
    about: About, write: Spelling, fits: Callable[[Property], bool]
) -> list[tuple[str, str]]:
    found = (prop for prop in about.properties.values() if fits(prop))
    return [(write(prop), prop.title) for prop in found]


def _owner(about: About, name: str) -> list[tuple[str, str]]:
    return [(name, _("Owner"))] if about.blueprint.ownership else []


def _relations(about: About) -> list[tuple[str, str]]:
    return [(f"relation#{key}", title) for key, title in _named_relations(about)]


def _named_relations(about: About) -> Iterator[tuple[str, str]]:
    for key, item in about.blueprint.relations.items():
        yield key, str(item.get("title") or key)


def _scorecards(about: About) -> list[tuple[str, str]]:
    return [(f"scorecard#{card.identifier}", card.title) for card in about.scorecards.values()]


def _rules(about: About) -> Choices:
    return [
        (
            _("Rules of %(scorecard)s") % {"scorecard": card.title},
            [
                (f"scorecard-rule#{card.identifier}#{rule.identifier}", rule.title)
                for rule in card.rules.all()
            ],
        )
        for card in about.scorecards.values()
    ]
