"""What the command palette finds as somebody types: pages and entities, the likeliest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.db.models import Q
from django.urls import reverse

from catalog.models import Blueprint, Entity
from portal.dashboards.finding import address_of
from portal.dashboards.formats import many
from portal.dashboards.search_page import best_first
from portal.dashboards.shelf import visible_boards
from portal.dashboards.visitors import Visitor
from portal.permissions import Sight
from scorecards.models import Scorecard

MOST_ENTITIES = 8
MOST_OTHERS = 4


@dataclass(frozen=True)
class Hit:
    """A place to go to: what it is called, what it is, and an icon's name."""

    title: str
    kind: str
    link: str
    icon: str = ""


def hits_for(words: str, *, visitor: Visitor, sight: Sight) -> list[Hit]:
    """Return where these words may lead; four queries, none where there are no words."""
    if not words:
        return []
    return [*_entities(words, sight=sight), *_pages(words, visitor=visitor, sight=sight)]


def _entities(words: str, *, sight: Sight) -> Iterator[Hit]:
    found = Entity.objects.seen_in(sight).search(words)
    for entity in best_first(found, words)[:MOST_ENTITIES]:
        kind = entity.blueprint
        where = address_of(kind.identifier, entity.identifier)
        yield Hit(str(entity), kind.title, where, entity.icon or kind.icon or kind.identifier)


def _pages(words: str, *, visitor: Visitor, sight: Sight) -> Iterator[Hit]:
    cards = (
        Scorecard.objects.published().seen_in(sight).filter(_called(words)).order_by("title", "id")
    )
    for card in cards[:MOST_OTHERS]:
        yield Hit(card.title, "Scorecard", reverse("scorecard", args=[card.identifier]), "medal")
    boards = visible_boards(visitor).filter(_called(words)).defer("widgets")
    readable = filter(visitor.may_read, boards.order_by("title", "id"))
    for page in islice(readable, MOST_OTHERS):
        where = reverse("board", args=[page.identifier])
        yield Hit(str(page), "Dashboard", where, page.icon or "gauge")
    kinds = Blueprint.objects.exclude(pk__in=sight.hidden)
    kinds = kinds.filter(_called(words.removesuffix("s") or words))
    for kind in kinds.order_by("is_system", "title", "id")[:MOST_OTHERS]:
        where = reverse("catalog_table", args=[kind.identifier])
        yield Hit(many(kind.title), "Table", where, kind.icon or kind.identifier)


def _called(words: str) -> Q:
    query = Q()
    for word in words.split()[:10]:
        query &= Q(title__icontains=word) | Q(identifier__icontains=word)
    return query
