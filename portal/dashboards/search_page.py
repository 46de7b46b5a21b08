"""Search over all blueprints, by name."""

from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, Q, Value, When

from catalog.models import Blueprint, Entity
from catalog.querysets import EntityQuerySet
from portal.dashboards.querystring import QueryString
from portal.permissions import Sight

PAGE_SIZE = 25


@dataclass(frozen=True)
class Facet:
    """How much was found of one blueprint, with the link to that alone."""

    title: str
    count: int
    link: str
    is_current: bool


@dataclass(frozen=True)
class SearchPage:
    """Everything the page of a search shows."""

    words: str
    facets: list[Facet]
    page: Page
    query: QueryString

    @property
    def total(self) -> int:
        """Return how many entities were found."""
        return self.page.paginator.count


def search_page(query: QueryString, *, sight: Sight) -> SearchPage:
    """Return what an address searches for; nothing where it names no words."""
    words = query.get("q")
    found = Entity.objects.seen_in(sight).search(words) if words else Entity.objects.none()
    facets = _facets(found, query)
    blueprint = next((facet for facet in facets[1:] if facet.is_current), None)
    chosen = found.of(query.get("blueprint")) if blueprint else found
    page = Paginator(best_first(chosen, words), PAGE_SIZE).get_page(query.get("page"))
    return SearchPage(words=words, facets=facets, page=page, query=query)


def _facets(found: EntityQuerySet, query: QueryString) -> list[Facet]:
    counts = list(
        found.values_list("blueprint__identifier", "blueprint__title")
        .annotate(count=Count("id"))
        .order_by("count", "blueprint__title")
    )
    current = query.get("blueprint")
    is_known = any(identifier == current for identifier, _, _ in counts)
    total = sum(count for _, _, count in counts)
    return [
        Facet("All", total, str(query.without("blueprint")), is_current=not is_known),
        *(
            Facet(title, count, str(query.having("blueprint", identifier)), identifier == current)
            for identifier, title, count in counts
        ),
    ]


def best_first(found: EntityQuerySet, words: str) -> EntityQuerySet:
    """Order by how well the name fits: the very name, then how it begins, then the rest.

    What scorecards grade comes before what happens to it: a service before its deployments.
    """
    exactly = Q(identifier__iexact=words) | Q(title__iexact=words)
    begins = Q(identifier__istartswith=words) | Q(title__istartswith=words)
    graded = Blueprint.objects.filter(scorecards__status="published").values("pk")
    return (
        found.select_related("blueprint")
        .defer("properties", "computed", "problems")
        .order_by(_first(exactly), _first(Q(blueprint__in=graded)), _first(begins), "title", "id")
    )


def _first(condition: Q) -> Case:
    return Case(When(condition, then=Value(0)), default=Value(1))
