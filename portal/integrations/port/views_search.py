"""Searches: over the whole catalog at once, over a blueprint page by page, and by datasource."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.conditions.values import as_moment
from catalog.errors import Invalid
from catalog.models import Entity
from portal.integrations.port.answers import success
from portal.integrations.port.derived import DERIVED, search_derived
from portal.integrations.port.entities import show
from portal.integrations.port.entities_codec import Shape, shaped
from portal.integrations.port.listing import found_at_once, page_of
from portal.integrations.port.reading import body_text
from portal.integrations.port.rules import EVERYTHING, as_query
from portal.integrations.port.searching import Search, understand
from portal.integrations.port.views_entities import EntityBase, EntityView

DATASOURCE_PAGE_AT_MOST = 5_000


class SearchView(EntityBase):
    """``/entities/search``: the query is the body."""

    reading_methods = ("POST",)

    def post(self, request: Request) -> Response:
        """Find entities of any blueprint."""
        body, now = self.body(), timezone.now()
        search = understand(body, now=now, rights=self.rights, path="")
        found, is_whole = found_at_once(
            search.entities(), may_cut=self.flag("allow_partial_results")
        )
        shown = [*self.shown(*found), *self._derived(search, now)]
        names = sorted({entity["blueprint"] for entity in shown})
        return success(
            entities=shown,
            matchingBlueprints=names,
            # Those of which not all that was found is shown.
            failedBlueprints=[] if is_whole else names,
        )

    def _derived(self, search: Search, now: datetime) -> list[dict[str, Any]]:
        """Return what is found of the blueprints that nothing is stored of, where it names one."""
        found = []
        for name in sorted(DERIVED & (search.blueprints or frozenset())):
            query = as_query(search.tree, path="")
            found += search_derived(
                name, query=query, now=now, rights=self.rights, limit=None, after=None
            )[0]
        shape = self.shape()
        return [shaped(entity, shape) for entity in found]


class BlueprintSearchView(EntityView):
    """``/blueprints/<blueprint>/entities/search``: that address is also an entity's."""

    reading_methods = ("POST",)

    def post(self, request: Request, blueprint: str, entity: str) -> Response:
        """Find entities of the blueprint, a page at a time."""
        row, body = self.blueprint(blueprint), self.body()
        query = body.get("query")
        search = understand(
            EVERYTHING if query is None else query,
            now=timezone.now(),
            rights=self.rights,
            blueprint=row.identifier,
            path="query",
        )
        found, cursor = page_of(search.entities(), limit=body.get("limit"), after=body.get("from"))
        shape = search_shape(self, body)
        has_titles = self.flag("attach_title_to_relation")
        entities = show(found, shape, rights=self.rights, has_titles=has_titles)
        return success(entities=entities, next=cursor)


def search_shape(view: EntityBase, body: dict[str, Any]) -> Shape:
    """Return which parts a search asks for, in its body or beside it; raises `Invalid`."""
    return Shape.of(
        _names(body, "include") or view.names("include"),
        _names(body, "exclude") or view.names("exclude"),
        has_computed=not view.flag("exclude_calculated_properties"),
    )


def _names(body: dict[str, Any], key: str) -> list[str]:
    names = body.get(key)
    if names is None:
        return []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Invalid.at(key, "give a list of names")
    return names


class DatasourceView(EntityBase):
    """``/blueprints/entities/datasource-entities``: what a client wrote last, and how long ago."""

    reading_methods = ("POST",)

    def post(self, request: Request) -> Response:
        """Find the entities whose datasource begins and ends so, and that were not changed since.

        Clients delete what they find here and did not bring this time: so what was written again
        without a change is found, and was brought.
        """
        body = self.body()
        rows = Entity.objects.filter(
            datasource__startswith=body_text(body, "datasource_prefix", default=""),
            datasource__endswith=body_text(body, "datasource_suffix", default=""),
        )
        rows = rows.readable_by(self.rights)
        if (before := _moment(body, "before")) is not None:
            rows = rows.filter(updated_at__lt=before)
        found, cursor = page_of(
            rows,
            limit=body.get("limit"),
            after=body.get("from"),
            most=DATASOURCE_PAGE_AT_MOST,
        )
        entities = [
            {"identifier": row.identifier, "blueprint": row.facts["$blueprint"]} for row in found
        ]
        return success(entities=entities, next=cursor)


def _moment(body: dict[str, Any], key: str) -> datetime | None:
    value = body.get(key)
    if value is None:
        return None
    moment = as_moment(value)
    if moment is None:
        raise Invalid.at(key, "give a date and time like 2026-01-31T12:00:00.000Z")
    return moment
