"""Delivery events: deployments, failures, and what became of changes."""

from django.http import Http404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import Entity
from portal.integrations.datadog import dora_codec, dora_events, dora_reading
from portal.integrations.datadog.change_failures import mark_deployment
from portal.integrations.datadog.views import DatadogView


def _accepted() -> Response:
    return Response({"data": None}, status=202)


def _received(entity: Entity, type_: str) -> Response:
    return Response({"data": {"id": entity.identifier, "type": type_}})


def _one(entity: Entity | None) -> Entity:
    if entity is None:
        raise Http404
    return entity


class NewDeployment(DatadogView):
    """Receive a deployment."""

    needs_only_api_key = True
    asks_of_objects = True

    def post(self, request: Request) -> Response:
        """Create it, or change the one that is meant."""
        event = dora_codec.read_deployment(self.attributes())
        entity = dora_events.record_deployment(event=event, by=self.actor, now=timezone.now())
        return _received(entity, dora_codec.DEPLOYMENT)


class NewFailure(DatadogView):
    """Receive a failure."""

    needs_only_api_key = True
    asks_of_objects = True

    def post(self, request: Request) -> Response:
        """Create it, or change the one that is meant."""
        event = dora_codec.read_failure(self.attributes())
        entity = dora_events.record_failure(event=event, by=self.actor, now=timezone.now())
        return _received(entity, dora_codec.FAILURE)


class Deployments(DatadogView):
    """The deployments."""

    reading_methods = ("POST",)
    asks_of_objects = True

    def post(self, request: Request) -> Response:
        """List those that are asked for."""
        attributes = self.attributes(type_="dora_deployments_list_request")
        rows = dora_reading.deployments(dora_codec.read_list(attributes), rights=self.rights)
        return Response({"data": [dora_codec.show_deployment(row.facts) for row in rows]})

    def patch(self, request: Request) -> Response:
        """Say whether the newest deployment of a version failed."""
        attributes = self.attributes(type_=dora_codec.PATCH)
        mark = dora_codec.read_mark(attributes, is_full=True)
        service, env, version = dora_codec.read_version(attributes)
        found = dora_reading.newest_deployment(
            service=service, env=env, version=version, rights=self.rights
        )
        mark_deployment(deployment=_one(found), mark=mark, by=self.actor, now=timezone.now())
        return _accepted()


class OneDeployment(DatadogView):
    """A deployment, by its id."""

    asks_of_objects = True

    def get(self, request: Request, id_: str) -> Response:
        """Show it."""
        entity = _one(dora_reading.deployment(id_, rights=self.rights))
        return Response({"data": dora_codec.show_deployment(entity.facts)})

    def patch(self, request: Request, id_: str) -> Response:
        """Say whether it failed. The id in the address counts, whatever the body repeats."""
        mark = dora_codec.read_mark(self.attributes(type_=dora_codec.PATCH))
        found = _one(dora_reading.deployment(id_, rights=self.rights))
        mark_deployment(deployment=found, mark=mark, by=self.actor, now=timezone.now())
        return _accepted()

    def delete(self, request: Request, id_: str) -> Response:
        """Delete it, if it is there."""
        entity = dora_reading.deployment(id_, rights=self.rights)
        if entity is not None:
            dora_events.delete_deployment(entity=entity, by=self.actor, now=timezone.now())
        return _accepted()


class Failures(DatadogView):
    """The failures."""

    reading_methods = ("POST",)

    def post(self, request: Request) -> Response:
        """List those that are asked for."""
        attributes = self.attributes(type_="dora_failures_list_request")
        rows = dora_reading.failures(dora_codec.read_list(attributes), rights=self.rights)
        return Response({"data": [dora_codec.show_failure(row.facts) for row in rows]})


class OneFailure(DatadogView):
    """A failure, by its id."""

    asks_of_objects = True

    def get(self, request: Request, id_: str) -> Response:
        """Show it."""
        entity = _one(dora_reading.failure(id_, rights=self.rights))
        return Response({"data": dora_codec.show_failure(entity.facts)})

    def delete(self, request: Request, id_: str) -> Response:
        """Delete it, if it is there."""
        entity = dora_reading.failure(id_, rights=self.rights)
        if entity is not None:
            dora_events.delete_failure(entity=entity, by=self.actor, now=timezone.now())
        return _accepted()
