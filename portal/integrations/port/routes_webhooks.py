"""The addresses of incoming webhooks."""

from django.urls import path

from portal.integrations.port import views_webhooks as views

urlpatterns = [
    path("webhooks", views.WebhookListView.as_view()),
    path("webhooks/metadata", views.WebhookMetadataView.as_view()),
    path("webhooks/<segment:identifier>", views.WebhookView.as_view()),
    path("ingest/webhooks/<str:key>", views.IngestView.as_view(), name="webhook-ingest"),
]
