"""Runs of actions: set off, told about, approved, and done by integrations."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.errors import Invalid
from portal.integrations.actions import claiming, operations, runs
from portal.integrations.actions.run_documents import run_document
from portal.integrations.models import Run, RunLog
from portal.integrations.port import runs as rows
from portal.integrations.port import runs_codec as codec
from portal.integrations.port.answers import success
from portal.integrations.port.views import PortView
from portal.permissions import Actor

_LOGS = 1_000
# What a column of authors holds.
_NAME = 200
_MAX_CLAIMED = 100
_VISIBILITY = 90_000  # milliseconds, where a client does not say


class ActionRunsView(PortView):
    """A POST sets an action off."""

    def post(self, request: Request, identifier: str) -> Response:
        """Store the run; what it does begins after the answer."""
        body = self.body()
        run = runs.start_run(
            action=operations.find_action(identifier),
            properties=body.get("properties"),
            entity=body.get("entity"),
            by=self._runner(),
            now=timezone.now(),
        )
        return success(status=202, run=run_document(run))

    def _runner(self) -> Actor:
        """Return who sets it off: a machine may say for whom it does."""
        name = self.request.query_params.get("run_as", "")
        if "\x00" in name or len(name) > _NAME:
            raise Invalid.at("run_as", f"give a name of at most {_NAME} characters")
        by = self.actor
        return replace(by, label=name or by.label, run=None)


class RunListView(PortView):
    """The newest runs."""

    def get(self, request: Request) -> Response:
        """Return those that the query asks for."""
        params = request.query_params
        values = {name: params.get(name, "") for name in rows.PARAMETERS}
        if any("\x00" in value for value in values.values()):
            return success(runs=[])
        limit = rows.number(params.get("limit"), default=100, most=rows.MAX_RUNS)
        sight = self.rights.sight
        found = rows.chosen(values, is_active=self.flag("active"), limit=limit, sight=sight)
        return success(runs=[run_document(run) for run in found])


class RunBase(PortView):
    """What the views of one run share."""

    def run(self, identifier: str) -> Run:
        """Return a run, unless it names what may not be read; raises `NotFound`."""
        run = runs.find_run(identifier)
        if not rows.is_seen(run, self.rights.sight):
            raise exceptions.NotFound(f"There is no run '{identifier}'.")
        return run


class RunView(RunBase):
    """One run."""

    def get(self, request: Request, identifier: str) -> Response:
        """Return it."""
        return success(run=run_document(self.run(identifier)))

    def patch(self, request: Request, identifier: str) -> Response:
        """Note what came of it."""
        run = runs.change_run(
            run=runs.find_run(identifier),
            change=codec.change_of(self.body()),
            by=self.actor,
            now=timezone.now(),
        )
        return success(run=run_document(run))


class RunLogsView(RunBase):
    """What was said about a run."""

    def get(self, request: Request, identifier: str) -> Response:
        """Return the lines, the oldest first."""
        run = self.run(identifier)
        params = request.query_params
        start = rows.number(params.get("offset"), default=0, most=10**9)
        limit = rows.number(params.get("limit"), default=_LOGS, most=_LOGS)
        logs = RunLog.objects.filter(run=run).order_by("id")[start : start + limit]
        return success(runLogs=[codec.log_document_of(log, run) for log in logs])

    def post(self, request: Request, identifier: str) -> Response:
        """Add a line; with a termination status it ends the run."""
        run = runs.find_run(identifier)
        log = runs.add_log(run=run, **codec.line_of(self.body()), by=self.actor, now=timezone.now())
        return success(status=201, runLog=codec.log_document_of(log, run))


class RunApprovalView(PortView):
    """A PATCH approves or declines a run that waits for it."""

    def patch(self, request: Request, identifier: str) -> Response:
        """Decide."""
        run = runs.decide(
            run=runs.find_run(identifier),
            **codec.decision_of(self.body()),
            by=self.actor,
            now=timezone.now(),
        )
        return success(status=201, run=run_document(run))


class RunApproversView(RunBase):
    """Who may approve a run."""

    def get(self, request: Request, identifier: str) -> Response:
        """Return the people that the action's permissions name."""
        run = self.run(identifier)
        approve = operations.permissions_of(run.action)["approve"] if run.action else {}
        return success(approvers=[{"email": name} for name in approve.get("users", [])])


class ClaimRunsView(PortView):
    """A POST gives an integration the runs that wait for it."""

    def post(self, request: Request) -> Response:
        """Claim."""
        body = self.body()
        claimed = claiming.claim_runs(
            installation=_text(body, "installationId"),
            limit=_count(body, "limit", default=_MAX_CLAIMED, most=_MAX_CLAIMED),
            visibility=timedelta(
                milliseconds=_count(
                    body, "visibilityTimeoutMs", default=_VISIBILITY, most=24 * 3600 * 1000
                )
            ),
            excluded=_texts(body, "exclude"),
            by=self.actor,
            now=timezone.now(),
        )
        return success(runs=[run_document(run, payload=payload) for run, payload in claimed])


class AcknowledgeRunView(PortView):
    """A PATCH says that an integration does a run."""

    def patch(self, request: Request) -> Response:
        """Acknowledge; 409 where another does."""
        run = runs.find_run(_text(self.body(), "runId"))
        claiming.acknowledge_run(run=run, now=timezone.now())
        return success(run=run_document(Run.objects.get(pk=run.pk)))


class ClaimNodeRunsView(PortView):
    """Runs of workflows, of which this portal has none."""

    def post(self, request: Request) -> Response:
        """Return none."""
        return success(nodeRuns=[])


class NodeRunListView(PortView):
    """Runs of workflows, of which this portal has none."""

    def get(self, request: Request) -> Response:
        """Return none."""
        return success(nodeRuns=[])


class NodeRunView(PortView):
    """A run of a workflow, which this portal does not have."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse, whatever the method, but only tell those who may come in."""
        super().initial(request, *args, **kwargs)
        raise exceptions.NotFound("This portal has no workflows; automations do what it can do.")


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Invalid.at(name, "give a text")
    return value


def _texts(body: dict[str, Any], name: str) -> list[str]:
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Invalid.at(name, "give a list of texts")
    return value


def _count(body: dict[str, Any], name: str, *, default: int, most: int) -> int:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Invalid.at(name, "give a whole number")
    return min(value, most)
