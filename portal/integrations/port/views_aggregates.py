"""Numbers over entities: at once, by interval, and of the past of one entity."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import Invalid
from portal.integrations.port.aggregating import aggregated, distributed, read_aggregation
from portal.integrations.port.answers import success
from portal.integrations.port.intervals import labelled, read_timeline
from portal.integrations.port.over_time import combined, counted, read_names, remembered
from portal.integrations.port.reading import body_text
from portal.integrations.port.rules import EVERYTHING
from portal.integrations.port.searching import understand
from portal.integrations.port.views_entities import EntityBase, find_entity


class AggregateView(EntityBase):
    """``/entities/aggregate``: a number, or with ``countValues`` how many have which value."""

    reading_methods = ("POST",)

    def post(self, request: Request) -> Response:
        """Work out one number over what the query finds."""
        body, now = self.body(), timezone.now()
        search = understand(
            body.get("query", EVERYTHING), now=now, rights=self.rights, path="query"
        )
        if body.get("func") == "countValues":
            return success(result=distributed(search.entities(), body))
        wanted = read_aggregation(body)
        return success(result=aggregated(search.entities(), wanted, now=now))


class AggregateOverTimeView(EntityBase):
    """``/entities/aggregate-over-time``: numbers by interval over a span of time."""

    reading_methods = ("POST",)

    def post(self, request: Request) -> Response:
        """Work out a number, or one for each value or property, for each interval."""
        body, now = self.body(), timezone.now()
        row = self.blueprint(body_text(body, "blueprint"))
        timeline = read_timeline(body, now=now)
        search = understand(
            body.get("query") or EVERYTHING,
            now=now,
            rights=self.rights,
            blueprint=row.identifier,
            path="query",
        )
        kinds = {"countEntities": counted, "aggregatePropertiesValues": combined}
        kind = body.get("aggregationType", "countEntities")
        if kind not in kinds:
            raise Invalid.at("aggregationType", f"give one of {', '.join(kinds)}")
        values = kinds[kind](search.entities(), timeline, body)
        return success(result=labelled(timeline, values))


class PropertiesHistoryView(EntityBase):
    """``/entities/properties-history``: what properties of one entity were."""

    reading_methods = ("POST",)

    def post(self, request: Request) -> Response:
        """Show the values at the end of each interval."""
        body = self.body()
        row = self.blueprint(body_text(body, "blueprintIdentifier"))
        entity = find_entity(row, body_text(body, "entityIdentifier"))
        timeline = read_timeline(body, now=timezone.now())
        values = remembered(entity, read_names(body, "propertyNames"), timeline)
        return success(result=labelled(timeline, values))
