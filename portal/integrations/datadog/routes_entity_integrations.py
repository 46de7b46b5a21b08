"""The addresses of configurations of entity integrations."""

from django.urls import path

from portal.integrations.datadog.views_entity_integrations import EntityIntegrationView

urlpatterns = [
    path("v2/idp/entity_integrations/<segment:integration>", EntityIntegrationView.as_view()),
]
