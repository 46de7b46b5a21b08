"""The addresses of this dialect, below ``/v1``. None ends in a slash."""

from django.urls import path, re_path

from portal.integrations import addresses  # noqa: F401  the converter of `<segment:...>`
from portal.integrations.port import (
    routes_actions,
    routes_audit,
    routes_blueprints,
    routes_derived,
    routes_entities,
    routes_integrations,
    routes_migrations,
    routes_organization,
    routes_pages,
    routes_people,
    routes_scorecards,
    routes_webhooks,
)
from portal.integrations.port.views import UnknownAddress
from portal.integrations.port.views_auth import AccessTokenView

urlpatterns = [
    path("auth/access_token", AccessTokenView.as_view()),
    *routes_audit.urlpatterns,
    *routes_derived.urlpatterns,
    *routes_entities.urlpatterns,
    *routes_scorecards.urlpatterns,
    *routes_blueprints.urlpatterns,
    *routes_migrations.urlpatterns,
    *routes_integrations.urlpatterns,
    *routes_organization.urlpatterns,
    *routes_pages.urlpatterns,
    *routes_people.urlpatterns,
    *routes_actions.urlpatterns,
    *routes_webhooks.urlpatterns,
    re_path(r"", UnknownAddress.as_view()),
]
