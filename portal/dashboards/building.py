"""What a request for a table says about the filter builder, and what the page shows of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.http import QueryDict
from django_filters import FilterSet

from catalog import registry
from catalog.forms_rows import Unreadable
from catalog.forms_subjects import subjects_of
from catalog.models import Blueprint
from portal.dashboards import advanced
from portal.dashboards.builder import (
    OPEN,
    PARAMETERS,
    WHERE,
    Builder,
    Sent,
    address_of,
    builder_of,
    sent_in,
)
from portal.dashboards.builder_offers import Offers
from portal.dashboards.filtersets import LevelFilter
from portal.dashboards.querystring import QueryString
from scorecards.models import Scorecard


@dataclass(frozen=True)
class Building:
    """What was asked for: the address that says it, or what is wrong with the rows.

    `query` is what to show meanwhile: rows that cannot be read have no effect.
    """

    query: QueryString
    address: str = ""
    sent: Sent | None = None
    faults: list[str] = field(default_factory=list)
    is_open: bool = False

    @property
    def here(self) -> str:
        """Return the parameters of this page, without the fields that forms send empty."""
        is_shown = self.is_open and not self.faults
        pairs = (*self.query.pairs, (WHERE, OPEN)) if is_shown else self.query.pairs
        return str(replace(self.query, pairs=pairs))

    def form(self, blueprint: Blueprint, filterset: FilterSet) -> Builder:
        """Return the builder for the page, with one query at most."""
        cards = {
            name: item.scorecard
            for name, item in filterset.filters.items()
            if isinstance(item, LevelFilter)
        }
        known = {name: "" for name in cards if name not in filterset.errors}
        query = QueryString(
            tuple(pair for pair in self.query.pairs if pair[0] in known or pair[0] == advanced.NAME)
        )
        return builder_of(query, _offers(blueprint, cards), sent=self.sent)


def building_of(blueprint: Blueprint, data: QueryDict, query: QueryString) -> Building:
    """Return what an address says to the builder of a blueprint's table."""
    sent = sent_in(data)
    if sent is None:
        pairs = tuple(pair for pair in query.pairs if pair[0] != WHERE)
        return Building(replace(query, pairs=pairs), is_open=data.get(WHERE) == OPEN)
    cards = Scorecard.objects.grading(blueprint.pk).prefetch_related("levels")
    offers = _offers(blueprint, {f"level.{card.identifier}": card for card in cards})
    try:
        return Building(query, address=str(address_of(sent, query, offers)))
    except Unreadable as error:
        shown = query.without(*PARAMETERS, advanced.NAME)
        return Building(shown, sent=sent, faults=error.messages, is_open=True)


def _offers(blueprint: Blueprint, cards: Mapping[str, Scorecard]) -> Offers:
    return Offers(subjects_of(registry.graph(), [blueprint.identifier]), cards)
