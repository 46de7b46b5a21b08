"""Numbers over entities: at once, by interval, and of the past of one entity."""

from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.conditions.nodes import RELATION_PREFIX
from catalog.errors import Invalid
from portal.integrations.port.aggregating import aggregated, distributed, read_aggregation
from portal.integrations.port.answers import success
from portal.integrations.port.intervals import labelled, read_timeline
from portal.integrations.port.over_time import combined, counted, read_names, remembered
from portal.integrations.port.reading import body_text
from portal.integrations.port.rules import EVERYTHING
from portal.integrations.port.searching import understand
from portal.integrations.port.views_entities import EntityBase, find_entity


class AggregateBase(EntityBase):
    """What the views of numbers share."""

    def body(self) -> dict[str, Any]:
        """Return the body; raises `Invalid` where it names what facts keep of hidden entities."""
        body = super().body()
        names = body.get("propertyNames")
        listed = names if isinstance(names, list) else []
        for name in (body.get("property"), body.get("breakdownProperty"), *listed):
            if self.rights.hidden and isinstance(name, str) and name.startswith(RELATION_PREFIX):
                raise Invalid.at("", f"'{name}' is no property; name the relation as one")
        return body


class AggregateView(AggregateBase):
    """``/entities/aggregate``: a number, or with ``countValues`` how many have which value."""

    reading_methods = ("POST",)

    def post(self, request: Request) -> Response:
        """Work out one number over what the query finds."""
        body, now = self.body(), timezone.now()
        search = understand(
            body.get("query", EVERYTHING), now=now, rights=self.rights, path="query"
        )
        if body.get("func") == "countValues":
            return success(result=distributed(search.entities(), body, rights=self.rights))
        wanted = read_aggregation(body)
        return success(result=aggregated(search.entities(), wanted, now=now))


class AggregateOverTimeView(AggregateBase):
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


class PropertiesHistoryView(AggregateBase):
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
