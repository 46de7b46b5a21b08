"""Outcomes over REST: what is reported for rules without a query."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils import timezone
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import Fault, Invalid
from portal.api.viewsets import ApiViewSet
from scorecards import operations
from scorecards.api import openapi
from scorecards.api.serializers import ReportedOutcomeSerializer
from scorecards.filtersets import OutcomeFilterSet
from scorecards.models import Outcome, Scorecard
from scorecards.operations import OutcomeReport

REQUIRED = ("rule", "blueprint", "entity", "state")
# Shown with an outcome and not for clients to set; accepted and passed over.
READ_ONLY = frozenset(["id", "reported_at", "reported_by"])


@openapi.OUTCOMES
class OutcomeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """What was last reported, one row per rule and entity. A second report replaces the first."""

    queryset = Outcome.objects.with_names()
    serializer_class = ReportedOutcomeSerializer
    filterset_class = OutcomeFilterSet
    lookup_value_regex = "[0-9]{1,18}"

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Report one outcome, or many of one scorecard: all of them, or none."""
        body = self.body()
        if "outcomes" in body:
            return self._report_many(body)
        return self._report_one(body)

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Take an outcome back: then nothing is reported, and the rule does not count."""
        ids = [self.get_object().pk]
        operations.withdraw_outcomes(outcome_ids=ids, by=self.actor, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _report_many(self, body: Mapping[str, Any]) -> Response:
        scorecard = scorecard_of(body.get("scorecard"))
        receipt = self._report(scorecard, _batch_of(body))
        return Response({name: getattr(receipt, name) for name in _COUNTS})

    def _report_one(self, body: Mapping[str, Any]) -> Response:
        scorecard = scorecard_of(body.get("scorecard"))
        report = _report_of(body, scorecard.identifier)
        try:
            receipt = self._report(scorecard, [report])
        except Invalid as error:
            raise Invalid(fault.out_of("outcomes[0]") for fault in error.faults) from None
        row = self.get_queryset().get(
            rule__scorecard=scorecard,
            rule__identifier=report.rule,
            entity__blueprint__identifier=report.blueprint,
            entity__identifier=report.entity,
        )
        code = status.HTTP_201_CREATED if receipt.created else status.HTTP_200_OK
        return Response(self.get_serializer(row).data, status=code)

    def _report(self, scorecard: Scorecard, reports: list[OutcomeReport]) -> operations.Receipt:
        return operations.report_outcomes(
            scorecard=scorecard, reports=reports, by=self.actor, now=timezone.now()
        )


_COUNTS = ("created", "updated", "unchanged")


def scorecard_of(name: Any) -> Scorecard:
    """Return the scorecard that a body names; raises `Invalid`."""
    if not isinstance(name, str):
        raise Invalid.at("scorecard", "give the identifier of a scorecard")
    found = Scorecard.objects.filter(identifier=name).first()
    if found is None:
        raise Invalid.at("scorecard", f"there is no scorecard '{name}'", is_missing=True)
    return found


def _batch_of(body: Mapping[str, Any]) -> list[OutcomeReport]:
    items = body["outcomes"]
    if not isinstance(items, list):
        raise Invalid.at("outcomes", "give a list of outcomes")
    unknown = sorted(body.keys() - {"scorecard", "outcomes"})
    if unknown:
        raise Invalid.at(unknown[0], "there is no such field; there are: outcomes, scorecard")
    reports, faults = [], []
    for index, item in enumerate(items):
        try:
            reports.append(_report_of(item, body["scorecard"]))
        except Invalid as error:
            faults.extend(fault.under(f"outcomes[{index}]") for fault in error.faults)
    if faults:
        raise Invalid(faults)
    return reports


def _report_of(item: Any, scorecard: str) -> OutcomeReport:
    faults = list(_faults(item, scorecard))
    if faults:
        raise Invalid(faults)
    return OutcomeReport(**{name: item[name] for name in REQUIRED}, remark=item.get("remark") or "")


def _faults(item: Any, scorecard: str) -> Iterator[Fault]:
    if not isinstance(item, dict):
        yield Fault("", "give an object")
        return
    known = {"scorecard", "remark", *REQUIRED}
    for key in sorted(item.keys() - known - READ_ONLY):
        yield Fault(key, f"there is no such field; there are: {', '.join(sorted(known))}")
    if item.get("scorecard", scorecard) != scorecard:
        yield Fault("scorecard", f"the batch is of '{scorecard}'; send others on their own")
    for name in REQUIRED:
        if not isinstance(item.get(name), str):
            yield Fault(name, "give a text")
    if not isinstance(item.get("remark"), str | None):
        yield Fault("remark", "give a text, or leave it out")
