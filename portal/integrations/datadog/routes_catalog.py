"""The addresses of the catalog and of service definitions."""

from django.urls import path

from portal.integrations import addresses  # noqa: F401  the converter of `<rest:...>`
from portal.integrations.datadog import (
    views_catalog,
    views_catalog_kinds,
    views_service_definitions,
)

urlpatterns = [
    path("v2/catalog/entity", views_catalog.Entities.as_view()),
    path("v2/catalog/entity/preview", views_catalog.EntityPreview.as_view()),
    path("v2/catalog/entity/<rest:entity>", views_catalog.OneEntity.as_view()),
    path("v2/catalog/kind", views_catalog_kinds.Kinds.as_view()),
    path("v2/catalog/kind/<rest:kind>", views_catalog_kinds.OneKind.as_view()),
    path("v2/catalog/relation", views_catalog.Relations.as_view()),
    path("v2/services/definitions", views_service_definitions.ServiceDefinitions.as_view()),
    path(
        "v2/services/definitions/<rest:name>",
        views_service_definitions.OneServiceDefinition.as_view(),
    ),
]
