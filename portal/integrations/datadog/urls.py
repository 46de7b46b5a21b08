"""The addresses of this dialect. None ends in a slash; parts of them may hold slashes."""

from django.urls import path, re_path

from portal.integrations import addresses  # noqa: F401  the converter of `<segment:...>`
from portal.integrations.datadog import (
    routes_campaigns,
    routes_catalog,
    routes_dora,
    routes_entity_integrations,
    routes_outcomes,
    routes_rules,
    views_keys,
)
from portal.integrations.datadog.views import UnknownAddress

urlpatterns = [
    path("v1/validate", views_keys.ValidateV1.as_view()),
    path("v2/validate", views_keys.ValidateV2.as_view()),
    path("v2/validate_keys", views_keys.ValidateKeys.as_view()),
    *routes_campaigns.urlpatterns,
    *routes_catalog.urlpatterns,
    *routes_dora.urlpatterns,
    *routes_entity_integrations.urlpatterns,
    *routes_outcomes.urlpatterns,
    *routes_rules.urlpatterns,
    re_path(r"^v[12](?:/|\Z)", UnknownAddress.as_view()),
]
