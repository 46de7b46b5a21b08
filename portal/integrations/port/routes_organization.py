"""The addresses of the organization and of who may come in."""

from django.urls import URLPattern, path

from portal.integrations import addresses  # noqa: F401  the converter of `<segment:...>`
from portal.integrations.port import views_apps as apps
from portal.integrations.port import views_organization as views
from portal.integrations.port import views_secrets as secrets

urlpatterns: list[URLPattern] = [
    path("organization", views.OrganizationView.as_view()),
    path("organization/secrets", secrets.SecretsView.as_view()),
    path("organization/secrets/<segment:name>", secrets.SecretView.as_view()),
    path("kafka-credentials", views.KafkaCredentialsView.as_view()),
    path("apps", apps.AppsView.as_view()),
    path("apps/<segment:client_id>", apps.AppView.as_view()),
    path("apps/<segment:client_id>/rotate-secret", apps.AppSecretView.as_view()),
]
