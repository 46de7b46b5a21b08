"""Outcomes over REST: what is reported for rules without a query."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import Fault, Invalid
from portal.api.viewsets import ApiViewSet
from portal.permissions import Rights
from scorecards import operations
from scorecards.api import openapi
from scorecards.api.serializers import (
    AcceptedBatchSerializer,
    PastOutcomeSerializer,
    ReportedOutcomeSerializer,
)
from scorecards.filtersets import (
    OutcomeBatchFilterSet,
    OutcomeFilterSet,
    PastOutcomeFilterSet,
)
from scorecards.models import Outcome, OutcomeBatch, PastOutcome, Scorecard
from scorecards.operations import OutcomeReport

REQUIRED = ("rule", "blueprint", "entity", "state")
# Shown with an outcome and not for clients to set; accepted and passed over.
READ_ONLY = frozenset(["id", "created_at", "reported_at", "reported_by"])


@openapi.OUTCOMES
class OutcomeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """What was last reported, one row per rule and entity. A second report replaces the first."""

    queryset = Outcome.objects.with_names()
    serializer_class = ReportedOutcomeSerializer
    filterset_class = OutcomeFilterSet
    asks_of_objects = True
    via = "entity__blueprint"
    lookup_value_regex = "[0-9]{1,18}"

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Report one outcome, or many: all of them, or none; later, where that is asked for."""
        body = self.body()
        is_async = _taken_flag(body)
        if "outcomes" not in body:
            if is_async:
                raise Invalid.at("is_async", "is for a list of outcomes; send them in 'outcomes'")
            return self._report_one(body)
        reports = _batch_of(body, rights=self.rights)
        if is_async:
            return self._accept(reports)
        receipt = self._report(reports)
        return Response({name: getattr(receipt, name) for name in _COUNTS})

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Take an outcome back: then nothing is reported, and the rule does not count."""
        ids = [self.get_object().pk]
        operations.withdraw_outcomes(outcome_ids=ids, by=self.actor, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, serializer_class=PastOutcomeSerializer, filterset_class=None)
    def history(self, request: Request, **kwargs: Any) -> Response:
        """List what an outcome said before, newest first."""
        outcome = self.get_object()
        rows = PastOutcome.objects.with_names().filter(
            rule=outcome.rule_id, entity=outcome.entity_id
        )
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def _accept(self, reports: list[OutcomeReport]) -> Response:
        batch = operations.receive_outcomes(reports=reports, by=self.actor, now=timezone.now())
        # As it is now: where there is no queue, it may be done already.
        batch.refresh_from_db()
        data = AcceptedBatchSerializer(batch).data
        return Response(data, status=status.HTTP_202_ACCEPTED)

    def _report_one(self, body: Mapping[str, Any]) -> Response:
        scorecard = scorecard_of(body.get("scorecard"), rights=self.rights)
        report = _report_of(body, scorecard.identifier)
        try:
            receipt = self._report([report])
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

    def _report(self, reports: list[OutcomeReport]) -> operations.Receipt:
        return operations.report_outcomes(reports=reports, by=self.actor, now=timezone.now())


@openapi.OUTCOME_BATCHES
class OutcomeBatchViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """What became of the outcomes that were accepted to be applied later, newest first."""

    queryset = OutcomeBatch.objects.defer("reports").order_by("-id")
    serializer_class = AcceptedBatchSerializer
    filterset_class = OutcomeBatchFilterSet
    lookup_value_regex = "[0-9]{1,18}"

    def readable(self, rows: QuerySet) -> QuerySet:
        """Leave to who may not read everything their own: batches tell of any entity."""
        if not self.rights.hidden:
            return rows
        return rows.filter(reported_by=self.request.user.get_username())


@openapi.PAST_OUTCOMES
class PastOutcomeViewSet(mixins.ListModelMixin, ApiViewSet):
    """What outcomes said until others took their place or they were withdrawn, newest first."""

    queryset = PastOutcome.objects.with_names()
    serializer_class = PastOutcomeSerializer
    filterset_class = PastOutcomeFilterSet
    via = "entity__blueprint"


_COUNTS = ("created", "updated", "unchanged")


def scorecard_of(name: Any, *, rights: Rights) -> Scorecard:
    """Return the scorecard that a body names, of those that may be read; raises `Invalid`."""
    if not isinstance(name, str):
        raise Invalid.at("scorecard", "give the identifier of a scorecard")
    found = Scorecard.objects.readable_by(rights).filter(identifier=name).first()
    if found is None:
        raise Invalid.at("scorecard", f"there is no scorecard '{name}'", is_missing=True)
    return found


def _taken_flag(body: dict[str, Any]) -> bool:
    """Take `is_async` out of a body, and return what it says; raises `Invalid`."""
    value = body.pop("is_async", False)
    if not isinstance(value, bool):
        raise Invalid.at("is_async", "give true or false")
    return value


def _batch_of(body: Mapping[str, Any], *, rights: Rights) -> list[OutcomeReport]:
    """Return the reports of a batch; each may name its scorecard, or the batch does for all."""
    items, scorecard = body["outcomes"], body.get("scorecard")
    if scorecard is not None:
        scorecard = scorecard_of(scorecard, rights=rights).identifier
    if not isinstance(items, list):
        raise Invalid.at("outcomes", "give a list of outcomes")
    unknown = sorted(body.keys() - {"scorecard", "outcomes"})
    if unknown:
        raise Invalid.at(
            unknown[0], "there is no such field; there are: is_async, outcomes, scorecard"
        )
    reports, faults = [], []
    for index, item in enumerate(items):
        try:
            reports.append(_report_of(item, scorecard))
        except Invalid as error:
            faults.extend(fault.under(f"outcomes[{index}]") for fault in error.faults)
    if faults:
        raise Invalid(faults)
    return reports


def _report_of(item: Any, scorecard: str | None) -> OutcomeReport:
    faults = list(_faults(item, scorecard))
    if faults:
        raise Invalid(faults)
    return OutcomeReport(
        **{name: item[name] for name in REQUIRED},
        remark=item.get("remark") or "",
        scorecard=item.get("scorecard", scorecard),
    )


def _faults(item: Any, scorecard: str | None) -> Iterator[Fault]:
    if not isinstance(item, dict):
        yield Fault("", "give an object")
        return
    known = {"scorecard", "remark", *REQUIRED}
    for key in sorted(item.keys() - known - READ_ONLY):
        yield Fault(key, f"there is no such field; there are: {', '.join(sorted(known))}")
    if not isinstance(item.get("scorecard", scorecard), str):
        yield Fault("scorecard", "give the identifier of a scorecard, here or once for all")
    for name in REQUIRED:
        if not isinstance(item.get(name), str):
            yield Fault(name, "give a text")
    if not isinstance(item.get("remark"), str | None):
        yield Fault("remark", "give a text, or leave it out")
