"""The addresses of actions and of their runs."""

from django.urls import path

from portal.integrations.port import views_actions as actions
from portal.integrations.port import views_runs as runs

_NODE_RUN = runs.NodeRunView.as_view()

urlpatterns = [
    # Before those of one action and of one run: an identifier could be read into them.
    path("actions/runs", runs.RunListView.as_view()),
    path("actions/runs/claim-pending", runs.ClaimRunsView.as_view()),
    path("actions/runs/ack", runs.AcknowledgeRunView.as_view()),
    path("actions/runs/<segment:identifier>", runs.RunView.as_view()),
    path("actions/runs/<segment:identifier>/logs", runs.RunLogsView.as_view()),
    path("actions/runs/<segment:identifier>/approval", runs.RunApprovalView.as_view()),
    path("actions/runs/<segment:identifier>/approvers", runs.RunApproversView.as_view()),
    path("actions", actions.ActionListView.as_view()),
    path("actions/<segment:identifier>", actions.ActionView.as_view()),
    path("actions/<segment:identifier>/permissions", actions.ActionPermissionsView.as_view()),
    path("actions/<segment:identifier>/signing-secret", actions.ActionSecretView.as_view()),
    path("actions/<segment:identifier>/runs", runs.ActionRunsView.as_view()),
    path("workflows/runs/claim-pending", runs.ClaimNodeRunsView.as_view()),
    path("workflows/runs/ack", _NODE_RUN),
    path("workflows/nodes/runs", runs.NodeRunListView.as_view()),
    path("workflows/nodes/runs/<segment:identifier>", _NODE_RUN),
    path("workflows/nodes/runs/<segment:identifier>/logs", _NODE_RUN),
]
