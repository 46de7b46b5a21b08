"""The addresses of exporters, and those where they send what they tell about their work."""

from django.urls import URLPattern, path

from portal.integrations import addresses  # noqa: F401  the converter of `<segment:...>`
from portal.integrations.port import views_ingest as ingest
from portal.integrations.port import views_integrations as views
from portal.integrations.port import views_telemetry as telemetry

ONE = "integration/<segment:name>"
METRICS = "ingest/metrics/integration/<segment:name>"

urlpatterns: list[URLPattern] = [
    path("integration", views.IntegrationsView.as_view()),
    # Above those of one integration, which these names would be taken for.
    path("integration/metadata", views.IntegrationsMetadataView.as_view()),
    path("integration/provision-enabled", views.ProvisionEnabledView.as_view()),
    path(ONE, views.IntegrationView.as_view()),
    path(f"{ONE}/config", views.IntegrationConfigView.as_view()),
    path(f"{ONE}/resync-state", views.ResyncStateView.as_view()),
    path(f"{ONE}/resync-request", views.ResyncRequestView.as_view()),
    path(f"{ONE}/resync", views.ResyncRequestView.as_view()),
    path(f"{ONE}/cursor", views.CursorView.as_view()),
    path(f"{ONE}/logs", telemetry.LogsView.as_view()),
    path(f"{ONE}/syncMetrics", telemetry.SyncMetricsView.as_view()),
    path(f"{ONE}/syncsMetadata", telemetry.SyncsMetadataView.as_view()),
    path(f"{ONE}/kinds", telemetry.KindsView.as_view()),
    path(f"{ONE}/kinds/<segment:kind>/examples", telemetry.KindExamplesView.as_view()),
    path(
        "ingest/logs/integration/<segment:name>",
        ingest.LogIngestView.as_view(),
        name="port_ingest_logs",
    ),
    # A name for where the metrics begin: clients add the rest themselves.
    path(METRICS, ingest.SyncMetricsIngestView.as_view(), name="port_ingest_metrics"),
    path(f"{METRICS}/syncMetrics", ingest.SyncMetricsIngestView.as_view()),
    path(
        f"{METRICS}/syncMetrics/resync/<segment:event>/kind/<segment:kind>",
        ingest.KindMetricsIngestView.as_view(),
    ),
    path(f"{METRICS}/heartbeat", ingest.HeartbeatView.as_view()),
    path("ingest/lake", ingest.LakeView.as_view(), name="port_ingest_lake"),
    path("ingest/lake/<path:rest>", ingest.LakeView.as_view()),
]
