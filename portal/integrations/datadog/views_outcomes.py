"""Outcomes: listed, and taken in to be applied later or at once."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import Invalid
from catalog.models import Blueprint
from portal.integrations.datadog import ids
from portal.integrations.datadog.entity_names import EntityName, name_of, name_of_service
from portal.integrations.datadog.field_sets import cut
from portal.integrations.datadog.outcomes import (
    list_outcomes,
    outcomes_about,
    reported_rules,
    said_of,
)
from portal.integrations.datadog.outcomes_codec import (
    STATES,
    Shown,
    present_outcome,
    present_rules,
    read_results,
)
from portal.integrations.datadog.paging import links, page_of
from portal.integrations.datadog.rule_filters import rules_of_outcomes
from portal.integrations.datadog.views import DatadogView
from scorecards import operations
from scorecards.models import Rule
from scorecards.operations import MAX_BATCH, MAX_REPORTS

TYPE = "batched-outcome"
# Clients that send no size get so many, as they always did.
PAGE_SIZE = 100


class Outcomes(DatadogView):
    """All outcomes, and the way in that answers before it applies."""

    asks_of_objects = True

    def get(self, request: Request) -> Response:
        """List a page of outcomes."""
        parameters = request.query_params
        page = page_of(parameters, default=PAGE_SIZE, largest=PAGE_SIZE)
        shown = list_outcomes(
            page=page,
            rules=rules_of_outcomes(self),
            rights=self.rights,
            entity=self._entity(),
            state=self._state(),
        )
        fields = self.parameter("fields[outcome]")
        answer: dict[str, Any] = {
            "data": [cut(present_outcome(outcome), fields) for outcome in shown],
            "links": links(request.path, parameters.dict(), page),
        }
        if "rule" in self.parameter("include").split(","):
            answer["included"] = self._included(shown)
        return Response(answer)

    def post(self, request: Request) -> Response:
        """Accept results: checked now, applied after the answer."""
        sent = read_results(_attributes(self), key="entity_reference", most=MAX_BATCH)
        rules = reported_rules(sent)
        if any(item.rule_id not in rules for item in sent):
            # In the words that clients know, and none besides.
            fault = {"status": "409", "title": "Invalid rule_id"}
            return Response({"errors": [fault]}, status=status.HTTP_409_CONFLICT)
        now = timezone.now()
        with transaction.atomic():
            said = said_of(sent, rules, by=self.actor, now=now)
            batch = operations.accept_outcomes(said=said, by=self.actor, now=now)
        answer = {
            "data": {"id": ids.batch_id(batch.pk), "type": "async-request"},
            "meta": {"total_received": len(sent)},
        }
        return Response(answer, status=status.HTTP_202_ACCEPTED)

    def _entity(self) -> EntityName | None:
        name = self.parameter("filter[outcome][service_name]")
        if not name:
            return None
        # As outcomes show it: the name of a service, or the reference of anything else.
        other = name_of(name)
        if other is not None and Blueprint.objects.filter(identifier=other.kind).exists():
            return other
        return name_of_service(name)

    def _state(self) -> str:
        state = self.parameter("filter[outcome][state]")
        if state and state not in STATES:
            raise Invalid.at("filter[outcome][state]", f"give one of {', '.join(STATES)}")
        return state

    def _included(self, shown: list[Shown]) -> list[dict[str, Any]]:
        rules = Rule.objects.filter(pk__in={outcome.rule_id for outcome in shown})
        rows = rules.order_by("id").values_list("id", "title", "scorecard__title")
        fields = self.parameter("fields[rule]")
        return [cut(rule, fields) for rule in present_rules(rows)]


class OutcomesBatch(DatadogView):
    """The older way in, of services only, which applies before it answers."""

    asks_of_objects = True

    def post(self, request: Request) -> Response:
        """Take results in, and show what has become of them."""
        sent = read_results(_attributes(self), key="service_name", most=MAX_REPORTS)
        rules = reported_rules(sent)
        for item in sent:
            if item.rule_id not in rules:
                raise Invalid.at("", f"rule not found: {item.rule_id}")
        now = timezone.now()
        with transaction.atomic():
            said = said_of(sent, rules, by=self.actor, now=now)
            operations.check_reporter(set(rules.values()), by=self.actor)
            operations.record_outcomes(said=said, by=self.actor.label, reported_at=now, now=now)
        shown = outcomes_about(said.keys())
        meta = {"total_received": len(sent), "total_updated": len(shown)}
        return Response({"data": [present_outcome(outcome) for outcome in shown], "meta": meta})


def _attributes(view: DatadogView) -> dict[str, Any]:
    """Return the attributes of a batch, whose type may be left out."""
    is_typed = "type" in view.data()
    return view.attributes(type_=TYPE if is_typed else None)
